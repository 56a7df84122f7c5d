"""One connection to an app: idle in the pool, or on its way through one answer.

```
IDLE --ask--> ASKED --head--> ANSWERING --end--> IDLE, or closed
              ASKED --101--> released to a tunnel
```

What comes while nobody asked, and what follows an answer that is over, costs the connection: the next request must
not take it for its own answer.
"""

import asyncio
import os
from contextlib import suppress
from enum import Enum, auto
from typing import Protocol, cast

from wakeproxy.core.limits import Limits
from wakeproxy.errors import UpstreamError
from wakeproxy.upstream.asker import Asker
from wakeproxy.upstream.passage import Passage
from wakeproxy.upstream.pulse import NEVER, Pulse
from wakeproxy.upstream.trouble import BrokenAppError, SilentAppError
from wakeproxy.wire.bodies import Body, Chunked, Counted, UntilClose
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import Kind, judge_beginning
from wakeproxy.wire.responses import ResponseHead, read_response

_HEAD_END = b"\r\n\r\n"
_HIGH_WATER = 256 * 1024
"""So many bytes may one side lag behind before the other is paused."""
_LONGEST_KEPT = 2048
"""Bytes of the last answer's head that are kept: under load many answers of one second have the very same."""
_MOST_INTERIM = 64
"""Interim answers before the final one; each is passed on and none ends the wait."""
_OK, _SWITCHING = 200, 101
BROKE_OFF = "The app broke off before it answered."


class State(Enum):
    """Where a connection stands."""

    IDLE = auto()
    ASKED = auto()
    ANSWERING = auto()
    GONE = auto()


_IDLE, _ASKED, _ANSWERING, _GONE = State
"""An enum's member costs four times as much to look up as a module's name."""


class Keeper(Protocol):
    """Whom a connection tells what became of it: the relay."""

    pulse: Pulse
    limits: Limits
    first_byte: float
    """Seconds until an answer's head."""
    silence: float
    """Seconds between two pieces of an answer."""

    def is_lost(self, connection: "AppConnection") -> None:
        """It is closed."""

    def ask_again(self, asker: Asker, passage: Passage) -> None:
        """Try once more, over a connection that cannot be stale; what is given up is not sent any more."""


class AppConnection:
    """Passes one request after another to an app, and each answer back; an `asyncio.Protocol` by what it has."""

    __slots__ = (
        "_asker",
        "_body",
        "_interims",
        "_is_held_back",
        "_keeper",
        "_keeps_alive",
        "_last_head",
        "_last_raw",
        "_part",
        "_passage",
        "_state",
        "_transport",
        "deadline",
        "idle_since",
    )

    def __init__(self, keeper: Keeper, passage: Passage) -> None:
        self._keeper = keeper
        self._passage = passage
        self._state = _IDLE
        self._asker: Asker | None = None
        self._body: Body = Counted(0)
        self._part = b""
        self._last_raw = b""
        self._last_head: ResponseHead | None = None
        self._interims = 0
        self._keeps_alive = False
        self._is_held_back = False
        self.deadline = NEVER
        self.idle_since = 0.0

    @property
    def passage(self) -> Passage:
        """What it carries, or carried last."""
        return self._passage

    @property
    def is_usable(self) -> bool:
        """Whether it can take another request."""
        return self._state is _IDLE and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, idle."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(_HIGH_WATER)
        self._keeper.pulse.members.add(self)

    def ask(self, asker: Asker, passage: Passage) -> None:
        """Write a request's head; the asker sends the body after it."""
        self._asker, self._passage, self._state = asker, passage, _ASKED
        self._part = b""
        self._interims = 0
        self.deadline = self._keeper.pulse.now + self._keeper.first_byte
        self._transport.write(passage.head)
        asker.app_taken(self)

    # The request's direction.

    def send(self, piece: bytes) -> None:
        """Pass a piece of the body on; while it comes, the app need not have answered."""
        if self._state is _ASKED:
            self.deadline = self._keeper.pulse.now + self._keeper.first_byte
        self._transport.write(piece)

    def pause_writing(self) -> None:
        """Slow the visitor down: the app takes no more."""
        if self._asker:
            self._asker.app_blocked()

    def resume_writing(self) -> None:
        """Go on."""
        if self._asker:
            self._asker.app_unblocked()

    # The answer's direction.

    def hold_back(self) -> None:
        """Read no more for now; it is not the app then that is slow."""
        self.deadline = NEVER
        self._is_held_back = True
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        self.deadline = self._keeper.pulse.now + self._keeper.silence
        self._is_held_back = False
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Take in what came, by what it can be now."""
        try:
            if self._state is _ANSWERING:
                self._pass_on(data, self._body.follow(data, 0))
            elif self._state is _ASKED:
                self._hear(data)
            else:
                self._transport.abort()
        except BadMessageError as error:
            is_torn = self._state is _ANSWERING
            self._fail(BrokenAppError("The app's answer is not HTTP.", sent=True), torn=is_torn, cause=error)

    def _hear(self, data: bytes) -> None:
        """Wait for the head to be whole, then let the answer begin."""
        data = self._part + data if self._part else data
        if data.startswith(self._last_raw) and self._last_head is not None and self._passage.read.method != b"HEAD":
            self._begin(self._last_head, data[len(self._last_raw) :])
            return
        most = self._keeper.limits.head_bytes
        while self._state is _ASKED:
            end = data.find(_HEAD_END) + 4
            if end < 4 or end > most:  # noqa: PLR2004 - not found
                if len(data) > most:
                    raise BadMessageError("The app's answer has too long a head.")
                judge_beginning(data)
                self._part = data
                return
            raw, data = (data, b"") if end == len(data) else (data[:end], data[end:])
            to_head = self._passage.read.method == b"HEAD"
            head = read_response(raw, to_head=to_head, most_fields=self._keeper.limits.head_fields)
            if head.status >= _OK:
                if not to_head and len(raw) <= _LONGEST_KEPT:
                    self._last_raw, self._last_head = raw, head
                self._begin(head, data)
                return
            self._hear_interim(head, data)
        self._part = b""

    def _hear_interim(self, head: ResponseHead, rest: bytes) -> None:
        assert self._asker is not None
        self._interims += 1
        if self._interims > _MOST_INTERIM:
            raise BadMessageError("The app goes on giving interim answers.")
        if head.status == _SWITCHING:
            self._switch(head, rest)
        else:
            self._asker.interim(head)

    def _switch(self, head: ResponseHead, rest: bytes) -> None:
        asked = self._passage.read.upgrade
        if asked is None or head.upgrade.lower() not in {each.strip().lower() for each in asked.split(b",")}:
            raise BadMessageError("The app switched to another protocol unasked.")
        asker, self._asker, self._state = self._asker, None, _GONE
        assert asker is not None
        self._keeper.pulse.members.discard(self)
        self._keeper.is_lost(self)
        asker.switched(head, self._transport, rest)

    def _begin(self, head: ResponseHead, rest: bytes) -> None:
        asker = self._asker
        assert asker is not None
        self._keeps_alive = head.keeps_alive
        ends_with_connection = False
        if head.body_is_chunked:
            limits = self._keeper.limits
            chunked = Chunked(most_bytes=limits.head_bytes, most_fields=limits.head_fields)
            if self._passage.read.is_old:  # HTTP/1.0 knows no chunks
                head = head.without(Kind.CODING)
                chunked.payload = []
                ends_with_connection = True
            self._body = chunked
        elif head.length is None:
            self._body = UntilClose()
            ends_with_connection = True
        elif head.length == len(rest):
            asker.write(asker.answer_began(head, ends_with_connection=False) + rest)
            self._end(asker)
            return
        else:
            self._body = Counted(head.length)
        end = self._body.follow(rest, 0)  # a body that is none from its beginning is still told of by a 502
        self._state = _ANSWERING
        out = asker.answer_began(head, ends_with_connection=ends_with_connection)
        self._pass_on(rest, end, before=out)

    def _pass_on(self, data: bytes, end: int, *, before: bytes = b"") -> None:
        body, asker = self._body, self._asker
        assert asker is not None
        if end < len(data):
            self._keeps_alive = False
            data = data[:end]
        payload = body.payload
        if payload is not None:
            data = b"".join(payload)
            payload.clear()
        asker.write(before + data if before else data)
        if body.is_over:
            self._end(asker)
        elif self.deadline != NEVER:
            self.deadline = self._keeper.pulse.now + self._keeper.silence

    def _end(self, asker: Asker) -> None:
        """The answer is through: back to the pool, if everything of this request is and both sides are willing."""
        self._asker = None
        self.deadline = NEVER
        pool = self._passage.pool
        pool.in_flight -= 1
        if self._keeps_alive and asker.has_sent_all:
            if self._is_held_back:  # by a visitor who has the end of his answer still to take; the next is another's
                self.go_on()
                self.deadline = NEVER
            self._state = _IDLE
            pool.keep(self, now=self._keeper.pulse.now)
        else:
            self._state = _GONE
            self._transport.close()
        asker.answer_ended()

    # Ends of other kinds.

    def give_up(self) -> None:
        """End at once: whoever asked has left."""
        if self._asker is not None:
            self._asker = None
            self._state = _GONE
            self._passage.pool.in_flight -= 1
        self._transport.abort()

    def close(self) -> None:
        """Close an idle connection."""
        self._state = _GONE
        self._transport.close()

    def expire(self) -> None:
        """Give an app up that says nothing."""
        is_torn = self._state is _ANSWERING
        self._fail(SilentAppError("The app took the request and did not answer in time.", sent=True), torn=is_torn)

    def eof_received(self) -> bool:
        """Close: an app that says no more has nothing to be asked for."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End what goes on as it stands: well, if its end is the connection's, or badly."""
        self._keeper.pulse.members.discard(self)
        self._keeper.is_lost(self)
        if exc is not None and self._state is _ASKED and self._passage.read.has_body:
            self._hear_last_words()
        asker = self._asker
        if asker is None:
            self._state = _GONE
        elif self._state is _ANSWERING and isinstance(self._body, UntilClose) and exc is None:
            self._keeps_alive = False
            self._end(asker)
        elif self._state is _ANSWERING:
            self._fail(BrokenAppError("The app broke off within its answer.", sent=True), torn=True)
        else:
            self._break_off(asker)

    def _hear_last_words(self) -> None:
        """Read what an app said before it refused the rest of a body: the refusal came first, but was noticed first."""
        sock = self._transport.get_extra_info("socket")
        if sock is None or self._transport.get_extra_info("sslcontext") is not None:
            return
        with suppress(OSError):
            while self._asker is not None and (said := os.read(sock.fileno(), _HIGH_WATER)):
                self.data_received(said)

    def _break_off(self, asker: Asker) -> None:
        """Ask again what nothing was answered to, if that is safe; else tell."""
        passage = self._passage
        self._asker, self._state = None, _GONE
        passage.pool.in_flight -= 1
        if passage.is_repeatable and not (self._part or self._interims):
            passage.is_second_try, passage.is_given_up = True, passage.is_second_try
            self._keeper.ask_again(asker, passage)
            return
        asker.app_failed(BrokenAppError(BROKE_OFF, sent=not passage.is_repeatable))

    def _fail(self, error: UpstreamError, *, torn: bool, cause: Exception | None = None) -> None:
        asker, self._asker = self._asker, None
        self._state = _GONE
        self.deadline = NEVER
        self._transport.abort()
        if asker is not None:
            self._passage.pool.in_flight -= 1
            error.__cause__ = cause
            tell = asker.answer_torn if torn else asker.app_failed
            tell(error)
