"""The tunnel: after an app agreed to another protocol, bytes pass both ways and nobody changes them.

Each side's transport gets a protocol that writes to the other one. Backpressure is the transports' own: a side that
cannot write stops the other from reading. WebSocket frames are followed, so that a front that must stop can say so
between two of them.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from wakeproxy.upstream.pulse import NEVER, Pulse
from wakeproxy.wire.frames import GOING_AWAY, GOING_AWAY_MASKED, Frames


class Tunnel:
    """Two ends that are one connection."""

    def __init__(self, pulse: Pulse, *, patience: float, is_websocket: bool, on_end: Callable[[], None]) -> None:
        self._pulse = pulse
        self._patience = patience
        self._is_websocket = is_websocket
        self._on_end = on_end
        self._ends: tuple[_End, ...] = ()
        self.deadline = NEVER

    def join(self, visitor: asyncio.Transport, app: asyncio.Transport) -> None:
        """Begin; both transports are the tunnel's from now on."""
        to_visitor = _End(self, visitor, GOING_AWAY, follows=self._is_websocket)
        to_app = _End(self, app, GOING_AWAY_MASKED, follows=self._is_websocket)
        to_visitor.other, to_app.other = to_app, to_visitor
        self._ends = (to_visitor, to_app)
        for end in self._ends:
            end.transport.set_protocol(end)
            end.transport.resume_reading()
        self._pulse.members.add(self)
        self.touch()

    def say(self, *, from_visitor: bytes, from_app: bytes) -> None:
        """Pass on what came together with the heads."""
        to_visitor, to_app = self._ends
        if from_visitor:
            to_visitor.data_received(from_visitor)
        if from_app:
            to_app.data_received(from_app)

    def touch(self) -> None:
        """Something passed."""
        self.deadline = self._pulse.now + self._patience

    def expire(self) -> None:
        """Nothing has passed for too long."""
        self.cut()

    def drain(self) -> None:
        """Tell both sides of a WebSocket that it ends, where no frame is cut in two; they close it themselves."""
        for end in self._ends:
            end.leave()

    def cut(self) -> None:
        """End at once."""
        for end in self._ends:
            end.transport.abort()

    def is_lost(self) -> None:
        """An end is gone, and so is the tunnel."""
        if self in self._pulse.members:
            self._pulse.members.discard(self)
            for end in self._ends:
                end.transport.close()
            self._on_end()


class _End(asyncio.Protocol):
    """One end: what it receives goes out at the other."""

    other: "_End"

    def __init__(self, tunnel: Tunnel, transport: asyncio.Transport, farewell: bytes, *, follows: bool) -> None:
        self.transport = transport
        self._tunnel = tunnel
        self._farewell = farewell
        self._written = Frames() if follows else None
        """What was written to this end."""
        self.is_over = False
        self._must_leave = False

    def data_received(self, data: bytes) -> None:
        self._tunnel.touch()
        self.other.write(data)

    def write(self, data: bytes) -> None:
        """Pass bytes on; after a farewell nothing may follow."""
        if self._written is None:
            self.transport.write(data)
        elif not (self._must_leave and self._written.is_between):
            self._written.follow(data)
            self.transport.write(data)
            if self._must_leave and self._written.is_between:
                self.transport.write(self._farewell)

    def leave(self) -> None:
        """Say farewell now, or after the frame that is being written."""
        if self._written is None or self._must_leave or self.other.is_over:
            return
        self._must_leave = True
        if self._written.is_between:
            self.transport.write(self._farewell)

    def eof_received(self) -> bool:
        """Pass the end of one direction on; the connection stays open for the other, if it is still in use."""
        self.is_over = True
        other = self.other
        if other.is_over or not (self.transport.can_write_eof() and other.transport.can_write_eof()):
            return False
        if not other.transport.is_closing():
            with suppress(OSError):  # the other side has reset its connection, as we are about to notice
                other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._tunnel.is_lost()
