"""A plain proxy of aiohttp's server and client, as one would write it: streaming, no cookies kept, no log.

Started as: aiohttp_proxy PORT HOST=ADDRESS:PORT ...
"""

import asyncio
import sys

import aiohttp
from aiohttp import web

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
_ROUTES = dict(route.split("=", 1) for route in sys.argv[2:])
_SESSION = web.AppKey("_SESSION", aiohttp.ClientSession)


async def pass_on(request: web.Request) -> web.StreamResponse:
    """Ask the upstream and stream what it says."""
    url = f"http://{_ROUTES[request.host.partition(':')[0]]}{request.raw_path}"
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await _echo_through(request, url)
    fields = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
    fields += [("X-Forwarded-For", request.remote or ""), ("X-Forwarded-Proto", "http")]
    fields += [("X-Forwarded-Host", request.host)]
    body = request.content if request.body_exists else None
    async with request.app[_SESSION].request(
        request.method, url, headers=fields, data=body, allow_redirects=False
    ) as told:
        answer = web.StreamResponse(status=told.status, reason=told.reason)
        for name, value in told.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                answer.headers.add(name, value)
        await answer.prepare(request)
        async for piece in told.content.iter_any():
            await answer.write(piece)
        await answer.write_eof()
        return answer


async def _echo_through(request: web.Request, url: str) -> web.WebSocketResponse:
    ours = web.WebSocketResponse(compress=False)
    async with request.app[_SESSION].ws_connect(url) as theirs:
        await ours.prepare(request)

        async def carry(source: aiohttp.ClientWebSocketResponse) -> None:
            async for message in source:
                await ours.send_bytes(message.data)

        back = asyncio.create_task(carry(theirs))
        async for message in ours:
            await theirs.send_bytes(message.data)
        back.cancel()
    return ours


async def _open(app: web.Application) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    app[_SESSION] = aiohttp.ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout()
    )


def main() -> None:
    app = web.Application()
    app.on_startup.append(_open)
    app.router.add_route("*", "/{path:.*}", pass_on)
    web.run_app(
        app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, backlog=4096, shutdown_timeout=1
    )


if __name__ == "__main__":
    main()
