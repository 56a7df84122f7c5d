"""The only place where things meet: settings, adapters and the engine become a house that can be opened."""

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from wakeproxy.admin.listening import listen as listen_for_operators
from wakeproxy.admin.server import Admin, build_admin
from wakeproxy.aws.clients import Access, open_clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.core.counts import Counts
from wakeproxy.core.limits import Timeouts
from wakeproxy.core.names import ServiceName
from wakeproxy.core.routes import build_routes
from wakeproxy.core.service import Service
from wakeproxy.engine.board import Board
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.traffic import Traffic
from wakeproxy.engine.waker import Parts, Waker
from wakeproxy.engine.watcher import Cadence, Watcher
from wakeproxy.errors import FleetError, LedgerError, UnknownServiceError
from wakeproxy.front.access_log import AccessLog, keep_access_log
from wakeproxy.front.counting import count
from wakeproxy.front.dates import Dates
from wakeproxy.front.door import Door
from wakeproxy.front.gate import Gate
from wakeproxy.front.holds import Holds
from wakeproxy.front.journal import Journal, Log
from wakeproxy.front.listener import bind, listen
from wakeproxy.front.own import OwnPrefix
from wakeproxy.front.pages import Pages
from wakeproxy.front.redirects import Redirects
from wakeproxy.front.speech import Speech
from wakeproxy.front.streams import Streams
from wakeproxy.front.tls import Certificates
from wakeproxy.front.tracing import trace
from wakeproxy.front.visitor import Visitor
from wakeproxy.front.wait_pages import WaitPages
from wakeproxy.settings import BUILT_IN_THEMES, MEMORY, Settings
from wakeproxy.sqlite_ledger import SqliteLedger
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.probe import HttpProber
from wakeproxy.upstream.pulse import Pulse
from wakeproxy.upstream.relay import Relay

logger = logging.getLogger(__name__)


now: Callable[[], datetime] = partial(datetime.now, UTC)  # noqa: TID251 - here the clock is owned
"""The clock on the wall."""


@dataclass(frozen=True, slots=True)
class House:
    """The adapters, opened: what every command works with."""

    settings: Settings
    fleet: EcsFleet
    ledger: SqliteLedger
    prober: HttpProber
    claims: Claims

    def sleeper(self) -> Sleeper:
        """A sleeper for all services."""
        return Sleeper(self.settings.services, self.claims, margin=self.settings.flush_interval)

    def find(self, name: str) -> Service:
        """Find a configured service.

        Raises:
            UnknownServiceError: there is none of that name.
        """
        known = {service.name: service for service in self.settings.services}
        if name not in known:
            raise UnknownServiceError(f"There is no service {name!r}; there are: {', '.join(sorted(known))}.")
        return known[ServiceName(name)]


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine over some services."""

    board: Board
    waker: Waker
    watchers: Mapping[str, Watcher]


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Open the adapters; they close when the context ends.

    Raises:
        LedgerError: the ledger cannot be opened.
        AccessDeniedError: there are no credentials.
    """
    path = None if settings.ledger.path == MEMORY else Path(settings.ledger.path)
    aws = settings.aws
    is_sandbox = guard(settings).admits_sandbox and aws.profile is None
    access = Access(aws.region, aws.endpoint_url, aws.profile, aws.role_arn, takes_any_keys=is_sandbox)
    ledger = await SqliteLedger.open(path)
    try:
        async with open_clients(access) as clients, aiohttp.ClientSession() as session:
            fleet = EcsFleet(clients, clock=now)
            prober = HttpProber(session, guard(settings))
            yield House(settings, fleet, ledger, prober, Claims(fleet, ledger, now))
    finally:
        await ledger.close()


def guard(settings: Settings) -> Guard:
    """Sandbox addresses are dialled only while AWS itself is on loopback."""
    host = urlsplit(settings.aws.endpoint_url or "").hostname or ""
    try:
        return Guard(admits_sandbox=ip_address(host).is_loopback)
    except ValueError:
        return Guard(admits_sandbox=host == "localhost")


@asynccontextmanager
async def run_engine(house: House, services: tuple[Service, ...]) -> AsyncIterator[Engine]:
    """Run waker and watchers over ``services`` until the context ends."""
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
    for cluster, watcher in watchers.items():
        tasks.repeat(watcher.turn, name=cluster)
    try:
        yield Engine(board, waker, watchers)
    finally:
        await tasks.stop()
        await waker.stop()


async def _remember(house: House, waker: Waker) -> None:
    names = tuple(waker.lives)
    try:
        waker.remember(await house.ledger.read(names), await house.ledger.wakes(names))
    except LedgerError as error:
        logger.warning("starting without the ledger's memory: %s", error)


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a running front listens."""

    visitors: int
    admin: int | None
    access_log: AccessLog | None = None


@asynccontextmanager
async def open_front(settings: Settings) -> AsyncIterator[Doors]:
    """Run the whole front: engine, sleeper, visitors' listener, admin listener.

    Raises:
        ConfigError: a theme is broken, or the access log cannot be opened.
        OSError: an address is taken.
    """
    pages = load_pages(settings)
    certificates = None if settings.tls is None else await asyncio.to_thread(Certificates, settings.tls.pairs)
    async with open_house(settings) as house, run_engine(house, settings.services) as engine:
        traffic = Traffic(house.ledger, clock=now, flush_interval=settings.flush_interval, on_record=engine.waker.hear)
        traffic.start()
        sleeping = Tasks("sleeper")
        sleeping.repeat(lambda: _sweep(house, engine, traffic), name="sweep")
        try:
            async with (
                keep_access_log(settings.access_log, trusted=settings.trusted_proxies, clock=now) as log,
                trace(os.environ, clock=now) as tracing,  # noqa: TID251 - here the environment is owned
            ):
                journal = Journal(*_logs(log, tracing))
                door = _build_door(settings, engine, traffic=traffic, pages=pages, journal=journal)
                door.tracing, door.certificates = tracing, certificates
                counts = _counter(door, log)
                async with _open_doors(settings, house, engine, door, counts) as doors:
                    yield replace(doors, access_log=log)
        finally:
            await sleeping.stop()
            await traffic.stop()


def load_pages(settings: Settings) -> Pages:
    """Load the themes that services name, besides the built-in ones."""
    named = {service.theme for service in settings.services} - set(BUILT_IN_THEMES)
    return Pages.load(folders={name: Path(name) for name in sorted(named)})


def _logs(*logs: Log | None) -> Iterator[Log]:
    """Those that are kept."""
    return (log for log in logs if log is not None)


def _build_door(settings: Settings, engine: Engine, *, traffic: Traffic, pages: Pages, journal: Journal) -> Door:
    limits, timeouts = settings.limits, settings.timeouts
    routes = build_routes(settings.services)
    speech = Speech(pages, now, WaitPages(pages, now))
    gate = Gate(engine.waker, limits.wakes_per_minute, limits.awake_services)
    pulse = Pulse(_pace(timeouts))
    dates = Dates(pulse, now)
    relay = Relay(guard(settings), pulse, limits=limits, timeouts=timeouts)
    visitor = Visitor(
        routes=routes,
        waker=engine.waker,
        gate=gate,
        traffic=traffic,
        relay=relay,
        speech=speech,
        redirects=Redirects(dates.tell),
        own=OwnPrefix(routes, engine.waker, gate, speech),
        clock=now,
        uptime=asyncio.get_running_loop().time,
    )
    return Door(
        visitor=visitor,
        relay=relay,
        streams=Streams(engine.waker, gate, engine.board, speech),
        holds=Holds(engine.board, limits.held_requests, limits.held_per_service),
        journal=journal,
        pulse=pulse,
        dates=dates,
        limits=limits,
        timeouts=timeouts,
        trusted=settings.trusted_proxies,
        ports=frozenset(settings.ports),
        hears_proxies=settings.proxy_protocol,
    )


def _counter(door: Door, log: AccessLog | None) -> Callable[[], Awaitable[Counts]]:
    """What reads the counts of this process."""

    async def read() -> Counts:
        return count(door, log_dropped=log.dropped if log is not None else 0)

    return read


def _pace(timeouts: Timeouts) -> timedelta:
    """How often deadlines are looked at: often enough for the shortest of them."""
    shortest: timedelta = min(span for span in astuple(timeouts) if span)
    return min(max(shortest / 8, timedelta(milliseconds=10)), timedelta(milliseconds=250))


@asynccontextmanager
async def _open_doors(
    settings: Settings, house: House, engine: Engine, door: Door, counts: Callable[[], Awaitable[Counts]]
) -> AsyncIterator[Doors]:
    sock = bind(settings.listen.host, settings.listen.port)
    async with _open_admin(settings, house, engine, door, counts) as admin_port, listen(door, sock) as port:
        yield Doors(port, admin_port)


@asynccontextmanager
async def _open_admin(
    settings: Settings, house: House, engine: Engine, door: Door, counts: Callable[[], Awaitable[Counts]]
) -> AsyncIterator[int | None]:
    """Let operators in; they are answered until the last visitor has left."""
    if settings.admin is None:
        yield None
        return
    admin = Admin(
        services=settings.services,
        waker=engine.waker,
        claims=house.claims,
        watchers=tuple(engine.watchers.values()),
        traffic=door.visitor.traffic,
        token=settings.admin.token,
        clock=now,
        count=counts,
        is_leaving=lambda: door.is_leaving,
    )
    side = settings.admin.listen
    app = build_admin(admin)
    async with listen_for_operators(app, host=side.host, port=side.port, drain_seconds=1.0) as admin_port:
        yield admin_port


async def _sweep(house: House, engine: Engine, traffic: Traffic) -> None:
    """Wait for the next sweep, then sweep; what this front knows of visits goes to the ledger first."""
    await asyncio.sleep(house.settings.sleeper.every.total_seconds())
    await traffic.flush()
    try:
        decisions = await house.sleeper().sweep(is_dry_run=house.settings.sleeper.dry_run)
    except (FleetError, LedgerError) as error:
        logger.warning("nothing was judged in this sweep: %s", error)
        return
    for decision in decisions:
        if decision.is_done:
            engine.waker.deeds.note_sleep(decision.service, "idle")
