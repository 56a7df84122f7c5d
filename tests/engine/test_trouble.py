"""AWS or the ledger refuse, are slow, lose calls or cannot be reached."""

import asyncio
from datetime import timedelta
from itertools import repeat

import pytest

from tests.engine.running import ECS, NAME, NO_IMAGE, a_fleet, after, an_engine, as_deployed
from tests.fakes import LOST_ANSWER, LOST_WRITE, Course, MemoryLedger, Trouble, clock
from wakeproxy.core.causes import Cause
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.record import Intent, Record, claim_wake
from wakeproxy.errors import AccessDeniedError, FleetError, LedgerError, ServiceGoneError, ThrottledError

UNREACHABLE = FleetError("ECS cannot be reached: connection refused.")
THROTTLED = ThrottledError("Rate exceeded")
DENIED = AccessDeniedError("role/x in account 123456789012 may not perform ecs:UpdateService")
NO_LEDGER = LedgerError("The ledger could not be used: disk I/O error.")


async def test_throttling_shows_its_sentence_while_the_wake_goes_on() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(THROTTLED))
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(30)

        assert (engine.phase, engine.reason) == (Phase.WAKING, "AWS limits the rate of our calls just now.")


async def test_throttled_calls_are_spaced_out() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(THROTTLED))
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(60)

    assert 10 <= len(fleet.scaled) <= 20


async def test_a_wake_recovers_when_throttling_ends() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = iter([Trouble(THROTTLED)] * 5)
    async with an_engine(fleet) as engine:
        engine.ask()
        sight = await engine.reach(Phase.AWAKE)

    assert engine.counts_told == [1] * 6
    assert sight.diagnosis is None


async def test_throttled_looks_cause_no_second_update() -> None:
    fleet = a_fleet()
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(1)
        fleet.observe_troubles = iter([THROTTLED] * 5)
        await engine.board.until(NAME, lambda sight: sight.diagnosis is not None)
        assert engine.reason == "AWS limits the rate of our calls just now."
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]
        assert engine.sight.diagnosis is None


async def test_want_of_permission_ends_the_wake_without_telling_visitors_whose() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(DENIED))
    async with an_engine(fleet) as engine:
        engine.ask()
        sight = await engine.reach(Phase.FAILED, within=1)

    assert sight.diagnosis is not None
    assert sight.diagnosis.cause is Cause.ACCESS_DENIED
    assert "123456789012" not in repr(sight)


async def test_a_failed_wake_that_may_not_be_given_back_is_not_tried_for_ever() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(DENIED))
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(120)

        assert engine.counts_told == [1, 0]


async def test_a_failed_wake_is_given_back_once_aws_can_be_reached() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE, Phase.FAILED)
        fleet.scale_troubles = iter([Trouble(UNREACHABLE)] * 2)
        await asyncio.sleep(10)

        assert fleet.services[ECS].desired == 0


async def test_a_failed_wake_is_given_back_once_the_ledger_can_be_reached() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await asyncio.sleep(1)
        ledger.error = NO_LEDGER
        await engine.reach(Phase.FAILED)
        await asyncio.sleep(10)
        assert fleet.services[ECS].desired == 1
        ledger.error = None
        await asyncio.sleep(10)

        assert fleet.services[ECS].desired == 0


async def test_giving_back_ends_when_the_service_is_wanted_again() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await asyncio.sleep(1)
        ledger.error = NO_LEDGER
        await engine.reach(Phase.FAILED)
        await asyncio.sleep(40)
        fleet.services[ECS].course = Course()
        engine.ask()
        ledger.error = None
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(20)

        assert engine.phase is Phase.AWAKE
        assert engine.counts_told == [1]


async def test_an_unreachable_aws_is_said_and_given_up_in_the_time_a_wake_may_take() -> None:
    fleet = a_fleet()
    fleet.observe_troubles = repeat(UNREACHABLE)
    async with an_engine(fleet, wake_timeout=timedelta(seconds=60)) as engine:
        engine.ask()
        await asyncio.sleep(59)
        assert (engine.phase, engine.reason) == (Phase.WAKING, "AWS does not answer just now.")

        await engine.reach(Phase.FAILED, within=7)


async def test_a_service_that_is_gone_when_told_to_scale_ends_the_wake() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(ServiceGoneError("ServiceNotActiveException")))
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED, within=1)

        assert engine.reason == "ECS knows no such service."


async def test_what_is_awake_is_served_from_memory_while_aws_cannot_be_reached() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        sight = await engine.reach(Phase.AWAKE)
        fleet.observe_troubles = repeat(UNREACHABLE)
        await asyncio.sleep(600)

        assert engine.sight is sight
        assert engine.watcher.error is UNREACHABLE


async def test_a_lost_answer_is_followed_by_a_look_and_no_second_update() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = iter([LOST_ANSWER])
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]


async def test_a_lost_answer_that_does_not_show_yet_is_told_once_more() -> None:
    fleet = a_fleet()
    fleet.lag = timedelta(seconds=1)
    fleet.scale_troubles = iter([LOST_ANSWER])
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1, 1]


async def test_a_lagging_answer_of_aws_causes_no_second_update() -> None:
    fleet = a_fleet()
    fleet.lag = timedelta(seconds=4)
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]


async def test_a_lost_write_is_claimed_anew_after_five_seconds() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = iter([LOST_WRITE])
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(4.9)
        assert engine.counts_told == [1]
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1, 1]
        assert engine.ledger.records[NAME].generation == 2


async def test_a_count_that_is_undone_each_time_is_given_up_after_three_claims() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(LOST_WRITE)
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED)

        assert engine.reason == "Something sets the service's desired count back to 0 whenever it is raised."
        assert engine.counts_told[:3] == [1, 1, 1]
        assert engine.counts_told.count(1) == 3


async def test_wakes_go_on_without_the_ledger() -> None:
    async with an_engine(ledger=MemoryLedger(NO_LEDGER)) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]


async def test_a_lost_write_without_the_ledger_is_claimed_anew_too() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = iter([LOST_WRITE])
    async with an_engine(fleet, MemoryLedger(NO_LEDGER)) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1, 1]


async def test_a_history_that_cannot_be_written_harms_no_wake(caplog: pytest.LogCaptureFixture) -> None:
    async with an_engine(ledger=MemoryLedger(NO_LEDGER)) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)

        assert engine.phase is Phase.AWAKE
    assert "the wake of shop is not in the history: The ledger could not be used" in caplog.text


async def test_nothing_sleeps_without_the_ledger() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet, MemoryLedger(NO_LEDGER)) as engine:
        await asyncio.sleep(3600)
        with pytest.raises(LedgerError):
            await engine.sleeper().sweep()

    assert engine.counts_told == []


async def test_a_wake_that_failed_leaves_no_call_of_its_own_behind() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(UNREACHABLE))
    async with an_engine(fleet, wake_timeout=timedelta(seconds=20)) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED)
        fleet.scale_troubles = iter([])
        await asyncio.sleep(60)

        assert fleet.services[ECS].desired == 0
        assert engine.counts_told.count(0) == 1


async def test_the_reason_for_a_refused_call_stands_between_refusals() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(THROTTLED))
    reasons = set()
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.board.until(NAME, lambda sight: sight.diagnosis is not None)
        for _ in range(200):
            await asyncio.sleep(0.1)
            reasons.add(engine.reason)

    assert reasons == {"AWS limits the rate of our calls just now."}
    assert engine.sight.began_at == after(0)


async def test_a_call_that_is_denied_to_an_awake_service_is_not_repeated() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    as_deployed(fleet)
    fleet.scale_troubles = repeat(Trouble(DENIED))
    async with an_engine(fleet, ledger, desired_count=2) as engine:
        await engine.reach(Phase.AWAKE)
        engine.waker.hear(NAME, Record(4, Intent.ASLEEP))
        await asyncio.sleep(60)

        assert (engine.phase, engine.counts_told) == (Phase.AWAKE, [2])


async def test_a_wake_that_followed_a_lost_claim_goes_on_without_the_ledger() -> None:
    ledger = MemoryLedger()
    async with an_engine(ledger=ledger) as engine:
        ledger.records[NAME] = claim_wake(Record(), clock())
        engine.ask()
        await asyncio.sleep(0.01)
        ledger.error = NO_LEDGER

        await engine.reach(Phase.AWAKE)
        assert engine.counts_told == [1]


async def test_stopping_gives_a_failed_wake_back_first_and_writes_it_down() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = NO_IMAGE
    ledger.latency = 0.5
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED)

    assert engine.counts_told == [1, 0]
    assert len(ledger.history[NAME]) == 1
