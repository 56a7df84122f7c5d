"""Thousands of services of one account before AWS's real rates, in virtual time."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Self

import pytest

from tests.engine.running import NAME, SHOP, SILENT, Engine, a_fleet, an_engine, as_deployed
from tests.fakes import FakeFleet, FakeProber, MemoryLedger, clock
from wakeproxy.aws.pace import Pace, calling
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import EcsService, Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.engine import build_engine
from wakeproxy.engine.watcher import Cadence
from wakeproxy.ports import Look

MANY = 10_000
SEVERAL = 2000
"""More than AWS tells of in five seconds."""
READS_A_SECOND = 18
"""Nine tenths of what AWS allows."""


@dataclass(slots=True)
class PacedFleet(FakeFleet):
    """The model behind AWS's rates: one call tells of ten services, and each waits for its turn."""

    pace: Pace = field(default_factory=Pace)
    calls: list[float] = field(default_factory=list)
    looked_at: dict[EcsService, list[float]] = field(default_factory=dict)
    is_urgent: bool = True

    def patient(self) -> Self:
        view = copy(self)
        view.is_urgent = False
        return view

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        for look in looks:
            self.looked_at.setdefault(look.ecs, []).append(now())
        with calling(is_urgent=self.is_urgent):
            await asyncio.gather(*(self._call() for _ in range(-(-len(looks) // 10))))
        return await FakeFleet.observe(self, looks)

    async def _call(self) -> None:
        await self.pace.admit("ecs", "DescribeServices")
        self.calls.append(now())

    def calls_between(self, first: float, last: float) -> int:
        return sum(first <= at < last for at in self.calls)

    def pauses(self, ecs: EcsService) -> list[float]:
        times = self.looked_at[ecs]
        return [later - earlier for earlier, later in itertools.pairwise(times)]


def now() -> float:
    return asyncio.get_running_loop().time()


def many(count: int = MANY) -> tuple[PacedFleet, list[Service]]:
    places = [SHOP.ecs, *(EcsService("apps", f"s{number}") for number in range(1, count))]
    services = [SHOP, *(replace(SHOP, name=ServiceName(ecs.service), ecs=ecs) for ecs in places[1:])]
    return PacedFleet(a_fleet(*places).services), services


async def test_ten_thousand_asleep_are_all_looked_at_with_half_of_what_aws_allows() -> None:
    fleet, services = many()
    moved = {service.ecs: EcsService("other", service.ecs.service) for service in services[::3]}
    services = [replace(service, ecs=moved.get(service.ecs, service.ecs)) for service in services]
    fleet.services = {moved.get(ecs, ecs): one for ecs, one in fleet.services.items()}
    claims = Claims(fleet, MemoryLedger(), clock)
    engine = build_engine(Catalog(Roster(tuple(services))), claims, FakeProber(fleet), Cadence())
    engine.start()
    await asyncio.sleep(600)
    await engine.stop()

    assert len(fleet.looked_at) == MANY
    assert max(max(fleet.pauses(service.ecs)) for service in services) < 180
    assert fleet.calls_between(180, 600) / 420 < READS_A_SECOND / 2 * 1.1
    assert fleet.calls_between(0, 60) <= 90 + 60 * READS_A_SECOND


async def test_with_a_cadence_that_aws_could_not_bear_the_routine_takes_what_there_is_and_no_more() -> None:
    fleet, services = many(SEVERAL)
    async with an_engine(fleet, services=services, cadence=Cadence(asleep=timedelta(seconds=5))):
        await asyncio.sleep(180)

    assert fleet.calls_between(60, 180) == pytest.approx(120 * READS_A_SECOND, rel=0.1)
    assert max(max(fleet.pauses(service.ecs)) for service in services) < 90


async def test_a_wake_is_looked_at_twice_a_second_amid_a_routine_that_never_ends() -> None:
    fleet, services = many(SEVERAL)
    fleet.services[SHOP.ecs].course = SILENT
    async with an_engine(fleet, services=services, cadence=Cadence(asleep=timedelta(seconds=5))) as engine:
        await asyncio.sleep(120)
        asked = now()
        engine.ask()
        await asyncio.sleep(60)
        since = [at for at in fleet.looked_at[SHOP.ecs] if at >= asked]

    assert since[0] - asked < 0.1
    assert max(later - earlier for earlier, later in itertools.pairwise(since)) < 0.7


async def test_a_wake_takes_no_longer_amid_thousands_than_alone() -> None:
    async def wake(engine: Engine) -> float:
        await asyncio.sleep(100)
        began = now()
        engine.ask()
        await engine.reach(Phase.AWAKE)
        return now() - began

    fleet, services = many(SEVERAL)
    async with an_engine(fleet, services=services) as engine:
        amid = await wake(engine)
    fleet, services = many(1)
    async with an_engine(fleet, services=services) as engine:
        alone = await wake(engine)

    assert amid - alone < 0.6


async def test_sixty_wakes_at_once_are_looked_at_twice_a_second() -> None:
    fleet, services = many(600)
    for service in services[:60]:
        fleet.services[service.ecs].course = SILENT
    async with an_engine(fleet, services=services) as engine:
        await asyncio.sleep(60)
        for service in services[:60]:
            engine.waker.ask(service.name)
        began = now()
        await asyncio.sleep(60)
        looks = Counter({one.name: sum(at >= began for at in fleet.looked_at[one.ecs]) for one in services[:60]})

    assert min(looks.values()) >= 110


async def test_a_routine_look_that_was_overtaken_says_nothing_any_more() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(12)
        fleet.latency = 6.0
        async with asyncio.timeout(20):
            while (clock() - fleet.observed_at[-1]).total_seconds() > 1:
                await asyncio.sleep(0.1)
        fleet.latency = 0.02
        await asyncio.sleep(1)
        engine.watcher.poke(NAME)
        await asyncio.sleep(0.1)
        fleet.lag = timedelta(hours=2)  # so the look that is still under way will tell of long ago
        await asyncio.sleep(6)

        assert engine.phase is Phase.AWAKE


async def test_pokes_that_change_nothing_wake_nobody() -> None:
    fleet, services = many(100)
    async with an_engine(fleet, services=services) as engine:
        await asyncio.sleep(10)
        for _ in range(1000):
            engine.watcher.poke(NAME)
            await asyncio.sleep(0.001)

        assert len(fleet.looked_at[SHOP.ecs]) <= 4


def test_few_services_are_looked_at_as_often_as_configured() -> None:
    assert Cadence().stretched(100) == Cadence()
    assert Cadence().stretched(9000).asleep == timedelta(seconds=100)
