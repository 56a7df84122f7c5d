"""The prefix ``/.wakeproxy/`` of every routed host: the status, the stream of events, and the wake by hand.

It is ours on every host and never reaches an app. Asking here is no use of the service and wakes nothing, but for the
``POST``, which only the service's own pages may send.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.routes import Routes
from wakeproxy.core.service import Service, WakeOn
from wakeproxy.core.sight import Sight
from wakeproxy.engine.board import Board
from wakeproxy.engine.waker import Waker
from wakeproxy.front.gate import Gate
from wakeproxy.front.replies import about, reply_json, reply_redirect
from wakeproxy.front.requests import Asked
from wakeproxy.front.speech import FOREIGN_WAKE, NO_SUCH_HOST, NO_SUCH_PAGE, TOO_MANY_WAKES, Speech

OWN_PREFIX = "/.wakeproxy/"
_PROGRESS_SECONDS = 2.0
"""A wake's percentage moves between its stages too; the page moves it by itself in between."""
_SLEEPING = frozenset({Phase.ASLEEP, Phase.DRAINING})


@dataclass(frozen=True, slots=True)
class OwnPrefix:
    """Answers what stands below our prefix."""

    routes: Routes
    waker: Waker
    gate: Gate
    board: Board
    speech: Speech
    heartbeat: float = 15.0
    """Seconds between two signs of life on a quiet stream; proxies on the way close one that is silent for a minute."""
    listeners: set[asyncio.Task[Any]] = field(default_factory=set)
    """Who follows a stream of events."""

    async def hang_up(self) -> None:
        """End every stream: a page follows for as long as it likes, and must not keep us from stopping."""
        for listener in self.listeners:
            listener.cancel()

    async def answer(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        """Answer one request; ``path`` in the query names the page that asks, where services share a host."""
        service = self.routes.match(asked.host, await _page_path(request))
        if service is None:
            return self.speech.tell(NO_SUCH_HOST, asked, None)
        match request.method, asked.visit.path.removeprefix(OWN_PREFIX):
            case "GET" | "HEAD", "status":
                return self._status(service)
            case "GET", "events":
                return await self._events(request, service)
            case "POST", "wake":
                return await self._wake(request, asked, service)
            case _:
                return self.speech.tell(NO_SUCH_PAGE, asked, self.waker.look(service.name))

    def _status(self, service: Service, *, code: int = HTTPStatus.OK) -> web.Response:
        sight = self.waker.look(service.name)
        return reply_json(self.speech.describe(service, sight), code=code, headers=about(sight))

    async def _wake(self, request: web.Request, asked: Asked, service: Service) -> web.Response:
        if not _is_same_origin(request):
            return self.speech.tell(FOREIGN_WAKE, asked, self.waker.look(service.name))
        if not self.gate.ask(service.name):
            return self.speech.tell(TOO_MANY_WAKES, asked, self.waker.look(service.name))
        if "text/html" not in request.headers.get("Accept", ""):
            return self._status(service, code=HTTPStatus.ACCEPTED)
        back = await _next_path(request)
        return reply_redirect(back, code=HTTPStatus.SEE_OTHER, headers=about(self.waker.look(service.name)))

    async def _events(self, request: web.Request, service: Service) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
                **about(self.waker.look(service.name)),
            }
        )
        await response.prepare(request)
        listener = asyncio.current_task()
        assert listener is not None
        self.listeners.add(listener)
        try:
            async for piece in self.stream(service):
                await response.write(piece)
        finally:
            self.listeners.discard(listener)
        return response

    async def stream(self, service: Service) -> AsyncGenerator[bytes, None]:
        """Tell of every change until the app is there; a quiet line is kept alive."""
        loop = asyncio.get_running_loop()
        spoke_at = loop.time()
        sight = self.waker.look(service.name)
        while True:
            yield self._event(service, sight)
            if sight.phase is Phase.AWAKE:
                return
            if sight.phase in _SLEEPING and service.wake_on is WakeOn.VISIT:
                self.gate.ask(service.name)  # somebody looks at the wait page: that is a visit that goes on
            before, spoke_at = sight, loop.time()
            while (sight := self.waker.look(service.name)) is before:
                pause = _PROGRESS_SECONDS if sight.phase is Phase.WAKING else self.heartbeat
                if not await self._changes(service, seconds=pause) and sight.phase is Phase.WAKING:
                    break
                if loop.time() - spoke_at >= self.heartbeat:
                    spoke_at = loop.time()
                    yield b": still here\n\n"

    async def _changes(self, service: Service, *, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.board.changed(service.name)
        except TimeoutError:
            return False
        return True

    def _event(self, service: Service, sight: Sight) -> bytes:
        kind = {Phase.AWAKE: "ready", Phase.FAILED: "failed"}.get(sight.phase, "progress")
        return f"event: {kind}\ndata: {json.dumps(self.speech.describe(service, sight))}\n\n".encode()


async def _page_path(request: web.Request) -> str:
    """Which page asks: said by the page itself, and by its form where it has no script."""
    path = request.query.get("path")
    if path is None and request.method == "POST" and request.content_type.endswith("form-urlencoded"):
        path = (await _next_path(request)).partition("?")[0]
    return path if path and path.startswith("/") else "/"


async def _next_path(request: web.Request) -> str:
    """Where a form leads back to: a path of this host, and nothing that a browser could take for another host."""
    if not request.content_type.endswith("form-urlencoded"):
        return "/"
    wanted = str((await request.post()).get("next", "/"))
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_path and wanted.isprintable() and wanted.isascii() else "/"


def _is_same_origin(request: web.Request) -> bool:
    """Whether a page of this host asks, or a program that is no browser.

    Fetch Metadata goes first: a form sent under ``Referrer-Policy: no-referrer`` says ``Origin: null``.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2].lower() == request.headers["Host"].lower()
