"""The whole front: visitors' listener, engine, sleeper and admin listener, in one process."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import astuple, dataclass, replace
from datetime import timedelta
from functools import partial

from wakeproxy.admin.listening import listen as listen_for_operators
from wakeproxy.admin.server import Admin, build_admin
from wakeproxy.bootstrap.engine import prepare_engine
from wakeproxy.bootstrap.house import House, front_name, guard, now
from wakeproxy.bootstrap.opening import open_house
from wakeproxy.bootstrap.themes import load_pages
from wakeproxy.bootstrap.upkeep import Upkeep, Work
from wakeproxy.core.counts import Counts, merge
from wakeproxy.core.limits import Timeouts
from wakeproxy.engine.board import Board
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.engine import Engine
from wakeproxy.engine.judging import LastLook, nobody_looked
from wakeproxy.engine.needs import SharedUses
from wakeproxy.engine.sleeper import Decision
from wakeproxy.engine.standing_back import FrontHere
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.traffic import Traffic
from wakeproxy.errors import LedgerError
from wakeproxy.front.access_log import AccessLog
from wakeproxy.front.counting import count
from wakeproxy.front.dates import Dates
from wakeproxy.front.door import Door
from wakeproxy.front.gate import Gate
from wakeproxy.front.holds import Holds
from wakeproxy.front.journal import Journal
from wakeproxy.front.keeping import Keeping
from wakeproxy.front.listener import bind, listen
from wakeproxy.front.log_opening import keep_access_log
from wakeproxy.front.own import OwnPrefix
from wakeproxy.front.redirects import Redirects
from wakeproxy.front.streams import Streams
from wakeproxy.front.tls import Certificates
from wakeproxy.front.tracing import Tracing, trace
from wakeproxy.front.visitor import Visitor
from wakeproxy.front.wakes import Wakes
from wakeproxy.pages.pages import Pages
from wakeproxy.pages.speech import Speech
from wakeproxy.pages.stays import Stays
from wakeproxy.pages.wait_pages import WaitPages
from wakeproxy.settings import Settings
from wakeproxy.upstream.pulse import Pulse
from wakeproxy.upstream.relay import Relay

logger = logging.getLogger(__name__)


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a running front listens."""

    visitors: int
    admin: int | None
    heed: Callable[[], None] = _nothing
    """Does what a hangup signal asks for."""


@dataclass(frozen=True, slots=True)
class Fittings:
    """What stands at the visitors' door besides the engine: each process has its own."""

    pages: Pages
    certificates: Certificates | None
    access_log: AccessLog | None
    tracing: Tracing | None


@dataclass(frozen=True, slots=True)
class Rooms:
    """A front with an engine of its own, before it listens."""

    house: House
    engine: Engine
    door: Door
    fittings: Fittings
    upkeep: Upkeep

    @property
    def traffic(self) -> Traffic:
        """Which services are in use here."""
        return self.door.visitor.traffic

    def list_faults(self) -> list[str]:
        """Say what cannot be reached or read just now, in a sentence each."""
        ledger = self.house.ledger.error
        return [*map(str, self.engine.watchers.errors), *([str(ledger)] if ledger else []), *self.upkeep.faults]

    def heed(self) -> None:
        """Read the config again, and write to the file that has the access log's name now."""
        reopen_log(self.fittings)
        self.upkeep.read_again()

    async def count(self) -> Counts:
        """Count what went on here."""
        outside = Counts(aws_calls=dict(self.house.calls.counts), has_ledger=self.house.ledger.error is None)
        return merge([self.engine.count(), outside, self.upkeep.count(), count_at(self.door, self.fittings)])


@dataclass(frozen=True, slots=True)
class Side:
    """The operators' side: where it listens, and whose counts it tells."""

    sock: socket.socket | None
    """Bound already; ``None`` binds where the settings say."""
    count: Callable[[], Awaitable[Counts]]
    flush: Callable[[], Awaitable[bool]]
    """Tells the ledger of all uses, if it can."""


@asynccontextmanager
async def open_front(work: Work) -> AsyncIterator[Doors]:
    """Run the whole front: engine, sleeper, visitors' listener, admin listener.

    Raises:
        ConfigError: a theme is broken, or the access log cannot be opened.
        OSError: an address is taken.
    """
    listen_at = work.settings.listen
    async with open_rooms(work, work.settings) as rooms:
        rooms.engine.start()
        sock = bind(listen_at.host, listen_at.port)
        side = Side(None, rooms.count, rooms.traffic.flush)
        async with sweep(rooms, side.flush), open_doors(rooms, sock, side) as doors:
            yield doors


@asynccontextmanager
async def open_rooms(work: Work, settings: Settings) -> AsyncIterator[Rooms]:
    """Open everything but the listeners; the engine does not look at AWS yet.

    ``settings`` are those of ``work``, or what one of several workers has of them.
    """
    async with (
        open_fittings(settings) as fittings,
        open_house(settings, discovers=False) as house,
        prepare_engine(house, house.catalog) as engine,
    ):
        traffic = Traffic(
            share_uses(house, engine),
            front=front_name(),
            clock=now,
            flush_interval=settings.flush_interval,
            on_record=engine.waker.hear,
        )
        traffic.start()
        house.claims = replace(house.claims, bystander=FrontHere(engine.waker, traffic, house.list_users, now))
        try:
            door = build_door(settings, Who(engine.catalog, engine.waker, engine.board, traffic), fittings)
            upkeep = Upkeep(work, house, engine, door, fittings.pages)
            await upkeep.begin()
            try:
                yield Rooms(house, engine, door, fittings, upkeep)
            finally:
                await upkeep.stop()
        finally:
            await traffic.stop()


def share_uses(house: House, engine: Engine) -> SharedUses:
    """Let a use of a service be a use of all that it needs."""
    waker = engine.waker
    return SharedUses(house.ledger, waker.needs.list_all, waker.hear)


@asynccontextmanager
async def open_fittings(settings: Settings) -> AsyncIterator[Fittings]:
    """Load the pages and certificates, open the access log, begin to tell of traces where that is asked for."""
    pages = load_pages(settings)
    certificates = None if settings.tls is None else await asyncio.to_thread(Certificates, settings.tls.pairs)
    async with AsyncExitStack() as kept:
        log = await kept.enter_async_context(
            keep_access_log(settings.access_log, trusted=settings.trusted_proxies, clock=now)
        )
        tracing = await kept.enter_async_context(trace(os.environ, clock=now))  # noqa: TID251 - here it is owned
        yield Fittings(pages, certificates, log, tracing)


@dataclass(frozen=True, slots=True)
class Who:
    """Who is served, and by whose hands."""

    catalog: Catalog
    wakes: Wakes
    board: Board
    traffic: Traffic


def build_door(settings: Settings, who: Who, fittings: Fittings) -> Door:
    """Build what serves visitors, for whoever has services woken."""
    limits, timeouts, wakes = settings.limits, settings.timeouts, who.wakes
    stays = Stays(who.traffic, settings.flush_interval, now)
    speech = Speech(fittings.pages, now, WaitPages(fittings.pages, now), stays)
    gate = Gate(wakes, limits.wakes_per_minute, limits.awake_services)
    pulse = Pulse(_pace(timeouts))
    dates = Dates(pulse, now)
    relay = Relay(guard(settings), pulse, limits=limits, timeouts=timeouts)
    visitor = Visitor(
        catalog=who.catalog,
        waker=wakes,
        gate=gate,
        traffic=who.traffic,
        relay=relay,
        speech=speech,
        redirects=Redirects(dates.tell),
        own=OwnPrefix(who.catalog, wakes, gate, Keeping(wakes, now, limits.wakes_per_minute), speech),
        clock=now,
        uptime=asyncio.get_running_loop().time,
    )
    door = Door(
        visitor=visitor,
        relay=relay,
        streams=Streams(wakes, gate, who.board, speech),
        holds=Holds(who.board, limits.held_requests, limits.held_per_service),
        journal=Journal(*(log for log in (fittings.access_log, fittings.tracing) if log is not None)),
        pulse=pulse,
        dates=dates,
        limits=limits,
        timeouts=timeouts,
        tracing=fittings.tracing,
        trusted=settings.trusted_proxies,
        ports=frozenset(settings.ports),
        certificates=fittings.certificates,
        hears_proxies=settings.proxy_protocol,
    )
    who.traffic.on_gone = lambda _: door.forget_gone()
    return door


def reopen_log(fittings: Fittings) -> None:
    """Write to the file that has the access log's name now: what rotates logs renames them first."""
    if fittings.access_log is not None:
        fittings.access_log.reopen()


def count_at(door: Door, fittings: Fittings) -> Counts:
    """Count what went on at a door."""
    return count(door, log_dropped=fittings.access_log.dropped if fittings.access_log else 0)


def _pace(timeouts: Timeouts) -> timedelta:
    """How often deadlines are looked at: often enough for the shortest of them."""
    shortest: timedelta = min(span for span in astuple(timeouts) if span)
    return min(max(shortest / 8, timedelta(milliseconds=10)), timedelta(milliseconds=250))


@asynccontextmanager
async def open_doors(rooms: Rooms, sock: socket.socket, side: Side) -> AsyncIterator[Doors]:
    """Listen to visitors on ``sock``, and to operators where the settings want it, until the last visitor has left."""
    async with _open_admin(rooms, side) as admin_port, listen(rooms.door, sock) as port:
        rooms.upkeep.start()
        yield Doors(port, admin_port, rooms.heed)


@asynccontextmanager
async def _open_admin(rooms: Rooms, side: Side) -> AsyncIterator[int | None]:
    settings = rooms.house.settings
    if settings.admin is None:
        yield None
        return
    admin = Admin(
        catalog=rooms.engine.catalog,
        waker=rooms.engine.waker,
        claims=rooms.house.claims,
        faults=rooms.list_faults,
        count=side.count,
        sweep=partial(sweep_once, rooms, side.flush),
        token=settings.admin.token,
        clock=now,
        margin=settings.flush_interval,
        is_leaving=lambda: rooms.door.is_leaving,
    )
    where = side.sock or settings.admin.listen
    async with listen_for_operators(build_admin(admin), where, drain_seconds=1.0) as admin_port:
        yield admin_port


@asynccontextmanager
async def sweep(rooms: Rooms, flush: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    """Sweep again and again until the context ends; ``flush`` tells the ledger of all uses before, if it can."""
    sleeping = Tasks("sleeper")
    sleeping.repeat(lambda: _sweep(rooms, flush), name="sweep")
    try:
        yield
    finally:
        await sleeping.stop()


async def _sweep(rooms: Rooms, flush: Callable[[], Awaitable[bool]]) -> None:
    """Wait for the next sweep, then sweep."""
    sleeper = rooms.house.settings.sleeper
    await asyncio.sleep(sleeper.every.total_seconds())
    try:
        await sweep_once(rooms, flush, is_dry_run=sleeper.dry_run, last_look=rooms.engine.last_look)
    except LedgerError as error:
        logger.warning("nothing was judged in this sweep: %s", error)


async def sweep_once(
    rooms: Rooms,
    flush: Callable[[], Awaitable[bool]],
    *,
    is_dry_run: bool,
    last_look: LastLook = nobody_looked,
) -> Sequence[Decision]:
    """Sweep now; what is known of visits goes to the ledger first. Without the ``last_look`` AWS is asked about all.

    Raises:
        LedgerError: it is not known what is in use.
    """
    if not await flush():
        raise LedgerError("It is not known what is in use, for the ledger could not be told of every use.")
    waker = rooms.engine.waker
    sleeper = replace(rooms.house.sleeper(), deeds=waker.deeds, last_look=last_look)
    decisions = await sleeper.sweep(is_dry_run=is_dry_run)
    for decision in decisions:
        waker.learn(decision.service, decision.judgement)
    return decisions
