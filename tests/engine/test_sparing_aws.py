"""How often AWS is asked, and what is told, when things go wrong again and again."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, repeat

import pytest

from tests.engine.running import ECS, NAME, SHOP, a_fleet, an_engine, as_deployed
from tests.fakes import FakeFleet, Trouble, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Observation
from wakeproxy.core.service import EcsService, Ready
from wakeproxy.core.sight import describe
from wakeproxy.engine.probing import Probing
from wakeproxy.errors import FleetError, ThrottledError
from wakeproxy.ports import Look


@dataclass(slots=True)
class StumblingFleet(FakeFleet):
    """Raises once what no adapter should."""

    has_stumbled: bool = False

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        if not self.has_stumbled:
            self.has_stumbled = True
            raise KeyError(ECS)
        return await FakeFleet.observe(self, looks)


@dataclass(slots=True)
class StumblingProber:
    """Raises once what no adapter should, then finds everybody answering."""

    has_stumbled: bool = False

    async def probe(self, _endpoint: Endpoint, *, scheme: str, ready: Ready) -> bool:
        assert (scheme, ready) == ("http", Ready())
        if not self.has_stumbled:
            self.has_stumbled = True
            raise KeyError(scheme)
        return True


async def test_an_unexpected_error_while_looking_ends_no_looking() -> None:
    fleet = StumblingFleet(a_fleet().services)
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE, within=60)


async def test_an_unexpected_error_while_probing_ends_no_probing() -> None:
    answered: list[Endpoint] = []
    probing = Probing(StumblingProber(), on_answer=lambda _, endpoint: answered.append(endpoint))
    endpoint = Endpoint("task", "10.0.0.1", 8080)
    for _ in range(2):
        probing.aim(SHOP, [endpoint])
        await asyncio.sleep(0.1)
    await probing.stop()

    assert answered == [endpoint]


async def test_an_app_that_refuses_what_it_accepted_costs_no_look_per_refusal() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        before = len(fleet.observed_at)
        for _ in range(1000):
            await asyncio.sleep(0.01)
            for endpoint in engine.sight.endpoints:
                engine.waker.refuse(NAME, endpoint)

        assert len(fleet.observed_at) - before <= 22


async def test_looks_that_drifted_apart_come_together_again() -> None:
    places = [EcsService("apps", f"s{number}") for number in range(60)]
    services = [replace(SHOP, name=ServiceName(ecs.service), ecs=ecs) for ecs in places]
    fleet = a_fleet(*places)
    async with an_engine(fleet, services=services) as engine:
        for service in services:
            await asyncio.sleep(0.45)
            engine.watcher.poke(service.name)
        await asyncio.sleep(60)
        before = len(fleet.observed_at)
        await asyncio.sleep(300)

        assert len(fleet.observed_at) - before <= 100


async def test_a_draining_service_tells_of_no_wake() -> None:
    fleet = a_fleet()
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(3600)
        await fleet.scale(ECS, desired_count=0)
        engine.watcher.poke(NAME)
        told = describe(await engine.reach(Phase.DRAINING), clock())

        assert (told["elapsed_seconds"], told["longer_than_usual"], told["events"]) == (0.0, False, [])


async def test_a_reason_that_stands_is_told_once_though_events_tell_another() -> None:
    fleet = a_fleet()
    fleet.services[ECS].has_capacity = False
    fleet.scale_troubles = repeat(Trouble(ThrottledError("Rate exceeded")))
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(60)

        assert [line.text for line in engine.sight.log[-1:]] == ["AWS limits the rate of our calls just now."]
        assert len(engine.sight.log) <= 3


async def test_that_aws_cannot_be_asked_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    fleet = a_fleet()
    fleet.observe_troubles = repeat(FleetError("away"))
    async with an_engine(fleet) as engine:
        engine.ask()
        await asyncio.sleep(60)

    assert sum("cannot look" in message for message in caplog.messages) == 1


async def test_a_task_that_refused_is_asked_again_although_aws_is_away() -> None:
    fleet = a_fleet()
    as_deployed(fleet, 2)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(5)
        fleet.observe_troubles = repeat(FleetError("away"))
        engine.waker.refuse(NAME, engine.sight.endpoints[0])
        await asyncio.sleep(1)

        assert len(engine.sight.endpoints) == 2


async def test_an_address_that_refused_is_not_dialled_before_aws_was_asked_whose_it_is() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(5)
        probes = len(engine.prober.probed)
        engine.waker.refuse(NAME, engine.sight.endpoints[0])
        await asyncio.sleep(fleet.latency / 2)
        assert len(engine.prober.probed) == probes
        await engine.reach(Phase.AWAKE, within=1)


async def test_a_throttled_watcher_slows_even_for_those_who_poke() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    fleet.observe_troubles = chain([None], repeat(ThrottledError("Rate exceeded")))
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        for _ in range(300):
            engine.watcher.poke(NAME)
            await asyncio.sleep(0.1)

        assert len(fleet.observed_at) <= 9
        assert clock() - fleet.observed_at[0] >= timedelta(seconds=30)
