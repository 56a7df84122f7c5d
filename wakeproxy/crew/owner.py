"""The owner's side: tells followers what it sees, and does for their visitors what it does for its own."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from wakeproxy.core.counts import Counts, merge
from wakeproxy.core.names import ServiceName
from wakeproxy.core.sight import Sight
from wakeproxy.crew.calls import Calls
from wakeproxy.crew.link import Link, pack
from wakeproxy.crew.messages import (
    Ask,
    FromFollower,
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
from wakeproxy.engine.board import Board
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.waker import Waker
from wakeproxy.errors import LedgerError
from wakeproxy.ports import Uses

logger = logging.getLogger(__name__)

_ANSWERS_WITHIN = 2.0
"""Seconds; a follower answers at once, unless it hangs."""
_FLUSHES_WITHIN = 4.0
"""Seconds; it answers once our own ledger has, or has turned out not to."""


class Gate(Protocol):
    """Bounds the wakes of all workers together."""

    @property
    def recent(self) -> tuple[float, ...]:
        """When wakes were begun."""
        ...

    def recall(self, recent: Iterable[float]) -> None:
        """Count these wakes."""
        ...

    def ask(self, name: ServiceName) -> bool:
        """Ask for a service to be awake; whether that may be."""
        ...


@dataclass(eq=False, slots=True)
class _Follower:
    """A follower, as long as it is there."""

    index: int
    link: Link
    calls: Calls[Reported] = field(default_factory=Calls)
    last: Counts = field(default_factory=Counts)
    """What it counted when it was last asked."""

    async def report(self, *, flush: bool) -> bool:
        """Ask for its counts; whether it answered and, if asked to, has told the ledger of every use."""
        within = _FLUSHES_WITHIN if flush else _ANSWERS_WITHIN
        try:
            told = await self.calls.make(lambda number: self.link.say(Report(number, flush)), within=within)
        except TimeoutError:
            logger.warning("worker %d does not answer", self.index)
            return False
        except ConnectionError:
            return True  # it is gone, and what it served with it
        self.last = told.counts
        return told.has_flushed


class Owner:
    """Serves any number of followers."""

    def __init__(self, catalog: Catalog, waker: Waker, board: Board, gate: Gate, uses: Uses) -> None:
        self._catalog = catalog
        self._waker = waker
        self._board = board
        self._gate = gate
        self._uses = uses
        self._tasks = Tasks("crew")
        self._followers: set[_Follower] = set()
        self._gone = Counts()
        """What those who are gone had counted."""
        self._moved = asyncio.Event()
        self._changed: set[ServiceName] = set()

    @asynccontextmanager
    async def listen(self, sock: socket.socket) -> AsyncIterator[None]:
        """Serve followers on a listening socket until the context ends."""
        server = await asyncio.start_unix_server(self._meet, sock=sock)
        self._board.on_change.append(self._note)
        try:
            yield
        finally:
            server.close()
            await self._tasks.stop()

    async def gather(self, count: int, *, within: float) -> None:
        """Wait until so many followers are there, but not longer than so many seconds."""
        await self._until(lambda: len(self._followers) >= count, within)

    async def part(self, *, within: float) -> None:
        """Wait until every follower has left, but not longer than so many seconds."""
        await self._until(lambda: not self._followers, within)

    def tell_services(self, *, has_new_themes: bool) -> None:
        """Tell every follower which services there are now."""
        self._gone = self._gone.keep(self._catalog.named)
        frame = pack(Services(self._catalog.services, has_new_themes))
        for follower in self._followers:
            follower.link.say_packed(frame)

    async def flush(self) -> bool:
        """Have every follower tell the ledger of its uses; whether all did."""
        return all(await self._ask_all(flush=True))

    async def count(self) -> Counts:
        """Add up what followers counted, those included that are gone."""
        await self._ask_all(flush=False)
        return merge([self._gone, *(follower.last for follower in self._followers)])

    async def _ask_all(self, *, flush: bool) -> Sequence[bool]:
        return await asyncio.gather(*(follower.report(flush=flush) for follower in self._followers))

    async def _until(self, condition: Callable[[], bool], within: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not condition():
                    self._moved.clear()
                    await self._moved.wait()

    # One follower.

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.start(self._serve(Link(reader, writer)), name="follower")

    async def _serve(self, link: Link) -> None:
        try:
            hello = await link.hear()
            if isinstance(hello, Hello):
                await self._follow(_Follower(hello.index, link), hello)
        finally:
            await link.close()

    async def _follow(self, follower: _Follower, hello: Hello) -> None:
        for sight in hello.sights:
            self._waker.adopt(sight)
        if not self._gate.recent:
            self._gate.recall(hello.recent)
        follower.link.say(Services(self._catalog.services))
        follower.link.say(Sights(tuple(self._board.sights.values()), self._gate.recent))
        self._followers.add(follower)
        self._moved.set()
        try:
            while (message := await follower.link.hear()) is not None:
                self._take(follower, message)
        finally:
            self._followers.discard(follower)
            self._gone = merge([self._gone, follower.last.past()])
            follower.calls.break_off()
            self._moved.set()

    def _take(self, follower: _Follower, message: FromFollower) -> None:
        match message:
            case Ask(name):
                self._gate.ask(name)
                follower.link.say(Told(self._waker.look(name)))
            case Keep(name, until):
                self._waker.keep_awake(name, until)
                follower.link.say(Told(self._waker.look(name)))
            case Refuse(name, endpoint):
                self._waker.refuse(name, endpoint)
                follower.link.say(Told(self._waker.look(name)))
            case LookAgain(name):
                self._waker.look_again(name)
            case NoteUse():
                self._tasks.start(self._note_use(follower, message), name=f"uses of {message.name}")
            case Reported(number):
                follower.calls.answer(number, message)
            case _:
                assert_never(message)

    async def _note_use(self, follower: _Follower, message: NoteUse) -> None:
        try:
            record = await self._uses.note_use(message.name, message.use)
        except LedgerError as error:
            follower.link.say(Noted(message.number, str(error)))
            return
        self._waker.hear(message.name, record)
        follower.link.say(Noted(message.number, record))

    # What changes.

    def _note(self, sight: Sight) -> None:
        """Tell of a change in the loop's next turn: of several at once, and after the gate has counted a wake."""
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._tell)
        self._changed.add(sight.service)

    def _tell(self) -> None:
        sights = self._board.sights
        frame = pack(Sights(tuple(sights[name] for name in self._changed if name in sights), self._gate.recent))
        self._changed.clear()
        for follower in self._followers:
            follower.link.say_packed(frame)
