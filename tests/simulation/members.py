"""The processes of a schedule: fronts and lone sleepers, built of the engine's own parts as `bootstrap` builds them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from tests.fakes import MemoryLedger
from tests.simulation.cloud import Cloud, CloudFleet, CloudProber
from tests.simulation.shelf import Shelf
from tests.simulation.virtual import Process
from tests.simulation.weather import Member, Weather
from wakeproxy.core.names import ServiceName
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import EcsService, IdlePolicy, Ready, Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims, grace_for
from wakeproxy.engine.engine import Engine, build_engine
from wakeproxy.engine.needs import SharedUses
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.standing_back import FrontHere
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.traffic import Traffic
from wakeproxy.engine.watched_ledger import WatchedLedger
from wakeproxy.engine.watcher import Cadence
from wakeproxy.errors import LedgerError
from wakeproxy.front.holds import Holds
from wakeproxy.ports import Ledger

FLUSH: Final = timedelta(seconds=2)
GRACE: Final = grace_for(FLUSH)
IDLE_AFTER: Final = timedelta(seconds=12)
SWEEPS_EVERY: Final = 8.0
HOLD_FOR: Final = 20.0
_MOST_HELD: Final = 1000
CADENCE: Final = Cadence(awake=timedelta(seconds=10), asleep=timedelta(seconds=15))
_SERVICE: Final = Service(
    ServiceName("shop"),
    EcsService("apps", "shop"),
    hold_for=timedelta(seconds=HOLD_FOR),
    ready=Ready(every=timedelta(milliseconds=500)),
    idle=IdlePolicy(idle_after=IDLE_AFTER, min_awake=timedelta(seconds=2)),
)


def make_services(count: int, *, wake_timeout: float) -> tuple[Service, ...]:
    """Make so many services; each needs those before it, and gives a wake up after so many seconds."""
    names = [f"shop{number}" for number in range(count)]
    return tuple(
        replace(
            _SERVICE,
            name=ServiceName(name),
            ecs=EcsService("apps", name),
            wake_timeout=timedelta(seconds=wake_timeout),
            needs=tuple(map(ServiceName, names[:number])),
        )
        for number, name in enumerate(names)
    )


@dataclass(frozen=True, slots=True)
class Protocol:
    """The protocol's parts: the engine's own, unless a mutant puts others in their place."""

    make_claims: Callable[[CloudFleet, Ledger, Member], Claims] = lambda fleet, ledger, member: Claims(
        fleet, ledger, member.clock, GRACE
    )
    make_truth: Callable[[], MemoryLedger] = MemoryLedger
    make_traffic: type[Traffic] = Traffic
    alter: Callable[[Engine], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class World:
    """What all processes stand in."""

    cloud: Cloud
    truth: MemoryLedger
    weather: Weather
    services: tuple[Service, ...]
    protocol: Protocol


class Front:
    """A front: it wakes, watches, tells of uses and sweeps. `bootstrap.front` builds it so."""

    def __init__(self, world: World, member: Member) -> None:
        self.member = member
        self.cloud = world.cloud
        self._protocol = world.protocol
        self.ledger = WatchedLedger(Shelf(world.cloud.scene, world.truth, world.weather, member))
        fleet = CloudFleet(world.cloud, world.weather, member)
        self.claims = world.protocol.make_claims(fleet, self.ledger, member)
        self.services = {service.name: service for service in world.services}
        self.engine: Engine
        self.holds: Holds
        self.traffic: Traffic

    @property
    def process(self) -> Process:
        """What it runs in."""
        return self.member.process

    async def run(self) -> None:
        """Begin; all that follows runs in the background."""
        member = self.member
        catalog = Catalog(Roster(tuple(self.services.values())))
        self.engine = build_engine(catalog, self.claims, CloudProber(self.cloud, member), CADENCE)
        self._protocol.alter(self.engine)
        self.holds = Holds(self.engine.board, most=_MOST_HELD, most_per_service=_MOST_HELD)
        waker = self.engine.waker
        self.traffic = self._protocol.make_traffic(
            SharedUses(self.ledger, waker.needs.list_all, waker.hear),
            front=member.name,
            clock=member.clock,
            flush_interval=FLUSH,
            on_record=waker.hear,
        )
        bystander = FrontHere(waker, self.traffic, self._list_users, member.clock)
        self._sweeping = replace(self.claims, bystander=bystander)
        self._tasks = Tasks("front")
        self._tasks.repeat(self.ledger.turn, name="ledger")
        self._tasks.start(self._remember(), name="memory")
        self._tasks.repeat(self._sweep, name="sweep")
        self.engine.start()
        self.traffic.start()

    async def _remember(self) -> None:
        """Take up what the ledger remembers as soon as it can be read."""
        names = tuple(self.services)
        while True:
            await self.ledger.found()
            try:
                records, wakes = await self.ledger.read(names), await self.ledger.wakes(names)
            except LedgerError:
                continue
            self.engine.waker.remember(records, wakes)
            return

    def _list_users(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """List whose use is a use of a service: itself, and all that need it."""
        return (name, *(one.name for one in self.services.values() if name in one.needs))

    async def _sweep(self) -> None:
        await asyncio.sleep(SWEEPS_EVERY)
        if not await self.traffic.flush():
            return
        try:
            services, deeds = self.engine.catalog.services, self.engine.waker.deeds
            sleeper = Sleeper(services, self._sweeping, FLUSH, deeds=deeds, last_look=self.engine.last_look)
            decisions = await sleeper.sweep()
        except LedgerError:
            return
        for decision in decisions:
            self.engine.waker.learn(decision.service, decision.judgement)


class LoneSleeper:
    """A sleeper that a schedule starts: each sweep is a process that knows nothing of the one before."""

    def __init__(self, world: World, member: Member) -> None:
        self.member = member
        self._world = world

    @property
    def process(self) -> Process:
        """What it runs in."""
        return self.member.process

    async def run(self) -> None:
        """Sweep again and again."""
        Tasks("sleeper").repeat(self._sweep, name="sweep")

    async def _sweep(self) -> None:
        world, member = self._world, self.member
        await asyncio.sleep(SWEEPS_EVERY)
        ledger = WatchedLedger(Shelf(world.cloud.scene, world.truth, world.weather, member))
        claims = world.protocol.make_claims(CloudFleet(world.cloud, world.weather, member), ledger, member)
        try:
            await Sleeper(world.services, claims, FLUSH).sweep()
        except LedgerError:
            return


Running = Front | LoneSleeper
