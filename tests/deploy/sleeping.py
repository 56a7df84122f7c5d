"""A service that sleeps, the engine that wakes it, and visitors of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from tests.deploy.world import ECS, SHOP, World
from tests.fakes import Course, FakeEcsService, FakeFleet, FakeProber, MemoryLedger, clock
from wakeproxy.core.idleness import Judgement
from wakeproxy.core.record import Use
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import EcsService, Service
from wakeproxy.deploy.verifying import Verifier
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.engine import Engine, build_engine
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.watcher import Cadence
from wakeproxy.ports import Scaling

_MARGIN = timedelta(seconds=10)


_STARTS: Final = Course()


class Sleeping:
    """A world whose service sleeps; `needed` are services that it may need."""

    def __init__(self, course: Course = _STARTS, *, needed: tuple[Service, ...] = ()) -> None:
        services = {ECS: FakeEcsService(ECS, course), **{one.ecs: FakeEcsService(one.ecs) for one in needed}}
        self.fleet = FakeFleet(services)
        self.ledger = MemoryLedger()
        self.claims = Claims(self.fleet, self.ledger, clock)
        self.needed = needed
        self.judgements: list[Judgement] = []
        """What a sweep is to say instead of judging, one after the other."""
        self.world = World(desired=0, verifier=Verifier(self.claims, self._run, self._judge))
        self.world.releases.fleet = self.fleet

    @property
    def counts_told(self) -> list[tuple[EcsService, int]]:
        return self.fleet.scaled

    async def visit(self) -> None:
        """Somebody uses the service, and a front tells the ledger."""
        await self.ledger.note_use(SHOP.name, Use(clock(), "a-front"))

    def scale(self, scaling: Scaling) -> None:
        """Let something else scale the service, too."""
        self.claims = replace(self.claims, scaling=scaling)
        self.world.verifier = Verifier(self.claims, self._run, self._judge)

    @asynccontextmanager
    async def _run(self, service: Service) -> AsyncIterator[Engine]:
        roster = Roster((*self.needed, service))
        engine = build_engine(Catalog(roster), self.claims, FakeProber(self.fleet), Cadence())
        engine.waker.remember(await self.ledger.read([service.name]), {})
        engine.start()
        try:
            yield engine
        finally:
            await engine.stop()

    async def _judge(self, service: Service) -> Judgement:
        if self.judgements:
            return self.judgements.pop(0)
        return (await Sleeper((service,), self.claims, _MARGIN).sweep(is_dry_run=True))[0].judgement


def a_shop(**idle: Any) -> Service:
    """The service under another policy."""
    return replace(SHOP, idle=replace(SHOP.idle, **idle))
