"""The engine as a whole: the waker and the watchers over one catalog, and the change from one roster to the next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wakeproxy.core.counts import Counts
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import PastWake, Record
from wakeproxy.core.roster import Changes, Roster, compare
from wakeproxy.engine.board import Board
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.waker import Parts, Waker
from wakeproxy.engine.watcher import Cadence
from wakeproxy.engine.watchers import Watchers
from wakeproxy.ports import Prober


@dataclass(frozen=True, slots=True)
class Memory:
    """What the ledger remembers of services."""

    records: Mapping[ServiceName, Record] = field(default_factory=dict)
    wakes: Mapping[ServiceName, Sequence[PastWake]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that wakes and watches the services of one process."""

    catalog: Catalog
    board: Board
    waker: Waker
    watchers: Watchers
    clock: Callable[[], datetime]

    def start(self) -> None:
        """Begin to look at AWS."""
        self.watchers.start()

    async def stop(self) -> None:
        """End all background work."""
        await self.watchers.stop()
        await self.waker.stop()

    def replace(self, roster: Roster, *, memory: Memory, cadence: Cadence) -> Changes:
        """Serve another roster from now on; ``memory`` is of those that are new in it.

        Nothing waits here, so that no visit sees half of it. What stays goes on as it was: its phase, its history, who
        waits for it. What goes is let go of: its requests finish, who waits for it is told.
        """
        changes = compare(self.catalog.services, roster.services)
        self.watchers.replace(roster.services, cadence)
        for gone in changes.removed:
            self.waker.remove(gone.name)
        for new in changes.added:
            self.waker.add(new)
        for changed in changes.changed:
            self.waker.change(changed)
        self.waker.remember(memory.records, memory.wakes)
        self.waker.deeds.keep(self.waker.names)
        self.catalog.replace(roster)
        return changes

    def last_look(self, name: ServiceName) -> Observation | None:
        """Say how a service was when AWS last told of it; ``None`` if that is yet to come."""
        life = self.waker.lives.get(name)
        return None if life is None else life.observation

    def count(self) -> Counts:
        """Read off what it knows in numbers."""
        deeds, at = self.waker.deeds, self.clock()
        return Counts(
            phases={name: self.waker.look(name).phase for name in self.waker.names},
            wakes=dict(deeds.wakes),
            wake_seconds={key: each.read() for key, each in deeds.wake_seconds.items()},
            sleeps=dict(deeds.sleeps),
            sweep_seconds=deeds.sweep_seconds.read(),
            asleep_seconds={name: deeds.asleep_seconds(name, at) for name in self.waker.names},
        )


def build_engine(catalog: Catalog, claims: Claims, prober: Prober, cadence: Cadence) -> Engine:
    """Build an engine that does not look at AWS yet."""
    board = Board(service.name for service in catalog.services)

    def poke(name: ServiceName) -> None:
        watchers.poke(name)

    waker = Waker(catalog.services, Parts(claims, prober, board, claims.clock, poke))
    watchers = Watchers(catalog.services, fleet=claims.fleet, waker=waker, cadence=cadence)
    return Engine(catalog, board, waker, watchers, claims.clock)
