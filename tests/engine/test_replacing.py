"""Tasks that come and go under an awake service."""

import asyncio
from dataclasses import replace
from itertools import repeat

import pytest

from tests.engine.running import ECS, NAME, SILENT, Engine, a_fleet, an_engine, as_deployed
from tests.fakes import Course, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.service import Address
from wakeproxy.errors import FleetError
from wakeproxy.ports import Look


def hosts(engine: Engine) -> list[str]:
    return [endpoint.host for endpoint in engine.sight.endpoints]


async def test_a_task_replaced_under_another_address_is_noticed_by_looking() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        fleet.services[ECS].tasks[0].told_to_stop_at = clock()

        await engine.reach(Phase.WAKING, within=16)
        assert hosts(engine) == []
        await engine.reach(Phase.AWAKE)
        assert hosts(engine) == ["10.0.0.2"]


async def test_the_other_tasks_go_on_serving_when_one_dies() -> None:
    fleet = a_fleet()
    as_deployed(fleet, 2)
    async with an_engine(fleet, desired_count=2) as engine:
        await engine.board.until(NAME, lambda sight: len(sight.endpoints) == 2)
        fleet.services[ECS].tasks[0].told_to_stop_at = clock()

        await engine.board.until(NAME, lambda sight: len(sight.endpoints) == 1)
        assert (engine.phase, hosts(engine)) == (Phase.AWAKE, ["10.0.0.2"])
        await engine.board.until(NAME, lambda sight: len(sight.endpoints) == 2)
        assert (engine.phase, hosts(engine)) == (Phase.AWAKE, ["10.0.0.2", "10.0.0.3"])


async def test_a_refusing_task_is_offered_no_more_and_aws_is_asked_at_once() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)
        (refusing,) = engine.sight.endpoints
        fleet.services[ECS].tasks[0].told_to_stop_at = clock()
        looks = len(fleet.observed_at)

        engine.waker.refuse(NAME, refusing)

        assert (engine.phase, hosts(engine)) == (Phase.WAKING, [])
        await asyncio.sleep(0.01)
        assert len(fleet.observed_at) == looks + 1


async def test_a_task_that_broke_off_is_looked_at_at_once_and_offered_meanwhile() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        before = await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)
        looks = len(fleet.observed_at)

        engine.waker.look_again(NAME)

        await asyncio.sleep(0.01)
        assert len(fleet.observed_at) == looks + 1
        assert engine.sight.endpoints == before.endpoints


async def test_a_task_that_refused_once_is_offered_again_when_it_answers() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        engine.waker.refuse(NAME, engine.sight.endpoints[0])

        await engine.reach(Phase.AWAKE, within=1)

        assert hosts(engine) == ["10.0.0.1"]


async def test_one_of_several_that_refuses_leaves_the_service_awake() -> None:
    fleet = a_fleet()
    as_deployed(fleet, 2)
    async with an_engine(fleet, desired_count=2) as engine:
        await engine.board.until(NAME, lambda sight: len(sight.endpoints) == 2)
        await asyncio.sleep(1)
        looks = len(fleet.observed_at)
        engine.waker.refuse(NAME, engine.sight.endpoints[0])

        assert (engine.phase, hosts(engine)) == (Phase.AWAKE, ["10.0.0.2"])
        await asyncio.sleep(1)
        assert hosts(engine) == ["10.0.0.2", "10.0.0.1"]
        assert len(fleet.observed_at) == looks + 1


async def test_a_refusal_of_a_task_that_is_not_offered_changes_nothing() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        before = await engine.reach(Phase.AWAKE)
        engine.waker.refuse(NAME, Endpoint("another", "10.0.0.9", 8080))

        assert engine.sight is before


async def test_a_redirecting_service_offers_public_addresses() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = Course(has_public_address=True)
    async with an_engine(fleet, address=Address.PUBLIC) as engine:
        engine.ask()

        await engine.reach(Phase.AWAKE)


async def test_a_relapse_that_ended_is_no_wake_to_learn_from() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        fleet.services[ECS].tasks[0].told_to_stop_at = clock()
        await engine.reach(Phase.WAKING)
        await engine.reach(Phase.AWAKE)

        assert engine.ledger.history == {}
        assert engine.counts_told == []


@pytest.mark.parametrize("refusals", [1, 20])
async def test_an_app_that_accepts_probes_but_refuses_visits_is_no_new_wake_each_time(refusals: int) -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        looks = len(fleet.observed_at)
        for _ in range(refusals):
            engine.waker.refuse(NAME, engine.sight.endpoints[0])
            await engine.reach(Phase.AWAKE, within=1)

        assert len(fleet.observed_at) <= looks + refusals
        assert (engine.counts_told, engine.ledger.history) == ([], {})


async def test_a_task_that_refused_is_probed_anew_even_while_aws_cannot_be_reached() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)
        fleet.observe_troubles = repeat(FleetError("ECS does not answer."))
        engine.waker.refuse(NAME, engine.sight.endpoints[0])

        await engine.reach(Phase.AWAKE, within=1)


async def test_a_task_that_was_stopped_before_it_answered_is_probed_no_more() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(15)
        fleet.services[ECS].tasks[0].told_to_stop_at = clock()
        await asyncio.sleep(1)
        del engine.prober.probed[:]
        await asyncio.sleep(10)

        assert {endpoint.host for _, endpoint in engine.prober.probed} == {"10.0.0.2"}


async def test_tasks_that_are_wanted_no_more_are_offered_no_more_though_they_still_run() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        seen = (await fleet.observe([Look(ECS)]))[ECS]
        engine.waker.see(NAME, replace(seen, desired=0))

        assert len(seen.live) == 1
        assert (engine.phase, hosts(engine)) == (Phase.DRAINING, [])
