"""What a visit to a sleeping service sets off."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.engine.running import ECS, NAME, SILENT, a_fleet, after, an_engine, as_deployed
from tests.fakes import Course, MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import Intent


async def test_a_visit_wakes() -> None:
    async with an_engine() as engine:
        engine.ask()

        sight = await engine.reach(Phase.AWAKE)

    assert [endpoint.host for endpoint in sight.endpoints] == ["10.0.0.1"]


async def test_a_thousand_visits_are_one_update_of_the_service() -> None:
    async with an_engine() as engine:
        for _ in range(1000):
            engine.ask()
            await asyncio.sleep(0.01)
        await engine.reach(Phase.AWAKE)

        assert engine.fleet.scaled == [(ECS, 1)]
        assert engine.ledger.calls["swap"] == 1


async def test_a_wake_is_claimed_in_the_ledger() -> None:
    async with an_engine() as engine:
        engine.ask()
        await asyncio.sleep(0.1)

        record = engine.ledger.records[NAME]
        assert (record.generation, record.intent, record.claimed_at) == (1, Intent.AWAKE, after(0))


async def test_it_asks_for_as_many_tasks_as_configured() -> None:
    async with an_engine(desired_count=3) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [3]


async def test_a_wake_never_lowers_the_desired_count() -> None:
    fleet = a_fleet()
    fleet.latency = 5.0
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(1)
        as_deployed(fleet, 4)
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == []
        assert fleet.services[ECS].desired == 4


async def test_it_is_awake_as_soon_as_the_app_answers_and_not_before() -> None:
    async with an_engine() as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        made_at = engine.fleet.services[ECS].tasks[0].made_at
        assert timedelta(seconds=12) <= clock() - made_at <= timedelta(seconds=12.1)


async def test_an_app_is_asked_from_the_moment_its_address_is_known() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = Course(listening=5.0)
    async with an_engine(fleet) as engine:
        engine.ask()
        sight = await engine.reach(Phase.AWAKE)

    assert sight.endpoints
    assert fleet.services[ECS].tasks[0].describe(sight.log[-1].at).last_status == "PENDING"


async def test_an_app_is_asked_at_its_own_pace_and_later_once_a_second() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(150)

    asked_at = [at for at, _ in engine.prober.probed]
    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert max(gaps[:590]) <= timedelta(seconds=0.11)
    assert min(gaps[610:]) >= timedelta(seconds=0.99)


async def test_a_running_task_that_does_not_answer_is_no_awake_service() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(60)

        assert (engine.phase, engine.sight.stage, engine.sight.endpoints) == (Phase.WAKING, Stage.RUNNING, ())


async def test_a_service_that_is_up_is_found_awake_without_being_asked_for() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE, within=1)

        assert engine.counts_told == []
        assert engine.ledger.history == {}


async def test_a_visit_to_an_awake_service_asks_nobody_anything() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        calls = engine.ledger.calls.total(), len(fleet.observed_at)
        for _ in range(1000):
            engine.ask()
        await asyncio.sleep(0)

        assert (engine.ledger.calls.total(), len(fleet.observed_at)) == calls


async def test_a_service_put_to_sleep_by_hand_is_noticed() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await fleet.scale(ECS, desired_count=0)

        draining = await engine.reach(Phase.DRAINING)
        await engine.reach(Phase.ASLEEP)

    assert draining.endpoints == ()


async def test_a_visit_while_it_drains_wakes_it_again() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await fleet.scale(ECS, desired_count=0)
        await engine.reach(Phase.DRAINING)
        engine.ask()

        sight = await engine.reach(Phase.AWAKE)

    assert [endpoint.host for endpoint in sight.endpoints] == ["10.0.0.2"]


async def test_a_service_started_by_hand_while_the_ledger_says_awake_is_just_followed() -> None:
    fleet = a_fleet()
    async with an_engine(fleet, MemoryLedger()) as engine:
        await asyncio.sleep(1)
        await fleet.scale(ECS, desired_count=1)
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]
        assert engine.ledger.records == {}


async def test_stopping_leaves_no_task_behind() -> None:
    async with an_engine() as engine:
        engine.ask()
        await asyncio.sleep(5)

    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("count", [2, 3])
async def test_every_task_that_answers_is_offered(count: int) -> None:
    async with an_engine(desired_count=count) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)

        assert len(engine.sight.endpoints) == count


async def test_a_probe_that_ends_by_an_error_nobody_foresaw_is_begun_anew() -> None:
    async with an_engine() as engine:
        engine.prober.troubles = iter([ValueError("unforeseen")])
        engine.ask()

        await engine.reach(Phase.AWAKE)
