"""The visitors' listener: aiohttp's server around `Visitor`, with the last word on everything that went wrong."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from wakeproxy.front.connection import CONNECTION, Connection
from wakeproxy.front.replies import SERVER, Trouble
from wakeproxy.front.requests import BadRequestError
from wakeproxy.front.speech import Speech
from wakeproxy.upstream.answer import Relayed

logger = logging.getLogger(__name__)

_BUFFERED = 16_384
"""Bytes of a body taken in before its app is there; the rest stays with the visitor."""
_NO_PATH = "The request's target must be a path of the host named in its Host field."


class Answering(Protocol):
    """Who answers requests: `Visitor`."""

    @property
    def speech(self) -> Speech:
        """Words for what cannot be answered."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""

    async def hang_up(self) -> None:
        """End the answers that would go on for ever."""


def build_app(visitor: Answering, *, head_bytes: int) -> web.Application:
    """Build the application: one handler for everything, whatever the method, host or path."""
    app = web.Application(middlewares=[_last_word(visitor.speech)])
    app[CONNECTION] = {
        "auto_decompress": False,
        "max_field_size": head_bytes,
        "max_line_size": head_bytes,
        "read_bufsize": _BUFFERED,
    }
    app.router.add_route("*", "/{path:.*}", visitor.answer, expect_handler=_leave_expectation)
    app.on_shutdown.append(lambda _: visitor.hang_up())
    return app


@asynccontextmanager
async def listen(
    app: web.Application, *, host: str, port: int, drain_seconds: float, connections: int | None = None
) -> AsyncIterator[int]:
    """Listen until the context ends, then let what runs finish; yields the port, which the system chose if 0.

    ``connections`` bounds how many are open at once.
    """
    app.on_response_prepare.append(_sign)
    is_for_visitors = CONNECTION in app  # who leaves is served no longer; an operator's order is carried out
    runner = web.AppRunner(app, handler_cancellation=is_for_visitors, shutdown_timeout=drain_seconds)
    await runner.setup()
    try:
        reading: dict[str, Any] = app.get(CONNECTION, {})
        door = await _open(runner, {"most": connections, **reading}, host=host, port=port)
        try:
            yield door.sockets[0].getsockname()[1]
        finally:
            door.close()
    finally:
        await runner.cleanup()


async def _open(runner: web.AppRunner, options: dict[str, Any], *, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    assert runner.server is not None
    connect = partial(Connection, runner.server, loop=loop, **options)
    return await loop.create_server(connect, host, port, backlog=4096)


def _last_word(speech: Speech) -> Middleware:
    @web.middleware
    async def last_word(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except BadRequestError as error:
            response = _refuse(speech, HTTPStatus.BAD_REQUEST, "Bad request", str(error))
        except web.HTTPNotFound:  # every path has the one route
            response = _refuse(speech, HTTPStatus.BAD_REQUEST, "Bad request", _NO_PATH)
        except web.HTTPException as error:
            response = _refuse(speech, error.status, error.reason, "This request cannot be answered here.")
        except ConnectionError:
            raise
        except Exception:
            logger.exception("a defect: %s %s could not be answered", request.method, request.path)
            response = _refuse(
                speech, HTTPStatus.INTERNAL_SERVER_ERROR, "A defect in wakeproxy", "The error was logged; try again."
            )
        if request.can_read_body and not response.prepared:
            response.force_close()  # what is left of its body must not be taken for the next request
        return response

    return last_word


def _refuse(speech: Speech, code: int, title: str, sentence: str) -> web.StreamResponse:
    response = speech.tell(Trouble(code, title, sentence), None, None)
    response.force_close()
    return response


async def _leave_expectation(request: web.Request) -> None:
    """Answer no ``Expect`` yet: the relay says "go on" once an app is there to take the body."""


async def _sign(_: web.Request, response: web.StreamResponse) -> None:
    if isinstance(response, Relayed):
        response.restore()
    else:
        response.headers["Server"] = SERVER
