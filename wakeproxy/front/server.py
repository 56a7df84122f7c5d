"""The visitors' listener: aiohttp's server around `Visitor`, with the last word on everything that went wrong."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from wakeproxy.front.replies import Trouble
from wakeproxy.front.requests import BadRequestError
from wakeproxy.front.speech import Speech
from wakeproxy.front.visitor import Visitor
from wakeproxy.upstream.relay import Relayed

logger = logging.getLogger(__name__)

_BUFFERED = 16_384
"""Bytes of a body taken in before its app is there; the rest stays with the visitor."""
_IDLE_SECONDS = 75
"""Longer than the idle time-out of load balancers in front of us (60 s), or they would write to a closed connection."""


def build_app(visitor: Visitor, *, head_bytes: int) -> web.Application:
    """Build the application: one handler for everything, whatever the method, host or path."""
    handler_args = {
        "access_log": None,
        "auto_decompress": False,
        "handler_cancellation": True,
        "keepalive_timeout": _IDLE_SECONDS,
        "max_field_size": head_bytes,
        "max_line_size": head_bytes,
        "read_bufsize": _BUFFERED,
    }
    app = web.Application(middlewares=[_last_word(visitor.speech)], handler_args=handler_args)
    app.router.add_route("*", "/{path:.*}", visitor.answer, expect_handler=_leave_expectation)
    app.on_response_prepare.append(_restore)
    return app


@asynccontextmanager
async def listen(app: web.Application, *, host: str, port: int, drain_seconds: float) -> AsyncIterator[int]:
    """Listen until the context ends, then let what runs finish; yields the port, which the system chose if 0."""
    runner = web.AppRunner(app, shutdown_timeout=drain_seconds)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=4096)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _last_word(speech: Speech) -> Middleware:
    @web.middleware
    async def last_word(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadRequestError as error:
            return _refuse(speech, HTTPStatus.BAD_REQUEST, "Bad request", str(error))
        except web.HTTPException as error:
            return _refuse(speech, error.status, error.reason, "This request cannot be answered here.")
        except ConnectionError:
            raise
        except Exception:
            logger.exception("a defect: %s %s could not be answered", request.method, request.path)
            return _refuse(
                speech, HTTPStatus.INTERNAL_SERVER_ERROR, "A defect in wakeproxy", "The error was logged; try again."
            )

    return last_word


def _refuse(speech: Speech, code: int, title: str, sentence: str) -> web.StreamResponse:
    response = speech.tell(Trouble(code, title, sentence), None, None)
    response.force_close()
    return response


async def _leave_expectation(request: web.Request) -> None:
    """Answer no ``Expect`` yet: the relay says "go on" once an app is there to take the body."""


async def _restore(_: web.Request, response: web.StreamResponse) -> None:
    if isinstance(response, Relayed):
        response.restore()
