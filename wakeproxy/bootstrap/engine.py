"""The engine over the adapters: the waker, and one watcher per cluster."""

import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from wakeproxy.bootstrap.house import House, now
from wakeproxy.core.counts import Counts
from wakeproxy.core.service import Service
from wakeproxy.engine.board import Board
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.waker import Parts, Waker
from wakeproxy.engine.watcher import Cadence, Watcher
from wakeproxy.errors import LedgerError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine over some services."""

    board: Board
    waker: Waker
    watchers: Mapping[str, Watcher]
    tasks: Tasks

    def count(self) -> Counts:
        """Read off what it knows in numbers."""
        deeds, at = self.waker.deeds, now()
        return Counts(
            phases={name: self.waker.look(name).phase for name in self.waker.names},
            wakes=dict(deeds.wakes),
            wake_seconds={key: each.read() for key, each in deeds.wake_seconds.items()},
            sleeps=dict(deeds.sleeps),
            asleep_seconds={name: deeds.asleep_seconds(name, at) for name in self.waker.names},
        )

    def watch(self) -> None:
        """Begin to look at AWS."""
        for cluster, watcher in self.watchers.items():
            self.tasks.repeat(watcher.turn, name=cluster)


@asynccontextmanager
async def run_engine(house: House, services: tuple[Service, ...]) -> AsyncIterator[Engine]:
    """Run waker and watchers over ``services`` until the context ends."""
    async with prepare_engine(house, services) as engine:
        engine.watch()
        yield engine


@asynccontextmanager
async def prepare_engine(house: House, services: tuple[Service, ...]) -> AsyncIterator[Engine]:
    """Make an engine that does not look at AWS yet; it ends with the context."""
    board = Board(service.name for service in services)
    clusters: dict[str, list[Service]] = defaultdict(list)
    for service in services:
        clusters[service.ecs.cluster].append(service)
    cluster_of = {service.name: service.ecs.cluster for service in services}
    watchers: dict[str, Watcher] = {}
    waker = Waker(
        services,
        Parts(house.claims, house.prober, board, now, poke=lambda name: watchers[cluster_of[name]].poke(name)),
    )
    watch = house.settings.watch
    cadence = Cadence(watch.waking, watch.awake, watch.asleep)
    for cluster, members in clusters.items():
        watchers[cluster] = Watcher(members, fleet=house.fleet, waker=waker, cadence=cadence)
    await _remember(house, waker)
    tasks = Tasks("watcher")
    try:
        yield Engine(board, waker, watchers, tasks)
    finally:
        await tasks.stop()
        await waker.stop()


async def _remember(house: House, waker: Waker) -> None:
    names = tuple(waker.lives)
    try:
        waker.remember(await house.ledger.read(names), await house.ledger.wakes(names))
    except LedgerError as error:
        logger.warning("starting without the ledger's memory: %s", error)
