"""The tunnel: after an app agreed to another protocol, bytes pass both ways and nobody reads them.

Each side's transport gets a new protocol that writes to the other one. Backpressure is the transports' own: a side
that cannot write stops the other from reading.
"""

import asyncio

import aiohttp
from aiohttp import web


class _Leftovers:
    """Stands in for a parser, to take the bytes that were read together with a head."""

    def __init__(self) -> None:
        self.data = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Keep the bytes."""
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        """The end is the new protocol's to see."""


class _End(asyncio.Protocol):
    """One end of a tunnel; tells the protocol that stood here before when the connection is lost."""

    def __init__(self, transport: asyncio.Transport, before: asyncio.BaseProtocol) -> None:
        self.transport = transport
        self._before = before
        self.other: _End | None = None
        self.is_over = False
        self.lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        if self.other:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """Pass the end of one direction on; the connection stays open for the other, if it is still in use."""
        self.is_over = True
        if self.other is None or self.other.is_over or not self.other.transport.can_write_eof():
            return False
        if not self.other.transport.is_closing():
            self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.other:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        if self.other:
            self.other.transport.close()
        self._before.connection_lost(exc)


async def join(request: web.Request, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
    """Pass the app's agreement back, then everything both ways until either side ends."""
    connection = answer.connection
    if connection is None or connection.transport is None or connection.protocol is None or request.transport is None:
        return
    response.headers["Connection"] = "Upgrade"
    response.headers["Upgrade"] = answer.headers.get("Upgrade", "")
    await response.prepare(request)
    said, answered = _Leftovers(), _Leftovers()
    request.protocol.set_parser(said)  # type: ignore[arg-type]  # a parser is whatever takes data
    connection.protocol.set_parser(answered, None)
    visitor = _End(request.transport, request.protocol)
    app = _End(connection.transport, connection.protocol)
    visitor.other, app.other = app, visitor
    for end in (visitor, app):
        end.transport.set_protocol(end)
        end.transport.resume_reading()
    app.transport.write(said.data)
    visitor.transport.write(answered.data)
    try:
        await app.lost.wait()
    finally:
        app.transport.close()
        visitor.transport.close()
