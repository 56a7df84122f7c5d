"""Where operators come in: aiohttp's own server."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from wakeproxy.settings import Listen


@asynccontextmanager
async def listen(app: web.Application, where: Listen | socket.socket, *, drain_seconds: float) -> AsyncIterator[int]:
    """Listen until the context ends, at an address or on a socket; yields the port, which the system chose if 0."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=drain_seconds)
    await runner.setup()
    try:
        if isinstance(where, Listen):
            site: web.BaseSite = web.TCPSite(runner, where.host, where.port)
        else:
            site = web.SockSite(runner, where)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
