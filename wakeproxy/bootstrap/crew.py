"""The front in several processes: what the supervisor, the owner and a follower each are made of.

The owner is a whole front that also serves the followers; a follower is a front whose engine is the owner's.
"""

import asyncio
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from wakeproxy.bootstrap.front import (
    Doors,
    Fittings,
    Rooms,
    Side,
    Who,
    build_door,
    count_at,
    open_doors,
    open_fittings,
    open_rooms,
    reopen_log,
    share_uses,
    sweep,
)
from wakeproxy.bootstrap.hangup import heed_hangup
from wakeproxy.bootstrap.house import front_name, now
from wakeproxy.bootstrap.themes import folders_of
from wakeproxy.bootstrap.upkeep import Turnover, Work
from wakeproxy.core.counts import Counts, merge
from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.core.roster import Changes, Roster
from wakeproxy.core.service import Service
from wakeproxy.crew.follower import Follower, Place
from wakeproxy.crew.owner import Owner
from wakeproxy.crew.post import OWNER, Heritage, Lifeline, Post
from wakeproxy.crew.supervisor import Supervisor
from wakeproxy.engine.board import Board
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.traffic import Traffic
from wakeproxy.errors import ConfigError, UsageError
from wakeproxy.front.door import Door
from wakeproxy.front.listener import bind, listen
from wakeproxy.settings import Listen, Settings

logger = logging.getLogger(__name__)

_GATHERS_WITHIN = 1.0
"""Seconds a new owner waits for what the followers of its predecessor know; they are waiting at its socket already."""
_BACKLOG = 1024
_LONGEST_ADDRESS = 103
"""Bytes of a Unix socket's path: 107 on Linux, 103 on BSD."""
_SPARE_SECONDS = 10.0
"""Besides what the timeouts allow, for a worker to end."""


# The supervisor.


@asynccontextmanager
async def open_crew(work: Work, workers: int, *, is_debug: bool = False) -> AsyncIterator[Doors]:
    """Run the whole front in ``workers`` processes besides this one, which only looks after them.

    Raises:
        OSError: an address is taken.
        UsageError: there is no place for the crew's own socket.
        WorkerFailedError: the owner could not begin, and has said why.
    """
    settings = work.settings
    async with AsyncExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="wakeproxy-crew-")))
        visitors = held.enter_context(_reserve(settings.listen))
        link = held.enter_context(_listen_to_followers(folder / "owner"))
        admin = held.enter_context(_bind(settings.admin.listen)) if settings.admin else None
        work = replace(work, port=visitors.getsockname()[1])
        posts = [Post(index, workers, folder / "owner", work) for index in range(workers)]
        posts[OWNER] = replace(posts[OWNER], link_fd=link.fileno(), admin_fd=admin.fileno() if admin else None)
        debug = ("--debug",) if is_debug else ()
        crew = Supervisor((sys.executable, "-m", "wakeproxy", *debug, "worker"), posts)
        heed_hangup(partial(crew.forward, signal.SIGHUP))
        try:
            ready = await crew.start()
            yield Doors(ready.visitors, ready.admin)
        finally:
            for sock in (visitors, admin):
                if sock is not None:
                    sock.close()
            await crew.stop(within=_longest_stop(settings.timeouts))


def share(limits: Limits, workers: int) -> Limits:
    """Say what each of so many workers may hold; wakes are counted for all together."""
    client = limits.connections_per_client
    return replace(
        limits,
        held_requests=math.ceil(limits.held_requests / workers),
        held_per_service=math.ceil(limits.held_per_service / workers),
        connections=math.ceil(limits.connections / workers),
        connections_per_client=None if client is None else math.ceil(client / workers),
    )


def _longest_stop(timeouts: Timeouts) -> float:
    """How long the owner may take: its own visitors first, then those of followers that are slower."""
    return (timeouts.drain_delay + 2 * timeouts.drain).total_seconds() + _SPARE_SECONDS


def _bind(where: Listen) -> socket.socket:
    return bind(where.host, where.port)


def _reserve(where: Listen) -> socket.socket:
    """Bind the visitors' address for workers to share, and take no connection.

    It is bound alone first: a second crew that shared it unasked would get half of the visitors of the first.
    """
    with bind(where.host, where.port) as alone:
        port = alone.getsockname()[1]
    return bind(where.host, port, is_shared=True)


def _listen_to_followers(path: Path) -> socket.socket:
    if len(os.fsencode(path)) > _LONGEST_ADDRESS:
        raise UsageError(f"The folder for temporary files has too long a name: {path.parent}. Set TMPDIR to another.")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    sock.listen(_BACKLOG)
    return sock


# The workers.


def open_worker(line: Lifeline, *, told: asyncio.Event) -> AbstractAsyncContextManager[Doors]:
    """Serve visitors at one post until the context ends; ``told`` to stop, it waits for no owner any more."""
    return _open_owner(line) if line.post.index == OWNER else _open_follower(line.post, told)


def _share_of(post: Post) -> Settings:
    """Say what one of several workers has of the settings."""
    work: Work = post.work
    assert work.port is not None
    listen = replace(work.settings.listen, port=work.port)
    return replace(work.settings, listen=listen, limits=share(work.settings.limits, post.workers))


@asynccontextmanager
async def _open_owner(line: Lifeline) -> AsyncIterator[Doors]:
    post = line.post
    settings = _share_of(post)
    assert post.link_fd is not None

    def tell(turnover: Turnover) -> None:
        owner.tell_services(has_new_themes=turnover.has_new_themes)
        line.tell(Heritage(turnover.work))

    async with open_rooms(post.work, settings) as rooms:
        engine, uses = rooms.engine, share_uses(rooms.house, rooms.engine)
        owner = Owner(engine.catalog, engine.waker, engine.board, rooms.door.visitor.gate, uses)
        rooms.upkeep.on_change = tell
        async with owner.listen(socket.socket(fileno=post.link_fd)):
            if post.is_again:
                await owner.gather(post.workers - 1, within=_GATHERS_WITHIN)
            rooms.engine.start()
            everybody = _Everybody(rooms, owner)
            admin = None if post.admin_fd is None else socket.socket(fileno=post.admin_fd)
            side = Side(admin, everybody.count, everybody.flush)
            async with sweep(rooms, side.flush):
                async with open_doors(rooms, _bind_shared(settings), side) as doors:
                    yield doors
                await owner.part(within=settings.timeouts.drain.total_seconds())


@dataclass(frozen=True, slots=True)
class _Everybody:
    """The owner and its followers."""

    rooms: Rooms
    owner: Owner

    async def flush(self) -> bool:
        """Tell the ledger of all uses; whether it knows them all now."""
        mine, theirs = await asyncio.gather(self.rooms.traffic.flush(), self.owner.flush())
        return mine and theirs

    async def count(self) -> Counts:
        """Add up what went on here and there."""
        return merge([await self.rooms.count(), await self.owner.count()])


@asynccontextmanager
async def _open_follower(post: Post, told: asyncio.Event) -> AsyncIterator[Doors]:
    settings = _share_of(post)
    catalog = Catalog(Roster(settings.services))
    board = Board(catalog.named)
    follower = Follower(Place(post.index, post.link), catalog, board, now)
    traffic = Traffic(
        follower,
        front=front_name(),
        clock=now,
        flush_interval=settings.flush_interval,
        on_record=lambda *_: None,
    )
    async with open_fittings(settings) as fittings:
        door = build_door(settings, Who(catalog, follower, board, traffic), fittings)
        try:
            await follower.start(_Station(door, fittings), told=told)
            traffic.start()
            try:
                async with listen(door, _bind_shared(settings)) as port:
                    yield Doors(port, None, partial(reopen_log, fittings))
            finally:
                await traffic.stop()
        finally:
            await follower.stop()


@dataclass(frozen=True, slots=True)
class _Station:
    """What stands around a follower."""

    door: Door
    fittings: Fittings

    @property
    def recent(self) -> tuple[float, ...]:
        """When wakes were begun."""
        return self.door.visitor.gate.recent

    def recall(self, recent: Iterable[float]) -> None:
        """Count these wakes instead."""
        self.door.visitor.gate.recall(recent)

    async def prepare(self, services: Sequence[Service], *, has_new_themes: bool) -> None:
        """Load the themes that are named; the owner has proven them."""
        pages, named = self.fittings.pages, {service.theme for service in services}
        if not has_new_themes and named.issubset(pages.themes):
            return
        try:
            pages.take(await asyncio.to_thread(pages.load_anew, folders=folders_of(named)))
        except ConfigError as error:
            logger.warning("the wait pages stay as they were: %s", error)
            pages.stand_in(named)

    def renew(self, changes: Changes) -> None:
        """Go by other services from now on."""
        self.door.renew(changes)

    async def flush(self) -> bool:
        """Tell the ledger of all uses; whether it knows them all now."""
        return await self.door.visitor.traffic.flush()

    def count(self) -> Counts:
        """Say what went on here."""
        return count_at(self.door, self.fittings)


def _bind_shared(settings: Settings) -> socket.socket:
    return bind(settings.listen.host, settings.listen.port, is_shared=True)
