"""An app's answer on its way back to the visitor: its fields and its body as they came, and torn if they came torn."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from wakeproxy.core.headers import Field, pass_response

_GENERATED = ("Content-Type", "Server", "Date")
"""Fields that the server library would add to an answer which has none of its own."""


class Relayed(web.StreamResponse):
    """An app's answer on its way back; `restore` takes out what the server library made up."""

    def __init__(self, answer: aiohttp.ClientResponse, added: tuple[Field, ...]) -> None:
        fields = pass_response(decode_fields(answer.raw_headers))
        super().__init__(status=answer.status, reason=answer.reason, headers=CIMultiDict([*fields, *added]))
        self._own = {name.lower() for name, _ in fields}

    def restore(self) -> None:
        """Leave out fields that the app did not send."""
        for name in _GENERATED:
            if name.lower() not in self._own:
                self.headers.pop(name, None)


async def pass_back(request: web.Request, answer: aiohttp.ClientResponse, response: Relayed) -> None:
    """Give the visitor an answer, piece by piece as it comes."""
    await response.prepare(request)
    try:
        with _failing_with_connection(answer):
            async for piece in answer.content.iter_any():
                await response.write(piece)
    except (aiohttp.ClientError, TimeoutError, OSError):
        # Cut off in the middle: an orderly end would pass a torn answer off as a whole one.
        if request.transport is not None:
            request.transport.abort()
        return
    await response.write_eof()


@contextmanager
def _failing_with_connection(answer: aiohttp.ClientResponse) -> Iterator[None]:
    """Let a body fail that is unfinished when its connection ends: aiohttp forgets one whose framing broke."""
    protocol = answer.connection and answer.connection.protocol
    closed = None if protocol is None else protocol.closed
    if closed is None:
        yield
        return

    def fail(_: asyncio.Future[None]) -> None:
        if not answer.content.is_eof() and answer.content.exception() is None:
            answer.content.set_exception(aiohttp.ClientPayloadError("The connection ended within a body."))

    closed.remove_done_callback(asyncio.Future.exception)
    closed.add_done_callback(asyncio.Future.exception)  # once per connection, or asyncio would log it as unheard
    closed.add_done_callback(fail)
    try:
        yield
    finally:
        closed.remove_done_callback(fail)


def decode_fields(fields: Sequence[tuple[bytes, bytes]]) -> list[Field]:
    """Read header fields as they came on the wire."""
    return [(name.decode(), _decode_value(value)) for name, value in fields]


def _decode_value(value: bytes) -> str:
    """Read UTF-8, or else Latin-1: aiohttp writes UTF-8 only and would leave out any other byte."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
