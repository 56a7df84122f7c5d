"""The engine over the adapters, with what the ledger remembers."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from wakeproxy.bootstrap.house import House
from wakeproxy.core.names import ServiceName
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import Service
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.engine import Engine, Memory, build_engine
from wakeproxy.engine.watcher import Cadence
from wakeproxy.errors import LedgerError
from wakeproxy.ports import Ledger
from wakeproxy.settings import WatchSettings

logger = logging.getLogger(__name__)


@asynccontextmanager
async def run_engine(house: House, services: tuple[Service, ...]) -> AsyncIterator[Engine]:
    """Run waker and watchers over ``services`` until the context ends."""
    async with prepare_engine(house, Catalog(Roster(services))) as engine:
        engine.start()
        yield engine


@asynccontextmanager
async def prepare_engine(house: House, catalog: Catalog) -> AsyncIterator[Engine]:
    """Make an engine that does not look at AWS yet; it ends with the context."""
    engine = build_engine(catalog, house.claims, house.prober, cadence_of(house.settings.watch))
    memory = await recall(house.ledger, tuple(catalog.named))
    engine.waker.remember(memory.records, memory.wakes)
    try:
        yield engine
    finally:
        await engine.stop()


def cadence_of(watch: WatchSettings) -> Cadence:
    """Say how often services are looked at."""
    return Cadence(watch.waking, watch.awake, watch.asleep)


async def recall(ledger: Ledger, names: Sequence[ServiceName]) -> Memory:
    """Read what the ledger remembers of services; nothing when it cannot be reached."""
    if not names:
        return Memory()
    try:
        return Memory(await ledger.read(names), await ledger.wakes(names))
    except LedgerError as error:
        logger.warning("going on without the ledger's memory of %d services: %s", len(names), error)
        return Memory()
