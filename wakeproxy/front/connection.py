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
from enum import Enum, auto
from typing import cast

from wakeproxy.front.asked import read_asked
from wakeproxy.front.door import Door
from wakeproxy.front.exchange import Exchange
from wakeproxy.front.journal import Refusal
from wakeproxy.front.replies import Reply, sign, write_reply
from wakeproxy.front.turn import Turn
from wakeproxy.upstream.pulse import NEVER
from wakeproxy.upstream.tunnel import Tunnel
from wakeproxy.wire.errors import BadMessageError, TooLargeError
from wakeproxy.wire.fields import judge_beginning
from wakeproxy.wire.forwarding import Hop
from wakeproxy.wire.reader import RequestReader
from wakeproxy.wire.requests import RequestHead

_HEAD_END = b"\r\n\r\n"
_HIGH_WATER = 256 * 1024
_MOST_WAITING = 16 * 1024
"""Bytes that may wait for their turn before reading pauses; while it does not, a visitor who leaves is noticed."""
_LINGER_SECONDS = 5.0
_MOST_LINGERED = 1024 * 1024
"""What is still on its way when an answer ends early is read and dropped, or the answer would be lost with it."""


class State(Enum):
    """Where a connection stands."""

    READING = auto()
    ANSWERING = auto()
    TUNNEL = auto()
    LINGERING = auto()
    GONE = auto()


_READING, _ANSWERING, _TUNNEL, _LINGERING, _GONE = State
"""An enum's member costs four times as much to look up as a module's name."""


class Connection(asyncio.Protocol):
    """Serves one visitor's connection; see the drawing above."""

    __slots__ = (
        "_buffer",
        "_came_from",
        "_door",
        "_exchange",
        "_is_paused",
        "_is_running",
        "_lingered",
        "_reader",
        "_scanned",
        "_state",
        "_tunnel",
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
        self._is_paused = False
        self._is_running = False
        self._lingered = 0
        self.deadline = NEVER

    # Begin and end.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there is no place."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(_HIGH_WATER)
        self.write = self.transport.write
        self.hop = self._find_hop()
        self._door.pulse.members.add(self)
        refusal = self._door.admit(self, self.hop)
        if refusal is not None:
            self._refuse(refusal)
        else:
            self._await(self._door.idle_seconds)

    def _find_hop(self) -> Hop:
        is_secure = self.transport.get_extra_info("sslcontext") is not None
        if self._came_from is not None:
            peer, port = self._came_from
        else:
            peer = (self.transport.get_extra_info("peername") or ("unknown",))[0]
            port = (self.transport.get_extra_info("sockname") or ("", 0))[1]
        return self._door.make_hop(peer, port, is_secure=is_secure)

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
        return self._state is _ANSWERING and self._exchange is not None and self._exchange.visitor_said_all()

    def abort(self) -> None:
        """Tear the answer: its visitor must not take it for a whole one."""
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
            self._run()
        elif self._state is _ANSWERING:
            self._receive_more(data)
        else:
            self._linger_on(len(data))

    def _run(self) -> None:
        """Begin one request after the other, for as long as each is answered at once."""
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._state is _READING and self._buffer and self._read_head():
                pass
        finally:
            self._is_running = False

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
                data = self._buffer = data[2:]
            end = data.find(_HEAD_END, self._scanned) + len(_HEAD_END)
            if end < len(_HEAD_END):
                if len(data) > most:
                    raise TooLargeError("A request's head is too long.")
                judge_beginning(data)
                if not self._scanned:
                    self._await(self._door.head_seconds)
                self._scanned = max(len(data) - len(_HEAD_END), 0)
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
        self._exchange = None
        if self._state is _GONE or self.transport.is_closing():
            return
        if not keeps_alive:
            self._linger()
            return
        self._state = _READING
        if self._is_paused:
            self._pause(is_needed=False)
        self.deadline = self._door.pulse.now + self._door.idle_seconds
        if self._buffer:
            self._run()

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
        if self._exchange is not None:
            self._exchange.visitor_lags()
        else:
            self._await(self._door.timeouts.send.total_seconds())

    def resume_writing(self) -> None:
        """Go on."""
        if self._exchange is not None:
            self._exchange.visitor_goes_on()

    def _refuse(self, reply: Reply) -> None:
        """Answer what is no request, or no request more."""
        door = self._door
        request_id = door.me.next_id()
        door.journal.tell(Refusal(self.hop, reply.code, request_id, door.visitor.uptime()))
        self.write(write_reply(sign(reply, request_id), date=door.dates.tell(), connection="close", with_body=True))
        self._linger()

    def _linger(self) -> None:
        """Say no more, and read what is still on its way: closing on it would destroy the answer."""
        self._state = _LINGERING
        self._buffer = b""
        self._pause(is_needed=False)
        self._await(_LINGER_SECONDS)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _linger_on(self, count: int) -> None:
        self._lingered += count
        if self._lingered > _MOST_LINGERED:
            self.transport.abort()

    # Deadlines.

    def _await(self, seconds: float) -> None:
        self.deadline = self._door.pulse.now + seconds

    def expire(self) -> None:
        """Do what follows when the visitor took too long."""
        self.deadline = NEVER
        if self._exchange is not None:
            self._exchange.expire()
        elif self._state is _READING and self._buffer:
            self._door.journal.refused["request_timeout"] += 1
            self._refuse(self._door.visitor.speech.too_slow())
        elif self._state is _READING:
            self.transport.close()
        else:
            self.transport.abort()
