"""Wakes that cannot succeed: they end, say why, are given back and tried again later."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from tests.engine.running import CRASHING, ECS, NAME, NO_IMAGE, SILENT, Engine, a_fleet, after, an_engine, as_deployed
from tests.fakes import Course, MemoryLedger, clock
from wakeproxy.core.causes import NO_PUBLIC_ADDRESS, SERVICE_MISSING, Cause
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Deployment
from wakeproxy.core.record import Intent, PastWake, Record
from wakeproxy.core.service import Address
from wakeproxy.core.sight import Sight
from wakeproxy.errors import LedgerError

IMAGE_REASON = "The image cannot be pulled: pull image manifest has been retried 1 time(s): not found."


async def fail(engine: Engine) -> Sight:
    """Ask, and wait until the wake has failed and everything about its end is done."""
    engine.ask()
    sight = await engine.reach(Phase.FAILED, within=600)
    await asyncio.sleep(3)
    return sight


async def test_an_image_that_is_missing_ends_the_wake_with_the_reason() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        sight = await fail(engine)

    assert engine.reason == IMAGE_REASON
    assert [line.text for line in sight.log][-1] == IMAGE_REASON


async def test_a_failed_wake_is_given_back() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        await fail(engine)

        assert engine.counts_told == [1, 0]
        assert engine.ledger.records[NAME].intent is Intent.ASLEEP


async def test_a_failed_wake_is_written_down_with_its_reason() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        await fail(engine)

        (wake,) = engine.ledger.history[NAME]
        assert (wake.began_at, wake.failure, wake.image) == (after(0), IMAGE_REASON, NO_IMAGE.image)


async def test_a_service_that_somebody_else_started_is_not_stopped_for_failing() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        await asyncio.sleep(0.5)
        await fleet.scale(ECS, desired_count=1)
        await engine.reach(Phase.FAILED)
        await asyncio.sleep(10)

        assert engine.counts_told == [1]
        assert fleet.services[ECS].desired == 1


async def test_a_wake_that_another_front_began_is_given_back_for_the_ledger_says_whose_it_is() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    ledger = MemoryLedger()
    async with an_engine(fleet, ledger) as one:
        one.ask()
        await asyncio.sleep(1)
    async with an_engine(fleet, ledger) as other:
        await other.reach(Phase.FAILED)
        await asyncio.sleep(3)

        assert fleet.services[ECS].desired == 0


async def test_a_deployments_tasks_are_left_alone() -> None:
    fleet = a_fleet()
    service = fleet.services[ECS]
    service.course = NO_IMAGE
    service.deployments = tuple(Deployment(f"ecs-svc/{n}", "ACTIVE", None, f"shop:{n}", 0) for n in (1, 2))
    async with an_engine(fleet) as engine:
        await fail(engine)

        assert engine.counts_told == [1]


async def test_a_failed_wake_is_not_tried_again_before_its_time() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        sight = await fail(engine)
        failed_at = engine.ledger.history[NAME][-1].ended_at
        while sight.retry_at is not None and clock() < sight.retry_at:
            engine.ask()
            assert engine.phase is Phase.FAILED
            await asyncio.sleep(1)
        engine.ask()

        assert sight.retry_at == failed_at + timedelta(seconds=30)
        assert engine.phase is Phase.WAKING


async def test_a_wake_of_somebody_elses_that_went_well_ends_the_pause_for_all() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        sight = await fail(engine)
        fleet.services[ECS].course = Course()
        await engine.ledger.add_wake(NAME, PastWake(clock() - timedelta(seconds=1), clock()))
        engine.ask()
        await engine.board.until(NAME, lambda sight: sight.retry_at is None)
        engine.ask()

        awake = await engine.reach(Phase.AWAKE)

        assert sight.retry_at is not None
        assert clock() < sight.retry_at
        assert awake.retry_at is None


async def test_many_who_ask_in_the_pause_cost_the_ledger_a_look_now_and_then() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        await fail(engine)
        before = engine.ledger.calls["wakes"]
        for _ in range(100):
            engine.ask()
            await asyncio.sleep(0.1)

        assert engine.phase is Phase.FAILED
        assert engine.ledger.calls["wakes"] - before == 2


async def test_a_ledger_that_is_lost_ends_no_pause() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        await fail(engine)
        engine.ledger.error = LedgerError("The file is locked.")
        engine.ask()
        await asyncio.sleep(1)

        assert engine.phase is Phase.FAILED
        engine.ledger.error = None


async def test_the_pause_before_another_try_doubles_each_time() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    pauses = []
    async with an_engine(fleet) as engine:
        for _ in range(4):
            sight = await fail(engine)
            assert sight.retry_at is not None
            pauses.append((sight.retry_at - engine.ledger.history[NAME][-1].ended_at).total_seconds())
            await asyncio.sleep((sight.retry_at - clock()).total_seconds())

    assert pauses == [30, 60, 120, 240]
    assert engine.counts_told == [1, 0] * 4


async def test_a_restart_remembers_the_failure_and_its_pause() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet, ledger) as engine:
        failed = await fail(engine)
    async with an_engine(fleet, ledger) as engine:
        engine.ask()

        assert (engine.phase, engine.reason, engine.sight.retry_at) == (Phase.FAILED, IMAGE_REASON, failed.retry_at)


async def test_a_restart_after_the_pause_starts_afresh() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet, ledger) as engine:
        await fail(engine)
    await asyncio.sleep(60)
    async with an_engine(fleet, ledger) as engine:
        assert engine.phase is Phase.ASLEEP


async def test_a_service_that_was_put_right_wakes_when_asked_again() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        await fail(engine)
        fleet.services[ECS].course = Course()
        await asyncio.sleep(60)
        engine.ask()

        awake = await engine.reach(Phase.AWAKE)

    assert (awake.diagnosis, awake.retry_at) == (None, None)
    assert [wake.failure for wake in engine.ledger.history[NAME]] == [IMAGE_REASON, None]


async def test_a_crash_loop_is_given_up_after_three_exits() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = CRASHING
    async with an_engine(fleet) as engine:
        sight = await fail(engine)

    assert sight.diagnosis is not None
    assert sight.diagnosis.cause is Cause.CRASH
    assert len(fleet.services[ECS].tasks) in {3, 4}
    assert engine.counts_told == [1, 0]


async def test_an_app_that_answers_before_each_crash_is_given_up_too() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = replace(CRASHING, listening=4.0)
    async with an_engine(fleet) as engine:
        await fail(engine)

        assert engine.sight.phase is Phase.FAILED
        assert engine.counts_told == [1, 0]
        assert len(fleet.services[ECS].tasks) <= 5


async def test_what_still_answers_after_a_wake_was_given_up_does_not_make_it_forgotten() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        await fail(engine)
        fleet.services[ECS].course = Course(addressed=0, pulling=0, starting=0, running=0, listening=0)
        await fleet.scale(ECS, desired_count=1)  # as if its last task had come up after all
        await asyncio.sleep(1)
        engine.watcher.poke(NAME)
        await asyncio.sleep(15)

        assert engine.phase is Phase.FAILED
        assert engine.reason == IMAGE_REASON
        assert (await engine.reach(Phase.AWAKE, within=60)).retry_at is None, "what goes on answering was put right"


async def test_a_crash_shows_its_reason_while_ecs_tries_again() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = CRASHING
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(6)

        assert engine.phase is Phase.WAKING
        assert engine.reason == "The app stopped right after its start: container app exited with code 1."


async def test_want_of_capacity_keeps_waiting_and_says_so() -> None:
    fleet = a_fleet()
    fleet.services[ECS].has_capacity = False
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(120)

        assert engine.phase is Phase.WAKING
        assert engine.reason == "AWS has no free Fargate capacity in these zones right now; ECS keeps trying."


async def test_a_wake_goes_on_by_itself_when_capacity_returns() -> None:
    fleet = a_fleet()
    fleet.services[ECS].has_capacity = False
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(120)
        fleet.services[ECS].has_capacity = True

        await engine.reach(Phase.AWAKE, within=15)

        assert engine.counts_told == [1]


async def test_an_app_that_never_answers_is_given_up_in_time() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet, wake_timeout=timedelta(seconds=90)) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED, within=91)

        assert engine.reason == "The task runs, but the app did not answer within 90 seconds."


async def test_a_service_that_ecs_does_not_know_fails_at_once() -> None:
    fleet = a_fleet()
    fleet.services[ECS].status = "MISSING"
    async with an_engine(fleet) as engine:
        await asyncio.sleep(1)
        engine.ask()
        await engine.reach(Phase.FAILED, within=1)

        assert engine.sight.diagnosis == SERVICE_MISSING
        assert engine.counts_told == []


async def test_a_service_deleted_while_it_wakes_fails() -> None:
    fleet = a_fleet()
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(5)
        fleet.services[ECS].status = "MISSING"

        await engine.reach(Phase.FAILED, within=1)

        assert engine.sight.diagnosis == SERVICE_MISSING


async def test_an_awake_service_that_is_deleted_is_asleep_and_once_made_again_it_wakes() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        fleet.services[ECS].status = "MISSING"
        await engine.reach(Phase.ASLEEP)
        fleet.services[ECS].status = "ACTIVE"

        await engine.reach(Phase.AWAKE)


async def test_a_task_without_the_public_address_that_is_dialled_fails_the_wake() -> None:
    async with an_engine(address=Address.PUBLIC) as engine:
        await fail(engine)

        assert engine.sight.diagnosis == NO_PUBLIC_ADDRESS


async def test_a_wake_that_was_claimed_anew_meanwhile_is_not_given_back() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED)
        ledger.latency = 0.5
        await asyncio.sleep(0.75)
        claimed = ledger.records[NAME] = replace(ledger.records[NAME], generation=99)
        await asyncio.sleep(10)

        assert ledger.records[NAME] == claimed
        assert engine.counts_told == [1]


async def test_a_visit_noted_meanwhile_does_not_keep_a_failed_wake_from_being_given_back() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED)
        ledger.latency = 0.5
        await asyncio.sleep(0.25)
        ledger.records[NAME] = replace(ledger.records[NAME], last_used_at=clock())
        await asyncio.sleep(10)

        assert engine.counts_told == [1, 0]


async def test_what_answers_after_all_is_served() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = replace(Course(), listening=70.0)
    async with an_engine(fleet, wake_timeout=timedelta(seconds=60)) as engine:
        await fleet.scale(ECS, desired_count=1)
        await engine.reach(Phase.FAILED)

        await engine.reach(Phase.AWAKE)

        assert engine.sight.diagnosis is None


async def test_a_failure_is_forgiven_when_the_service_is_found_up_at_a_start() -> None:
    ledger = MemoryLedger(records={NAME: Record(4, Intent.AWAKE)})
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet, ledger) as engine:
        await engine.reach(Phase.AWAKE)

        assert engine.reason is None
