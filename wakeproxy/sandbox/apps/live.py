"""`wakeproxy/live`: connections that stay open. A WebSocket that echoes and tells the time, and an SSE clock.

/ws · /events · / (a page that uses both) · /healthz

On SIGTERM it says goodbye on both, so that whoever listens comes back at once, to another task.
"""

import asyncio
import contextlib
import json
import sys
from datetime import UTC, datetime

from aiohttp import WSCloseCode, WSMsgType, web

from wakeproxy.sandbox.apps.page import render_page

TICK = 1.0
OPEN: web.AppKey[dict[web.WebSocketResponse, None]] = web.AppKey("open")
ENDING: web.AppKey[asyncio.Event] = web.AppKey("ending")

_SCRIPT = """
const show = (id, text) => { document.getElementById(id).textContent = text };
new EventSource("events").onmessage = (event) => show("sse", JSON.parse(event.data).time);
const ws = new WebSocket(location.href.replace(/^http/, "ws").replace(/[^/]*$/, "ws"));
ws.onopen = () => show("state", "open");
ws.onclose = () => show("state", "closed");
ws.onmessage = (event) => {
  const said = JSON.parse(event.data);
  if (said.echo === undefined) show("clock", said.time); else show("echo", said.echo);
};
document.querySelector("form").onsubmit = (event) => { event.preventDefault(); ws.send(event.target.say.value) };
"""
_PARTS = (
    '<dl><dt>SSE clock</dt><dd id="sse">…</dd><dt>WebSocket</dt><dd id="state">connecting</dd>'
    '<dt>Its clock</dt><dd id="clock">…</dd><dt>Its echo</dt><dd id="echo">…</dd></dl>'
    '<form style="margin-top:1.3rem"><input name="say" value="hello"> <button>Send</button></form>'
)


def _time() -> dict[str, str]:
    return {"time": datetime.now(UTC).isoformat(timespec="milliseconds")}  # noqa: TID251 - a clock app


async def show_page(_: web.Request) -> web.Response:
    """Answer the page."""
    page = render_page("Live", "Two connections that stay open.", _PARTS, f"<script>{_SCRIPT}</script>")
    return web.Response(body=page, content_type="text/html", charset="utf-8")


async def answer_health(_: web.Request) -> web.Response:
    """Answer that the app is well."""
    return web.Response(text="ok\n")


async def tell_time(request: web.Request) -> web.StreamResponse:
    """Send the time every second as server-sent events."""
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await stream.prepare(request)
    with contextlib.suppress(ConnectionError):
        while not request.app[ENDING].is_set():
            await stream.write(f"data: {json.dumps(_time())}\n\n".encode())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(request.app[ENDING].wait(), TICK)
    return stream


async def talk(request: web.Request) -> web.WebSocketResponse:
    """Echo messages, and send the time every second."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    request.app[OPEN][socket] = None
    if request.app[ENDING].is_set():  # it was asked for before the end, and opened after it
        await socket.close(code=WSCloseCode.GOING_AWAY)
    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(_tick(socket), name="clock")
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_json({"echo": message.data})
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        ticking.cancel()
    request.app[OPEN].pop(socket, None)
    return socket


async def _tick(socket: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        while not socket.closed:
            await socket.send_json(_time())
            await asyncio.sleep(TICK)


async def _say_goodbye(app: web.Application) -> None:
    app[ENDING].set()
    for socket in app[OPEN].copy():
        await socket.close(code=WSCloseCode.GOING_AWAY)


def build_app() -> web.Application:
    """The app with its routes."""
    app = web.Application()
    app[OPEN], app[ENDING] = {}, asyncio.Event()
    app.on_shutdown.append(_say_goodbye)
    routes = {"/ws": talk, "/events": tell_time, "/healthz": answer_health, "/{path:.*}": show_page}
    for path, handler in routes.items():
        app.router.add_get(path, handler)
    return app


if __name__ == "__main__":
    web.run_app(build_app(), port=int(sys.argv[1]) if len(sys.argv) > 1 else 8080, shutdown_timeout=1)
