"""One visitor's connection: requests in, one after the other; each is an `exchange` of its own.

```
READING --head--> ANSWERING --answer through--> READING, or LINGERING --all read--> GONE
   |                  `--101--> TUNNEL
   `--what is no request-----------------------> LINGERING
```

A head is collected and judged; a body is passed on as it comes; what comes after it waits for the next turn. Reading
pauses while an app takes no more, while there is none yet, and while too much waits.
"""

import asyncio
import re
import socket
import struct
from contextlib import suppress
from enum import Enum, auto
from typing import cast

from wakeproxy.front.door import Door
from wakeproxy.front.exchange import Exchange
from wakeproxy.front.journal import Refusal
from wakeproxy.front.turn import Turn
from wakeproxy.pages.asked import read_asked
from wakeproxy.pages.replies import Reply, sign, write_reply
from wakeproxy.upstream.pulse import NEVER
from wakeproxy.upstream.tunnel import Tunnel
from wakeproxy.wire.errors import BadMessageError, TooLargeError
from wakeproxy.wire.fields import judge_beginning
from wakeproxy.wire.reader import RequestReader
from wakeproxy.wire.requests import RequestHead

_HEAD_END = b"\r\n\r\n"
_EMPTY_LINES = re.compile(rb"\A(?:\r\n)+")
_HIGH_WATER = 256 * 1024
_MOST_WAITING = 16 * 1024
"""Bytes that may wait for their turn before reading pauses; while it does not, a visitor who leaves is noticed."""
_RESET = struct.pack("ii", 1, 0)
_LINGER_SECONDS = 5.0
_MOST_LINGER_SECONDS = 30.0
"""What is still on its way when an answer ends early is read and dropped, or the answer would be lost with it. nginx
waits as long (``lingering_timeout``, ``lingering_time``)."""


class State(Enum):
    """Where a connection stands."""

    READING = auto()
    ANSWERING = auto()
    TUNNEL = auto()
    LINGERING = auto()
    GONE = auto()


_READING, _ANSWERING, _TUNNEL, _LINGERING, _GONE = State
"""An enum's member costs four times as much to look up as a module's name."""


class Connection:
    """Serves one visitor's connection; see the drawing above.

    It is an `asyncio.Protocol` by what it has, not by its bases: compiled, a class of our own is twice as fast.
    """

    __slots__ = (
        "_buffer",
        "_came_from",
        "_door",
        "_exchange",
        "_has_said_all",
        "_is_lagging",
        "_is_paused",
        "_is_running",
        "_lingers_until",
        "_reader",
        "_scanned",
        "_state",
        "_tunnel",
        "_unsent",
        "deadline",
        "hop",
        "transport",
        "write",
    )

    def __init__(self, door: Door, came_from: tuple[str, int] | None = None) -> None:
        """Take the door, and who a trusted proxy says has come, by which port (PROXY protocol)."""
        self._door = door
        self._came_from = came_from
        self._state = _READING
        self._reader = RequestReader()
        self._buffer = b""
        self._scanned = 0
        self._exchange: Exchange | None = None
        self._tunnel: Tunnel | None = None
        self._has_said_all = False
        self._is_lagging = False
        self._is_paused = False
        self._is_running = False
        self._lingers_until = 0.0
        self._unsent = 0
        self.deadline = NEVER

    # Begin and end.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there is no place."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(_HIGH_WATER)
        self.write = self.transport.write
        self.hop = self._door.find_hop(self.transport, self._came_from)
        self._door.pulse.members.add(self)
        refusal = self._door.admit(self, self.hop)
        if refusal is not None:
            self._refuse(refusal)
        else:
            self._await(self._door.idle_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever works for this visitor that he is gone."""
        del exc
        self._state = _GONE
        self._door.pulse.members.discard(self)
        self._door.dismiss(self, self.hop)
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.visitor_left()

    def eof_received(self) -> bool:
        """Close, unless an answer is still to come: a visitor who has said all may listen on."""
        if not self.transport.can_write_eof():  # over TLS both directions end together
            return False
        self._has_said_all = True
        if self._exchange is None:
            return self._state is _READING and self._is_lagging
        return self._state is _ANSWERING and self._exchange.visitor_said_all(is_last=not self._buffer)

    def abort(self) -> None:
        """Tear the answer: its visitor must not take it for a whole one.

        Only a reset tells him so where the end of an answer is that of its connection.
        """
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def cut(self) -> None:
        """End at once, whatever runs."""
        if self._tunnel is not None:
            self._tunnel.cut()
        self.transport.abort()

    def drain(self) -> None:
        """Finish what runs, and take nothing new."""
        if self._tunnel is not None:
            self._tunnel.drain()
        elif self._state is _READING and not self._buffer:
            self.transport.close()

    # Reading.

    def data_received(self, data: bytes) -> None:
        """Take in what came, by what it can be now."""
        if self._state is _READING:
            self._buffer = self._buffer + data if self._buffer else data
            self._go_on()
        elif self._state is _ANSWERING:
            self._receive_more(data)
        else:
            self._linger_on()

    def _go_on(self) -> None:
        """Begin one request after the other, for as long as each is answered at once and its answer is taken."""
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._state is _READING and self._buffer and not self._is_lagging and self._read_head():
                pass
        finally:
            self._is_running = False
        if self._state is not _READING:
            return
        if self._is_lagging:
            self._pause(is_needed=len(self._buffer) > _MOST_WAITING)
        elif self._has_said_all:
            self._linger()

    def _read_head(self) -> bool:
        """Read the next request's head; whether it was whole."""
        data = self._buffer
        most = self._door.limits.head_bytes
        read = self._reader.recall(data)
        if read is not None and len(data) <= most:
            self._buffer = b""
            self._scanned = 0
            self._begin(read)
            return True
        try:
            if data.startswith(b"\r\n"):  # RFC 9112, 2.2: some clients say it after a body
                data = self._buffer = _EMPTY_LINES.sub(b"", data, 1)
                if not data:
                    return False
            end = data.find(_HEAD_END, self._scanned) + len(_HEAD_END)
            if end < len(_HEAD_END):
                if len(data) > most:
                    raise TooLargeError("A request's head is too long.")
                judge_beginning(data)
                if not self._scanned:
                    self._await(self._door.head_seconds)
                self._scanned = max(len(data) - len(_HEAD_END), 1)  # a head does not begin with its end
                return False
            if end > most:
                raise TooLargeError("A request's head is too long.")
            head, self._buffer = (data, b"") if end == len(data) else (data[:end], data[end:])
            read = self._reader.read(head, most_fields=self._door.limits.head_fields)
            self._door.judge_port(read, self.hop)
        except BadMessageError as error:
            self._door.journal.refused[error.status.name.lower()] += 1
            self._refuse(self._door.visitor.speech.refuse(error))
            return False
        self._scanned = 0
        self._begin(read)
        return True

    def _begin(self, read: RequestHead) -> None:
        self._state = _ANSWERING
        self.deadline = NEVER
        turn = Turn(read, read_asked(read), self._door.visitor.uptime())
        self._exchange = exchange = Exchange(self, self._door, turn)
        exchange.start()
        if self._buffer:
            self.pump()
        if (
            self._has_said_all
            and self._exchange is exchange
            and not exchange.visitor_said_all(is_last=not self._buffer)
        ):
            self.transport.close()

    def _receive_more(self, data: bytes) -> None:
        """Take in what comes while a request is being answered: its body, or what follows it."""
        self._buffer = self._buffer + data if self._buffer else data
        self.pump()

    def pump(self) -> None:
        """Pass on what came of the body, if it is wanted now; then read on, or pause."""
        exchange = self._exchange
        if exchange is None:
            return
        if self._buffer and exchange.wants_body:
            data = self._buffer
            self._buffer = b""
            try:
                used = exchange.take(data)
            except BadMessageError as error:
                exchange.refuse(error)
                return
            if used < len(data):
                self._buffer = data[used:]
        if self._exchange is not exchange:  # a request to ourselves is over with its body
            self._go_on()
            return
        is_full = len(self._buffer) > _MOST_WAITING
        self._pause(is_needed=exchange.is_blocked or is_full)

    def skip_body(self) -> None:
        """Pass over the exchange's body, as far as it is here already; nobody needs it."""
        exchange = self._exchange
        if self._buffer and exchange is not None and not exchange.has_sent_all:
            try:
                self._buffer = self._buffer[exchange.body.follow(self._buffer, 0) :]
            except BadMessageError:
                self._buffer = b""

    def _pause(self, *, is_needed: bool) -> None:
        if is_needed is not self._is_paused and not self.transport.is_closing():
            self._is_paused = is_needed
            if is_needed:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    # Answering.

    def exchange_over(self, *, keeps_alive: bool) -> None:
        """Go on to the next request, or end."""
        exchange, self._exchange = self._exchange, None
        if self._state is _GONE or self.transport.is_closing():
            return
        if not keeps_alive:
            self._linger(is_unread=exchange is not None and not exchange.has_sent_all)
            return
        self._state = _READING
        if self._is_paused:
            self._pause(is_needed=False)
        self._await_next()
        if self._buffer or self._has_said_all:
            self._go_on()

    def enter_tunnel(self, app: asyncio.Transport, head: bytes, rest: bytes) -> None:
        """Pass bytes both ways from now on."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        self._state = _TUNNEL
        self.deadline = NEVER
        self.write(head)
        is_websocket = (exchange.turn.read.upgrade or b"").lower() == b"websocket"
        patience = self._door.timeouts.tunnel.total_seconds()

        def over() -> None:
            exchange.tunnel_over()
            self.connection_lost(None)

        self._tunnel = Tunnel(self._door.pulse, patience=patience, is_websocket=is_websocket, on_end=over)
        self._tunnel.join(self.transport, app)
        self._tunnel.say(from_visitor=self._buffer, from_app=rest)
        self._buffer = b""

    def pause_writing(self) -> None:
        """Slow down whoever answers: the visitor lags behind."""
        self._is_lagging = True
        self._unsent = self.transport.get_write_buffer_size()
        if self._exchange is not None:
            self._exchange.visitor_lags()
        else:
            self._await(self._door.send_seconds)

    def resume_writing(self) -> None:
        """Go on."""
        self._is_lagging = False
        if self._exchange is not None:
            self._exchange.visitor_goes_on()
        elif self._state is _READING:
            self._pause(is_needed=False)
            self._await_next()
            self._go_on()

    def _refuse(self, reply: Reply) -> None:
        """Answer what is no request, or no request more."""
        door = self._door
        request_id = door.me.next_id()
        door.journal.tell(Refusal(self.hop, reply.code, request_id, door.visitor.uptime()))
        self.write(write_reply(sign(reply, request_id), date=door.dates.tell(), connection="close", with_body=True))
        self._linger()

    def _linger(self, *, is_unread: bool = False) -> None:
        """Say no more, and read what is still on its way: closing on it would destroy the answer.

        Over TLS nobody can say no more and still read: while a body is on its way, the connection stays as it is.
        """
        self._state = _LINGERING
        self._buffer = b""
        self._pause(is_needed=False)
        self._lingers_until = self._door.pulse.now + _MOST_LINGER_SECONDS
        self._linger_on()
        self._unsent = self.transport.get_write_buffer_size()
        if self._unsent:
            self._await(self._door.send_seconds)
        if self.transport.can_write_eof() and not self._has_said_all:
            with suppress(OSError):  # he has reset the connection, as we are about to notice
                self.transport.write_eof()
        elif self._has_said_all or not is_unread:
            self.transport.close()

    def _linger_on(self) -> None:
        self.deadline = min(self._door.pulse.now + _LINGER_SECONDS, self._lingers_until)

    # Deadlines.

    def _await_next(self) -> None:
        """Wait for the next request, or first for the last answer to be taken."""
        self._await(self._door.send_seconds if self._is_lagging else self._door.idle_seconds)

    def _await(self, seconds: float) -> None:
        self.deadline = self._door.pulse.now + seconds

    def expire(self) -> None:
        """Do what follows when the visitor took too long."""
        self.deadline = NEVER
        if (self._is_lagging or self._state is _LINGERING) and self._takes_on():
            self._await(self._door.send_seconds)
        elif self._exchange is not None:
            self._exchange.expire()
        elif self._state is _READING and self._is_lagging:
            self.transport.abort()
        elif self._state is _READING and self._buffer:
            self._door.journal.refused["request_timeout"] += 1
            self._refuse(self._door.visitor.speech.too_slow())
        elif self._state is _READING:
            self.transport.close()
        else:
            self.transport.abort()

    def _takes_on(self) -> bool:
        """Whether the visitor took some of what waits for him since this was last looked at, however slowly."""
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        return 0 < self._unsent < before
