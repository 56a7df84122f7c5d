"""An owner over fakes and followers of it, in one process, with a real socket between them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.engine.running import ECS, NAME, SHOP, Engine, an_engine
from tests.fakes import Course, FakeEcsService, FakeFleet, MemoryLedger, clock
from wakeproxy.core.counts import Counts
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.roster import Changes, Roster
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.crew.follower import Follower, Place
from wakeproxy.crew.owner import Owner
from wakeproxy.engine.board import Board
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.watcher import Cadence
from wakeproxy.front.gate import Gate

QUICK = Course(addressed=0.0, pulling=0.0, starting=0.0, running=0.0, listening=0.0)
OFTEN = Cadence(waking=timedelta(milliseconds=20), awake=timedelta(hours=1), asleep=timedelta(milliseconds=50))


@dataclass
class World:
    """What outlives an owner: the ECS service, the ledger, and where followers find their owner."""

    folder: Path
    fleet: FakeFleet = field(default_factory=lambda: FakeFleet({ECS: FakeEcsService(ECS, QUICK)}))
    ledger: MemoryLedger = field(default_factory=MemoryLedger)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(self.folder / "owner"))
        self.socket.listen()

    @property
    def wakes(self) -> int:
        """How often AWS was told to start something."""
        return sum(count > 0 for _, count in self.fleet.scaled)


@dataclass(frozen=True)
class Bridge:
    """An owner, and the engine it has."""

    owner: Owner
    engine: Engine
    gate: Gate
    catalog: Catalog


@asynccontextmanager
async def an_owner(world: World, *, wakes_per_minute: int = 10, awaits: int = 0) -> AsyncIterator[Bridge]:
    """Run an owner; a new one awaits so many followers before it looks at AWS."""
    async with an_engine(world.fleet, world.ledger, OFTEN) as engine:
        gate, catalog = Gate(engine.waker, wakes_per_minute), Catalog(Roster((engine.service,)))
        owner = Owner(catalog, engine.waker, engine.board, gate, world.ledger)
        async with owner.listen(world.socket.dup()):
            await owner.gather(awaits, within=1.0)
            yield Bridge(owner, engine, gate, catalog)


@dataclass
class Station:
    """What stands around a follower."""

    gate: Gate
    counts: Counts = field(default_factory=Counts)
    flushes: int = 0
    prepared: list[tuple[tuple[Service, ...], bool]] = field(default_factory=list)
    changes: list[Changes] = field(default_factory=list)
    has_flushed: bool = True

    @property
    def recent(self) -> tuple[float, ...]:
        return self.gate.recent

    def recall(self, recent: Iterable[float]) -> None:
        self.gate.recall(recent)

    async def prepare(self, services: Sequence[Service], *, has_new_themes: bool) -> None:
        self.prepared.append((tuple(services), has_new_themes))

    def renew(self, changes: Changes) -> None:
        self.changes.append(changes)

    async def flush(self) -> bool:
        self.flushes += 1
        return self.has_flushed

    def count(self) -> Counts:
        return self.counts


@dataclass(frozen=True)
class Mate:
    """A follower, and what stands around it."""

    follower: Follower
    catalog: Catalog
    board: Board
    station: Station

    @property
    def sight(self) -> Sight:
        return self.follower.look(NAME)

    @property
    def phase(self) -> Phase:
        return self.sight.phase

    async def reach(self, phase: Phase) -> Sight:
        return await self.board.until(NAME, lambda sight: sight.phase is phase)


@asynccontextmanager
async def a_follower(world: World, *, index: int = 1, wakes_per_minute: int = 10) -> AsyncIterator[Mate]:
    """Run a follower that has been told how things stand."""
    board, catalog = Board([NAME]), Catalog(Roster((SHOP,)))
    follower = Follower(Place(index, world.folder / "owner"), catalog, board, clock)
    station = Station(Gate(follower, wakes_per_minute))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(follower.stop)
        await follower.start(station, told=asyncio.Event())
        yield Mate(follower, catalog, board, station)
