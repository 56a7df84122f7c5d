"""A follower's side: stands for the waker and the ledger of uses in a process that has neither.

Looking is memory, as everywhere. A wish is passed on, and until the owner has answered the follower goes by what the
waker would say (`presume`). While there is no owner, what is awake is served as last seen and wishes are kept; the
next owner is told of both.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, assert_never

from wakeproxy.core.answers import may_retry
from wakeproxy.core.counts import Counts
from wakeproxy.core.lifecycle import DOWN, UP, Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.record import Record, Use
from wakeproxy.core.roster import Changes, Roster, compare
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight
from wakeproxy.crew.calls import Calls
from wakeproxy.crew.link import Link
from wakeproxy.crew.messages import (
    Ask,
    FromFollower,
    FromOwner,
    Hello,
    Keep,
    LookAgain,
    Noted,
    NoteUse,
    Refuse,
    Report,
    Reported,
    Services,
    Sights,
    Told,
)
from wakeproxy.crew.presume import presume_kept, presume_refused, presume_visited
from wakeproxy.engine.board import Board
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import LedgerError

logger = logging.getLogger(__name__)

_ANSWERS_WITHIN = 10.0
"""Seconds; the owner answers once its ledger has, which may be busy."""
_REST_SECONDS = 0.5
"""Before trying again where nobody listens: the supervisor is gone, and this process about to end."""


class Station(Protocol):
    """What stands around a follower in its process: the gate, the traffic and the counts."""

    @property
    def recent(self) -> tuple[float, ...]:
        """When wakes were begun, as the gate counts them."""
        ...

    def recall(self, recent: Iterable[float]) -> None:
        """Count these wakes instead."""
        ...

    async def prepare(self, services: Sequence[Service], *, has_new_themes: bool) -> None:
        """Make ready to serve these; what takes a while belongs here."""
        ...

    def renew(self, changes: Changes) -> None:
        """Go by other services from now on."""
        ...

    async def flush(self) -> bool:
        """Tell the ledger of every use; whether it knows them all now."""
        ...

    def count(self) -> Counts:
        """Say what was counted."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Which follower this is, and where it finds its owner."""

    index: int
    owner: Path


class Follower:
    """Follows whoever is the owner."""

    def __init__(self, place: Place, catalog: Catalog, board: Board, clock: Callable[[], datetime]) -> None:
        self._place = place
        self._catalog = catalog
        self._board = board
        self._clock = clock
        self._tasks = Tasks("crew")
        self._calls: Calls[Noted] = Calls()
        self._link: Link | None = None
        """To an owner that has told how things stand."""
        self._has_seen = asyncio.Event()
        self._wanted: set[ServiceName] = set()
        self._kept: dict[ServiceName, datetime] = {}
        self._refused: set[tuple[ServiceName, Endpoint]] = set()

    async def start(self, station: Station, *, told: asyncio.Event) -> None:
        """Begin to follow; returns when it is known how things stand, or when this process is told to stop."""
        self._tasks.repeat(lambda: self._follow(station), name="owner")
        self._tasks.start(self._give_up(told), name="stop")
        await self._has_seen.wait()

    async def stop(self) -> None:
        """Leave."""
        await self._tasks.stop()

    # What the front asks.

    @property
    def names(self) -> Collection[ServiceName]:
        """The names of all services."""
        return self._board.sights.keys()

    def look(self, name: ServiceName) -> Sight:
        """Say what is known of a service; memory only."""
        return self._board.sights[name]

    def ask(self, name: ServiceName) -> None:
        """Pass on that a visit wants the service awake."""
        sight, now = self.look(name), self._clock()
        if sight.phase in UP or (sight.phase is Phase.FAILED and not may_retry(sight, now)):
            return
        self._wanted.add(name)
        self._board.post(presume_visited(sight, now))
        self._say(Ask(name))

    def keep_awake(self, name: ServiceName, until: datetime) -> None:
        """Pass on that a visitor wants the service to stay awake until then at least."""
        self._kept[name] = until
        self._board.post(presume_kept(self.look(name), until))
        self._say(Keep(name, until))

    def refuse(self, name: ServiceName, endpoint: Endpoint) -> None:
        """Pass on that a task refuses, and do not go there again before the owner has had AWS asked."""
        sight = self.look(name)
        if endpoint in sight.endpoints:
            self._refused.add((name, endpoint))
            self._board.post(presume_refused(sight, endpoint, self._clock()))
            self._say(Refuse(name, endpoint))

    def look_again(self, name: ServiceName) -> None:
        """Pass on that a task broke off."""
        self._say(LookAgain(name))

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Have the owner note a use in the ledger.

        Raises:
            LedgerError: it could not, or there is no owner now.
        """
        link = self._link
        if link is None:
            raise LedgerError("The worker that keeps the ledger is being started anew.")
        try:
            told = await self._calls.make(lambda number: link.say(NoteUse(number, name, use)), within=_ANSWERS_WITHIN)
        except (TimeoutError, ConnectionError) as error:
            raise LedgerError("The worker that keeps the ledger did not answer.") from error
        if isinstance(told.record, str):
            raise LedgerError(told.record)
        return told.record

    def _say(self, message: FromFollower) -> None:
        if self._link is not None:
            self._link.say(message)

    # What the owner tells.

    async def _give_up(self, told: asyncio.Event) -> None:
        await told.wait()
        self._has_seen.set()

    async def _follow(self, station: Station) -> None:
        """Follow one owner until it is gone; where there is none yet, the system keeps us waiting in its queue."""
        try:
            link = Link(*await asyncio.open_unix_connection(self._place.owner))
        except OSError:
            await asyncio.sleep(_REST_SECONDS)
            return
        try:
            link.say(Hello(self._place.index, tuple(self._board.sights.values()), station.recent))
            while (message := await link.hear()) is not None:
                if isinstance(message, Services):  # nothing else is heard meanwhile: what follows goes by it
                    await self._change(message, station)
                else:
                    self._take(link, message, station)
            logger.warning("worker %d has no owner; it serves what is awake meanwhile", self._place.index)
        finally:
            self._link = None
            self._calls.break_off()
            await link.close()

    async def _change(self, told: Services, station: Station) -> None:
        """Serve other services from now on; what is under way to those that are gone goes on."""
        await station.prepare(told.services, has_new_themes=told.has_new_themes)
        changes = compare(self._catalog.services, told.services)
        if not changes:
            return
        for gone in changes.removed:
            self._board.remove(gone.name)
        for new in changes.added:
            self._board.add(new.name)
        self._catalog.replace(Roster(told.services))
        named = self._catalog.named
        self._wanted = {name for name in self._wanted if name in named}
        self._kept = {name: until for name, until in self._kept.items() if name in named}
        self._refused = {(name, endpoint) for name, endpoint in self._refused if name in named}
        station.renew(changes)

    def _take(self, link: Link, message: FromOwner, station: Station) -> None:
        match message:
            case Sights(sights, recent):
                station.recall(recent)
                if self._link is None:
                    self._begin(link, sights, station)
                else:
                    self._post(sights)
            case Told(sight):
                self._wanted.discard(sight.service)
                self._kept.pop(sight.service, None)
                self._refused = {(name, endpoint) for name, endpoint in self._refused if name != sight.service}
                self._board.post(sight)
            case Noted(number):
                self._calls.answer(number, message)
            case Report():
                self._tasks.start(self._report(link, message, station), name="report")
            case _:
                assert_never(message)

    def _begin(self, link: Link, sights: Iterable[Sight], station: Station) -> None:
        """Take up with an owner: it hears again of what may not have reached the one before."""
        self._link = link
        self._has_seen.set()
        refused, self._refused = self._refused, set()
        wanted, self._wanted = self._wanted, set()
        kept, self._kept = self._kept, {}
        for sight in sights:
            before = self.look(sight.service)
            self._board.post(sight)
            is_missed = before.phase is Phase.WAKING and self._board.waiting[sight.service] > 0
            if sight.phase in DOWN and (is_missed or sight.service in wanted):
                self.ask(sight.service)
        for name, endpoint in refused:
            self.refuse(name, endpoint)
        for name, until in kept.items():
            self.keep_awake(name, until)
        self._tasks.start(_flush(station), name="uses")

    def _post(self, sights: Iterable[Sight]) -> None:
        for sight in sights:
            self._board.post(sight)

    async def _report(self, link: Link, asked: Report, station: Station) -> None:
        has_flushed = await station.flush() if asked.flush else True
        link.say(Reported(asked.number, station.count(), has_flushed))


async def _flush(station: Station) -> None:
    await station.flush()
