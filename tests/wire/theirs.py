"""How others read the same bytes: llhttp (Node.js, by httptools) and h11."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import h11
import httptools

from tests.wire.ours import Fields

LARGE = 2**20
_Parser: TypeAlias = httptools.HttpRequestParser | httptools.HttpResponseParser


class RefusedError(Exception):
    """The other one does not take it for HTTP."""


@dataclass
class Theirs:
    """One message as another parser reads it."""

    fields: Fields = field(default_factory=list)
    content: bytes = b""
    trailers: Fields = field(default_factory=list)
    target: bytes = b""
    method: bytes = b""
    status: int = 0
    is_whole: bool = False
    rest: bytes = b""


class _Callbacks:
    """What llhttp calls; of a second message only that it began is noted."""

    def __init__(self) -> None:
        self.read = Theirs()
        self.begun = 0
        self._in_trailers = False

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        self.read.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        fields = self.read.trailers if self._in_trailers else self.read.fields
        fields.append((name.lower(), value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        self._in_trailers = True

    def on_body(self, body: bytes) -> None:
        self.read.content += body

    def on_message_complete(self) -> None:
        self.read.is_whole = True


def read_by_llhttp(data: bytes) -> Theirs:
    """Read a request, to the byte where llhttp sees its end."""
    return _llhttp(data, httptools.HttpRequestParser)


def read_answer_by_llhttp(data: bytes) -> Theirs:
    """Read an answer to a ``GET``."""
    return _llhttp(data, httptools.HttpResponseParser)


def _llhttp(data: bytes, make: Callable[[_Callbacks], _Parser]) -> Theirs:
    calls = _Callbacks()
    parser = make(calls)
    upto = 0
    try:
        for upto in range(1, len(data) + 1):
            parser.feed_data(data[upto - 1 : upto])
            if calls.read.is_whole:
                break
    except httptools.HttpParserUpgrade:
        calls.read.is_whole = True
    except httptools.HttpParserError as error:
        raise RefusedError(f"llhttp at {upto}: {error}") from error
    read = calls.read
    read.rest = data[upto:]
    if isinstance(parser, httptools.HttpRequestParser):
        read.method = parser.get_method()
    else:
        read.status = parser.get_status_code()
    return read


def read_by_h11(data: bytes) -> Theirs:
    """Read a request."""
    return _h11(h11.Connection(h11.SERVER, max_incomplete_event_size=LARGE), data)


def read_answer_by_h11(data: bytes, *, to_head: bool = False) -> Theirs:
    """Read an answer to a ``GET`` or a ``HEAD``."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGE)
    connection.send(h11.Request(method="HEAD" if to_head else "GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    return _h11(connection, data)


def _h11(connection: h11.Connection, data: bytes) -> Theirs:
    read = Theirs()
    try:
        connection.receive_data(data)
        while not read.is_whole and (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            _take(read, event)
    except h11.RemoteProtocolError as error:
        raise RefusedError(f"h11: {error}") from error
    read.rest = connection.trailing_data[0] if read.is_whole else b""
    return read


def _take(read: Theirs, event: object) -> None:
    match event:
        case h11.Request():
            read.method, read.target, read.fields = event.method, event.target, list(event.headers)
        case h11.Response():
            read.status, read.fields = event.status_code, list(event.headers)
        case h11.Data():
            read.content += bytes(event.data)
        case h11.EndOfMessage():
            read.trailers, read.is_whole = list(event.headers), True
        case _:
            pass
