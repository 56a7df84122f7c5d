"""Several processes over one ledger and one AWS, and processes that die."""

import asyncio
from datetime import timedelta

import pytest

from tests.engine.running import ECS, NAME, SILENT, Engine, a_fleet, after, an_engine, as_deployed
from tests.fakes import LOST_WRITE, FakeFleet, MemoryLedger
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.record import Intent, Record, Use, claim_sleep, claim_wake
from wakeproxy.core.service import IdlePolicy
from wakeproxy.engine.tasks import Tasks


async def kill_soon(fleet: FakeFleet, ledger: MemoryLedger, *, at: float) -> None:
    """Let an engine begin a wake, and drop everything it does in the middle of it, as ``kill -9`` would."""
    bystanders = asyncio.all_tasks()
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await asyncio.sleep(at)
        for task in asyncio.all_tasks() - bystanders:
            task.cancel()


@pytest.mark.parametrize("apart", [0.0, 0.01, 0.05, 1.0, 4.9, 6.0, 20.0])
async def test_two_fronts_that_wake_one_service_tell_aws_once(apart: float) -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as one, an_engine(fleet, ledger) as other:
        one.ask()
        await asyncio.sleep(apart)
        other.ask()
        await one.reach(Phase.AWAKE)
        await other.reach(Phase.AWAKE)

        assert fleet.scaled == [(ECS, 1)]


async def test_both_fronts_may_write_the_wake_down_yet_it_is_there_once() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as one, an_engine(fleet, ledger) as other:
        one.ask()
        other.ask()
        await one.reach(Phase.AWAKE)
        await other.reach(Phase.AWAKE)
        await asyncio.sleep(1)

        assert len(ledger.history[NAME]) == 1


@pytest.mark.parametrize("at", [0.05, 0.5, 3.0, 6.0, 11.0])
async def test_a_front_killed_during_a_wake_carries_on_after_its_restart(at: float) -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    await kill_soon(fleet, ledger, at=at)
    async with an_engine(fleet, ledger) as engine:
        await asyncio.sleep(0.1)
        engine.ask()
        sight = await engine.reach(Phase.AWAKE)

        assert sight.began_at == after(0)
        assert fleet.scaled == [(ECS, 1)]


async def test_a_wake_that_a_restart_carried_on_is_written_down_from_its_beginning() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    await kill_soon(fleet, ledger, at=3.0)
    async with an_engine(fleet, ledger) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)

    (wake,) = ledger.history[NAME]
    assert (wake.began_at, wake.failure) == (after(0), None)


async def test_a_claimer_that_died_before_it_told_aws_is_replaced_after_five_seconds() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    ledger.records[NAME] = claim_wake(Record(), after(0))
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await asyncio.sleep(4.9)
        assert engine.counts_told == []
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]


async def test_a_claimer_whose_call_was_lost_is_replaced_by_a_front_that_waits() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.scale_troubles = iter([LOST_WRITE])
    async with an_engine(fleet, ledger) as other:
        await kill_soon(fleet, ledger, at=0.5)
        other.ask()
        await other.reach(Phase.AWAKE)

        assert other.counts_told == [1, 1]


async def test_a_claim_lost_to_another_is_followed() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    ledger.latency = 0.1
    async with an_engine(fleet, ledger) as one, an_engine(fleet, ledger) as other:
        one.ask()
        other.ask()
        await one.reach(Phase.AWAKE)
        await other.reach(Phase.AWAKE)

        assert ledger.records[NAME].generation == 1
        assert fleet.scaled == [(ECS, 1)]


async def test_a_wake_that_another_put_to_sleep_meanwhile_ends() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await asyncio.sleep(6)
        ledger.records[NAME] = claim_sleep(ledger.records[NAME], after(6))
        await fleet.scale(ECS, desired_count=0)

        await engine.reach(Phase.ASLEEP, within=5)

        assert engine.counts_told == [1, 0]


async def awake(engine: Engine) -> None:
    """Bring a service up that nobody has used for longer than it takes to be idle."""
    await engine.reach(Phase.AWAKE)
    await asyncio.sleep(3600)


OFFSETS = [-1.0, -0.01, 0.0, 0.01, 0.02, 1.5, 2.98, 2.99, 3.0, 3.01, 3.02, 3.03, 3.04, 3.05, 3.5, 4.0, 5.0, 6.0, 9.0]


@pytest.mark.parametrize("offset", OFFSETS)
async def test_a_visit_at_any_moment_of_falling_asleep_ends_awake(offset: float) -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    as_deployed(fleet)
    async with an_engine(fleet, ledger) as front, an_engine(fleet, ledger) as sleeping:
        await awake(front)
        await asyncio.gather(visit(front, after_seconds=1 + offset), sweep_later(sleeping))
        await asyncio.sleep(60)

        assert (front.phase, fleet.services[ECS].desired) == (Phase.AWAKE, 1)
        assert ledger.records[NAME].intent is Intent.AWAKE


async def visit(engine: Engine, *, after_seconds: float) -> None:
    """Do as the front does: what sleeps is asked to wake, every use goes to the ledger."""
    await asyncio.sleep(after_seconds)
    engine.ask()
    engine.waker.hear(NAME, await engine.ledger.note_use(NAME, Use(after(3600 + after_seconds), "here")))


async def sweep_later(engine: Engine) -> None:
    await asyncio.sleep(1)
    await engine.sleeper().sweep()


async def test_a_sleepers_call_that_comes_late_does_not_undo_a_wake() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        ledger.records[NAME] = claim_wake(ledger.records[NAME], after(20))
        engine.waker.hear(NAME, ledger.records[NAME])
        await asyncio.sleep(8)
        await fleet.scale(ECS, desired_count=0)
        await asyncio.sleep(60)

        assert fleet.services[ECS].desired == 1
        assert engine.phase is Phase.AWAKE


async def test_a_record_that_says_asleep_of_what_is_used_here_is_claimed_anew() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    as_deployed(fleet)
    ledger.records[NAME] = Record(4, Intent.ASLEEP, after(-60))
    async with an_engine(fleet, ledger) as engine:
        await engine.reach(Phase.AWAKE)
        engine.waker.hear(NAME, ledger.records[NAME])
        await asyncio.sleep(1)

        assert ledger.records[NAME].intent is Intent.AWAKE
        assert engine.counts_told == []


async def test_a_desired_count_of_0_long_after_the_claim_is_somebodys_wish() -> None:
    fleet = a_fleet()
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(120)
        await fleet.scale(ECS, desired_count=0)

        await engine.reach(Phase.ASLEEP)
        assert engine.counts_told == [1, 0]


async def test_two_sleepers_have_one_effect() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    as_deployed(fleet)
    async with an_engine(fleet, ledger) as one, an_engine(fleet, ledger) as other:
        await awake(one)
        decided = await asyncio.gather(one.sleeper().sweep(), other.sleeper().sweep())

        assert sorted(decision.is_done for (decision,) in decided) == [False, True]
        assert fleet.scaled == [(ECS, 0)]


@pytest.mark.parametrize("ahead", [0.0, 90.0])
async def test_however_many_sleepers_sweep_however_often_one_of_them_is_left_alone(ahead: float) -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    as_deployed(fleet)
    skew = timedelta(seconds=ahead)
    async with an_engine(fleet, ledger) as one, an_engine(fleet, ledger, ahead=skew) as other:
        await awake(one)
        sweeping = Tasks("sleepers")
        for number, engine in enumerate((one, other, one, other)):
            sweeping.start(_sweep_often(engine, after=float(number)), name=str(number))
        await asyncio.sleep(30)
        await sweeping.stop()

        assert fleet.scaled == [(ECS, 0)]


async def _sweep_often(engine: Engine, *, after: float) -> None:
    await asyncio.sleep(after)
    while True:
        await engine.sleeper().sweep()
        await asyncio.sleep(1)


@pytest.mark.parametrize("ahead", [-3600.0, -9.0, 3600.0])
async def test_a_sleeper_that_died_in_its_grace_is_not_waited_for(ahead: float) -> None:
    """Nor is a claim that a clock gone mad dates an hour ahead."""
    fleet = a_fleet()
    as_deployed(fleet)
    ledger = MemoryLedger(records={NAME: claim_sleep(Record(), after(ahead))})
    async with an_engine(fleet, ledger, idle=IdlePolicy(idle_after=timedelta(minutes=10))) as engine:
        await engine.reach(Phase.AWAKE)
        (decision,) = await engine.sleeper().sweep()

        assert decision.is_done


async def test_a_restart_long_after_a_claim_follows_a_wake_of_somebody_elses() -> None:
    fleet = a_fleet()
    ledger = MemoryLedger(records={NAME: claim_wake(Record(), after(0) - timedelta(hours=1))})
    await fleet.scale(ECS, desired_count=1)
    async with an_engine(fleet, ledger) as engine:
        sight = await engine.reach(Phase.AWAKE)

        assert sight.began_at is not None
        assert sight.began_at >= after(0)
        assert ledger.history == {}


async def test_a_restart_during_a_long_wake_still_insists_on_it() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = SILENT
    await kill_soon(fleet, ledger, at=60)
    async with an_engine(fleet, ledger) as engine:
        await asyncio.sleep(1)
        await fleet.scale(ECS, desired_count=0)
        await asyncio.sleep(5)

        assert engine.counts_told == [1, 0, 1]
