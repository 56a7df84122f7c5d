"""A site whose wake is scripted by the test: the real pages, a real HTTP server, a status that does what it is told."""

import asyncio
import json
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from wakeproxy.pages.page_kinds import HERE, AboutPage, AskPage, FailedPage, Page, WaitingPage, content_security_policy
from wakeproxy.pages.page_samples import STAGES, sample_status
from wakeproxy.pages.pages import Pages

NONCE = "dGVzdC1ub25jZS0xMjM0NQ=="
TALL = "<p style='height: 3000px'>Long.</p>"
APP = f"<!doctype html><title>The app</title><h1>The app</h1>{TALL}<p id=total>Sum</p>{TALL}"


class WakeSite:
    """Serves the wait page until `finish`, then the app; counts what it is asked."""

    def __init__(self, pages: Pages, *, theme: str = "calm") -> None:
        self._pages = pages
        self._streams: set[asyncio.Queue[bytes | None]] = set()
        self.theme = theme
        self.place = HERE
        self.display_name = "Shop"
        self.retry_after = 60
        self.needs_others = False
        self.status: dict[str, Any] = sample_status("WAKING", reached=0) | {"percent": 5, "eta_seconds": None}
        self.status["events"] = []
        self.app_answers = False
        self.streams_open = True
        self.status_code = 200
        self.wake_code = 202
        self.keep_code = 202
        self.visits: list[float] = []
        self.asked = 0
        self.wakes: list[dict[str, Any]] = []
        self.keeps: list[dict[str, Any]] = []
        self.origin = ""

    @property
    def listeners(self) -> int:
        return len(self._streams)

    def set(self, **changes: Any) -> None:
        """Change the status without telling anybody."""
        self.status = self.status | changes

    def reach(self, stage: str, **changes: Any) -> None:
        """Set the status to being in `stage`."""
        number = STAGES.index(stage)
        stages = sample_status("WAKING", reached=number)["stages"]
        self.set(phase="WAKING", stage=stage, stages=stages, **changes)

    def tell(self, event: str = "progress", **changes: Any) -> None:
        """Change the status and send it to every listener."""
        self.set(**changes)
        self._send(f"event: {event}\ndata: {json.dumps(self.status)}\n\n".encode())

    def fail(self, reason: str, **changes: Any) -> None:
        self.tell("failed", phase="FAILED", reason=reason, **changes)

    def finish(self) -> None:
        self.app_answers = True
        self.tell("ready", phase="AWAKE", ready=True, percent=100)

    def hang_up(self) -> None:
        """Break every stream and refuse new ones."""
        self.streams_open = False
        for stream in self._streams:
            stream.put_nowait(None)

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/.wakeproxy/status", self._answer_status)
        application.router.add_get("/.wakeproxy/events", self._answer_events)
        application.router.add_post("/.wakeproxy/wake", self._answer_wake)
        application.router.add_get("/shop/.wakeproxy/status", self._answer_status)
        application.router.add_post("/shop/.wakeproxy/wake", self._answer_wake)
        application.router.add_get("/.wakeproxy/", self._answer_about)
        application.router.add_post("/.wakeproxy/keep-awake", self._answer_keep)
        application.router.add_get("/favicon.ico", self._answer_icon)
        application.router.add_get("/{path:.*}", self._answer_visit)
        return application

    def _send(self, chunk: bytes) -> None:
        for stream in self._streams:
            stream.put_nowait(chunk)

    def _page(self, path: str) -> Page:
        match self.status["phase"]:
            case "FAILED":
                return FailedPage(self.status, self.display_name, self.retry_after, path)
            case "ASLEEP":
                return AskPage(self.status, self.display_name, path)
            case _:
                return WaitingPage(self.status, self.display_name, self.retry_after, self.needs_others)

    async def _answer_visit(self, request: web.Request) -> web.Response:
        if request.path == "/elsewhere":
            return web.Response(text="<title>Elsewhere</title>", content_type="text/html")
        self.visits.append(monotonic())
        if self.app_answers:
            return web.Response(text=APP, content_type="text/html")
        body = self._pages.render(self.theme, self._page(request.path_qs), nonce=NONCE, site=self.place)
        return web.Response(status=503, body=body, headers=_page_headers())

    async def _answer_about(self, _request: web.Request) -> web.Response:
        page = AboutPage(self.status, self.display_name, path="/", full_seconds=900.0)
        return web.Response(body=self._pages.render(self.theme, page, nonce=NONCE), headers=_page_headers())

    async def _answer_keep(self, request: web.Request) -> web.Response:
        form = parse_qs(await request.text())
        self.keeps.append({"path": request.query.get("path"), **form})
        if self.keep_code == 202:
            self.set(stays="kept", kept_until="2026-11-21T18:00:00+00:00", sleeps_in_seconds=7200.0)
        if "next" in form:
            raise web.HTTPSeeOther(form["next"][0])
        return web.json_response(self.status, status=self.keep_code)

    async def _answer_icon(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)  # the app's own icon is no visit

    async def _answer_status(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response(self.status, status=self.status_code)

    async def _answer_wake(self, request: web.Request) -> web.Response:
        form = parse_qs(await request.text())
        self.wakes.append({"origin": request.headers.get("Origin"), **form})
        if "next" in form:
            raise web.HTTPSeeOther(form["next"][0])
        return web.Response(status=self.wake_code)

    async def _answer_events(self, request: web.Request) -> web.StreamResponse:
        if not self.streams_open:
            return web.Response(status=503)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        stream: asyncio.Queue[bytes | None] = asyncio.Queue()
        event = "ready" if self.status["ready"] else "progress"
        stream.put_nowait(f"event: {event}\ndata: {json.dumps(self.status)}\n\n".encode())
        self._streams.add(stream)
        try:
            while (chunk := await stream.get()) is not None:
                await answer.write(chunk)
        except ConnectionError:
            pass  # the visitor left
        finally:
            self._streams.discard(stream)
        return answer


def _page_headers() -> dict[str, str]:
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": content_security_policy(NONCE),
        "Cache-Control": "no-store",
        "Retry-After": "1",
        "Referrer-Policy": "no-referrer",
    }
