"""How often AWS is asked, and about what."""

import asyncio
from dataclasses import replace
from itertools import repeat

import pytest

from tests.engine.running import ECS, NAME, SHOP, SILENT, Engine, a_fleet, an_engine, as_deployed
from tests.fakes import FakeFleet, Trouble, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.service import EcsService
from wakeproxy.engine.watcher import Cadence
from wakeproxy.errors import FleetError, ThrottledError

THROTTLED = ThrottledError("Rate exceeded")
BLOG = EcsService("apps", "blog")


async def count_looks(fleet: FakeFleet, *, seconds: float) -> int:
    before = len(fleet.observed_at)
    await asyncio.sleep(seconds)
    return len(fleet.observed_at) - before


async def settled(engine: Engine) -> FakeFleet:
    await asyncio.sleep(1.1)
    return engine.fleet


async def test_what_sleeps_is_looked_at_twice_a_minute() -> None:
    async with an_engine() as engine:
        assert await count_looks(await settled(engine), seconds=300) == 10


async def test_what_is_awake_is_looked_at_every_fifteen_seconds() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        assert await count_looks(await settled(engine), seconds=300) == 20


async def test_what_wakes_is_looked_at_twice_a_second() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet) as engine:
        engine.ask()

        assert await count_looks(await settled(engine), seconds=60) == pytest.approx(120, abs=1)


async def test_what_drains_is_looked_at_twice_a_second() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await fleet.scale(ECS, desired_count=0)
        await engine.reach(Phase.DRAINING)

        assert await count_looks(fleet, seconds=1.6) in {3, 4}


async def test_what_failed_is_looked_at_twice_a_minute() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = repeat(Trouble(FleetError("no")))
    fleet.services[ECS].status = "MISSING"
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED)

        assert await count_looks(await settled(engine), seconds=300) == 10


@pytest.mark.parametrize("waiters", [1, 500])
async def test_how_often_aws_is_asked_does_not_depend_on_how_many_wait(waiters: int) -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet) as engine:
        for _ in range(waiters):
            engine.ask()
        waiting = [asyncio.ensure_future(engine.reach(Phase.AWAKE)) for _ in range(waiters)]

        assert await count_looks(await settled(engine), seconds=60) == pytest.approx(120, abs=1)
        for waiter in waiting:
            waiter.cancel()


async def test_services_that_are_due_together_are_one_look() -> None:
    fleet = a_fleet(ECS, BLOG)
    services = (SHOP, replace(SHOP, name=ServiceName("blog"), ecs=BLOG))
    async with an_engine(fleet, services=services) as engine:
        assert await count_looks(await settled(engine), seconds=300) == 10


async def test_a_wake_of_one_is_no_look_at_the_others() -> None:
    fleet = a_fleet(ECS, BLOG)
    services = (SHOP, replace(SHOP, name=ServiceName("blog"), ecs=BLOG))
    async with an_engine(fleet, services=services) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.board.sights[ServiceName("blog")].phase is Phase.ASLEEP
        assert fleet.services[BLOG].desired == 0


async def test_a_poke_is_a_look_at_once() -> None:
    async with an_engine() as engine:
        fleet = await settled(engine)
        engine.watcher.poke(NAME)

        assert await count_looks(fleet, seconds=0.01) == 1


async def test_many_pokes_are_one_look() -> None:
    async with an_engine() as engine:
        fleet = await settled(engine)
        for _ in range(100):
            engine.watcher.poke(NAME)

        assert await count_looks(fleet, seconds=1) == 1


async def test_a_poke_during_a_look_is_another_look() -> None:
    fleet = a_fleet()
    fleet.latency = 2.0
    async with an_engine(fleet) as engine:
        await asyncio.sleep(1)
        engine.watcher.poke(NAME)

        assert await count_looks(fleet, seconds=3) == 1


async def test_throttling_slows_the_watcher_and_it_recovers() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet) as engine:
        engine.ask()
        await settled(engine)
        fleet.observe_troubles = repeat(THROTTLED)
        assert await count_looks(fleet, seconds=60) <= 12
        assert engine.watcher.error is THROTTLED
        fleet.observe_troubles = iter([])
        await asyncio.sleep(30)

        assert await count_looks(fleet, seconds=60) == pytest.approx(120, abs=1)
        assert engine.watcher.error is None


async def test_an_unreachable_aws_is_asked_no_less_often() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = SILENT
    async with an_engine(fleet) as engine:
        engine.ask()
        await settled(engine)
        fleet.observe_troubles = repeat(FleetError("ECS does not answer."))

        assert await count_looks(fleet, seconds=60) == pytest.approx(120, abs=1)


async def test_a_slow_aws_is_asked_again_when_it_has_answered() -> None:
    fleet = a_fleet()
    fleet.latency = 4.0
    async with an_engine(fleet, cadence=Cadence()) as engine:
        engine.ask()
        await asyncio.sleep(9)

        assert await count_looks(fleet, seconds=20) <= 6


async def test_an_error_nobody_foresaw_ends_no_looking() -> None:
    fleet = a_fleet()
    async with an_engine(fleet) as engine:
        await settled(engine)
        fleet.observe_troubles = iter([ValueError("unforeseen")])
        await asyncio.sleep(60)

        assert await count_looks(fleet, seconds=300) == 10


async def test_a_poke_at_the_very_moment_a_look_is_due_is_one_look() -> None:
    async with an_engine() as engine:
        fleet = await settled(engine)
        await asyncio.sleep((fleet.observed_at[-1] - clock()).total_seconds() + 30)
        engine.watcher.poke(NAME)

        assert await count_looks(fleet, seconds=1) <= 1
