"""The engine over the adapters, with what the ledger remembers."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from wakeproxy.bootstrap.house import House
from wakeproxy.core.names import ServiceName
from wakeproxy.core.pieces import batched
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.engine import Engine, Memory, build_engine
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.watcher import Cadence
from wakeproxy.errors import LedgerError
from wakeproxy.ports import Ledger
from wakeproxy.settings import WatchSettings

if TYPE_CHECKING:
    from wakeproxy.core.record import PastWake, Record

logger = logging.getLogger(__name__)

_RECALLED_AT_ONCE: Final = 200
"""Services whose histories, fifty wakes each, a ledger tells well within the time it has for one answer."""


@asynccontextmanager
async def run_engine(house: House, services: tuple[Service, ...]) -> AsyncIterator[Engine]:
    """Run waker and watchers over ``services`` until the context ends, for somebody who gives orders.

    How past wakes went is not remembered: a visitor waits out the time after one that failed, an order is obeyed.
    """
    async with prepare_engine(house, Catalog(Roster(services)), recalls_wakes=False) as engine:
        engine.start()
        yield engine


@asynccontextmanager
async def prepare_engine(house: House, catalog: Catalog, *, recalls_wakes: bool = True) -> AsyncIterator[Engine]:
    """Make an engine that does not look at AWS yet; it ends with the context."""
    engine = build_engine(catalog, house.claims, house.prober, cadence_of(house.settings.watch))
    tasks = Tasks("ledger")
    tasks.repeat(house.ledger.turn, name="watch")
    if not await _remember(house, engine, recalls_wakes=recalls_wakes):
        tasks.start(_remember_late(house, engine, recalls_wakes=recalls_wakes), name="memory")
    try:
        yield engine
    finally:
        await tasks.stop()
        await engine.stop()


def cadence_of(watch: WatchSettings) -> Cadence:
    """Say how often services are looked at."""
    return Cadence(watch.waking, watch.awake, watch.asleep)


async def recall(ledger: Ledger, names: Sequence[ServiceName]) -> Memory:
    """Read what the ledger remembers of services; nothing when it cannot be reached."""
    records: dict[ServiceName, Record] = {}
    wakes: dict[ServiceName, Sequence[PastWake]] = {}
    try:
        for some in batched(names, _RECALLED_AT_ONCE):
            records |= await ledger.read(some)
            wakes |= await ledger.wakes(some)
    except LedgerError as error:
        logger.info("going on without the ledger's memory of %d services: %s", len(names), error)
        return Memory()
    return Memory(records, wakes)


async def _remember(house: House, engine: Engine, *, recalls_wakes: bool) -> bool:
    """Take up what the ledger remembers; whether it could be asked."""
    memory = await recall(house.ledger, tuple(engine.catalog.named))
    engine.waker.remember(memory.records, memory.wakes if recalls_wakes else {})
    return house.ledger.error is None


async def _remember_late(house: House, engine: Engine, *, recalls_wakes: bool) -> None:
    """Take up what the ledger remembers as soon as it can be reached."""
    while True:
        await house.ledger.found()
        if await _remember(house, engine, recalls_wakes=recalls_wakes):
            return
