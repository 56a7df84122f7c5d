"""One visitor's connection: aiohttp's, but for what it says of a request that cannot be read.

The library would log a traceback for every scanner that knocks, and name itself and its version in the answer.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import LineTooLong

from wakeproxy.front.replies import SERVER, Trouble, reply_problem

logger = logging.getLogger(__name__)

CONNECTION: Final = web.AppKey("CONNECTION", dict[str, Any])
"""How an application wants its requests read: further arguments of `web.RequestHandler`."""

_IDLE_SECONDS = 75
"""Longer than the idle time-out of load balancers in front of us (60 s), or they would write to a closed connection."""
_FULL = (
    f"HTTP/1.1 503 Service Unavailable\r\nServer: {SERVER}\r\nRetry-After: 5\r\nCache-Control: no-store\r\n"
    "Content-Length: 0\r\nConnection: close\r\n\r\n"
).encode()
_TOO_LONG = Trouble(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request is too long", "Its line or its fields are over the limit."
)
_UNREADABLE = Trouble(HTTPStatus.BAD_REQUEST, "Bad request", "This is not a request that HTTP/1.1 allows.")
_DEFECT = Trouble(HTTPStatus.INTERNAL_SERVER_ERROR, "A defect in wakeproxy", "The error was logged; try again.")


class Connection(web.RequestHandler):
    """Reads requests and hands them to the application; beyond ``most`` connections it is closed at once."""

    __slots__ = ("_most",)

    def __init__(
        self, server: web.Server, *, loop: asyncio.AbstractEventLoop, most: int | None = None, **options: Any
    ) -> None:
        # aiohttp declares `access_log` a logger; `None` is its documented way to have none.
        options = {"access_log": None, "keepalive_timeout": _IDLE_SECONDS, **options}
        super().__init__(server, loop=loop, **options)
        self._most = most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve, or say at once that there is no place."""
        super().connection_made(transport)
        assert self._manager is not None
        if self._most is not None and len(self._manager.connections) > self._most:
            assert self.transport is not None
            self.transport.write(_FULL)
            self.force_close()

    def data_received(self, data: bytes) -> None:
        """Take what came; a body that is no body any more ends the connection.

        The library would go on waiting for its rest, and so would the app.
        """
        super().data_received(data)
        request = self._current_request
        is_refused = bool(self._messages) and not isinstance(self._messages[-1][0], RawRequestMessage)
        if is_refused and request is not None and not request.content.is_eof():
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the library's words, which would repeat the request
    ) -> web.StreamResponse:
        """Refuse a request that cannot be read, in our own words."""
        if request.writer.output_size > 0:
            raise ConnectionError("An answer has begun; there is no place for an error.")
        if status == HTTPStatus.BAD_REQUEST:
            logger.debug("%s sent what is no request: %s", request.remote, type(exc).__name__)
            trouble = _TOO_LONG if isinstance(exc, LineTooLong) else _UNREADABLE
        else:
            logger.error("a defect: a request could not be answered", exc_info=exc)
            trouble = _DEFECT
        response = reply_problem(trouble, headers={"Server": SERVER}, extra={})
        response.force_close()
        return response
