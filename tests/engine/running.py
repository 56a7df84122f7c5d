"""A running engine over fakes: what `bootstrap` builds, with one cluster and virtual time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes import Course, FakeEcsService, FakeFleet, FakeProber, MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.service import EcsService, Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.board import Board
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.waker import Parts, Waker
from wakeproxy.engine.watcher import Cadence, Watcher
from wakeproxy.ports import Look

NAME = ServiceName("shop")
ECS = EcsService("apps", "shop")
SHOP = Service(NAME, ECS)
MARGIN = timedelta(seconds=1)

NO_IMAGE = Course(
    ends=6.0,
    stop_code="TaskFailedToStart",
    stopped_reason="CannotPullContainerError: pull image manifest has been retried 1 time(s): not found",
    exit_code=None,
)
CRASHING = Course(addressed=1.0, pulling=1.0, starting=2.0, running=3.0, listening=60.0, ends=5.0)
SILENT = Course(listening=1e9)


def after(seconds: float) -> datetime:
    """So many seconds after the virtual clock began."""
    return clock() - timedelta(seconds=asyncio.get_running_loop().time() - seconds)


def a_fleet(*names: EcsService) -> FakeFleet:
    return FakeFleet({ecs: FakeEcsService(ecs) for ecs in names or (ECS,)})


def as_deployed(fleet: FakeFleet, count: int = 1) -> None:
    """Let tasks of the service be up and listening already."""
    fleet.services[ECS].asked.append((clock() - timedelta(hours=1), count))
    fleet.services[ECS].pass_time(clock() - timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class SeenBy:
    """`Fleet` as a process sees it whose clock is ``ahead``: the times are AWS's, but for when it looked."""

    fleet: FakeFleet
    ahead: timedelta

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        seen = await self.fleet.observe(looks)
        return {ecs: replace(one, seen_at=one.seen_at + self.ahead) for ecs, one in seen.items()}

    async def scale(self, ecs: EcsService, *, desired_count: int) -> None:
        await self.fleet.scale(ecs, desired_count=desired_count)

    async def protected_until(self, observations: Sequence[Observation]) -> Mapping[EcsService, datetime]:
        return await self.fleet.protected_until(observations)

    def patient(self) -> "SeenBy":
        return SeenBy(self.fleet.patient(), self.ahead)

    def turn(self) -> AbstractAsyncContextManager[None]:
        return self.fleet.turn()


@dataclass(frozen=True, slots=True)
class Engine:
    """One process's engine, and the world it runs in."""

    fleet: FakeFleet
    ledger: MemoryLedger
    prober: FakeProber
    waker: Waker
    watcher: Watcher
    board: Board
    claims: Claims
    service: Service

    def ask(self) -> None:
        self.waker.ask(NAME)

    @property
    def sight(self) -> Sight:
        return self.waker.look(NAME)

    @property
    def phase(self) -> Phase:
        return self.sight.phase

    @property
    def reason(self) -> str | None:
        return self.sight.diagnosis.sentence if self.sight.diagnosis else None

    @property
    def counts_told(self) -> list[int]:
        """Every desired count AWS was told of."""
        return [count for _, count in self.fleet.scaled]

    async def reach(self, *phases: Phase, within: float = 120.0) -> Sight:
        """Wait for a phase."""
        async with asyncio.timeout(within):
            return await self.board.until(NAME, lambda sight: sight.phase in phases)

    def sleeper(self) -> Sleeper:
        return Sleeper((self.service,), self.claims, MARGIN)


@asynccontextmanager
async def an_engine(
    fleet: FakeFleet | None = None,
    ledger: MemoryLedger | None = None,
    cadence: Cadence | None = None,
    services: Iterable[Service] = (),
    ahead: timedelta = timedelta(),
    **fields: Any,
) -> AsyncIterator[Engine]:
    """Run an engine over one service, or over ``services``, with a clock that is ``ahead``; ``fields`` are of the first
    service's."""
    fleet = fleet or a_fleet()
    ledger = ledger or MemoryLedger()
    house = tuple(services) or (replace(SHOP, **fields),)
    engine = await _build(fleet, ledger, house, cadence or Cadence(), ahead)
    watching = Tasks("watcher")
    watching.repeat(engine.watcher.turn, name="apps")
    try:
        yield engine
    finally:
        await watching.stop()
        await engine.waker.stop()


async def _build(
    fleet: FakeFleet, ledger: MemoryLedger, services: tuple[Service, ...], cadence: Cadence, ahead: timedelta
) -> Engine:
    def own_clock() -> datetime:
        return clock() + ahead

    names = [service.name for service in services]
    own_fleet = SeenBy(fleet, ahead)
    board, prober, claims = Board(names), FakeProber(fleet), Claims(own_fleet, ledger, own_clock)
    watchers: list[Watcher] = []

    def poke(name: ServiceName) -> None:
        watchers[0].poke(name)

    waker = Waker(services, Parts(claims, prober, board, own_clock, poke))
    watchers.append(Watcher(services, fleet=own_fleet, waker=waker, cadence=cadence))
    if ledger.error is None:
        waker.remember(await ledger.read(names), await ledger.wakes(names))
    return Engine(fleet, ledger, prober, waker, watchers[0], board, claims, services[0])
