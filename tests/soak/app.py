"""The app under the soak: what it answers follows from what it was asked, so that every byte can be checked."""

import asyncio
import hashlib
import random

from aiohttp import WSMsgType, web

PIECE = 16 * 1024


def make_content(seed: int, size: int) -> bytes:
    """The bytes that belong to a seed."""
    return random.Random(seed).randbytes(size)


async def health(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def content(request: web.Request) -> web.StreamResponse:
    """Give content; chunked and slowly if asked for a pause between its pieces."""
    query = {name: float(value) for name, value in request.query.items()}
    made = make_content(int(query["seed"]), int(query["size"]))
    if "pause" not in query:
        return web.Response(body=made)
    answer = web.StreamResponse()
    await answer.prepare(request)
    for at in range(0, len(made), PIECE):
        await answer.write(made[at : at + PIECE])
        await asyncio.sleep(query["pause"])
    await answer.write_eof()
    return answer


async def upload(request: web.Request) -> web.Response:
    digest = hashlib.sha256()
    async for piece in request.content.iter_any():
        digest.update(piece)
    return web.Response(text=digest.hexdigest())


async def talk(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data[::-1])
    return socket


if __name__ == "__main__":
    app = web.Application(client_max_size=2**30)
    app.router.add_get("/healthz", health)
    app.router.add_get("/content", content)
    app.router.add_post("/upload", upload)
    app.router.add_get("/talk", talk)
    web.run_app(app, port=8080, print=None, access_log=None, shutdown_timeout=1.0)
