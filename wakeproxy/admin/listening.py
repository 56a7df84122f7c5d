"""Where operators come in: aiohttp's own server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def listen(app: web.Application, *, host: str, port: int, drain_seconds: float) -> AsyncIterator[int]:
    """Listen until the context ends; yields the port, which the system chose if 0."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=drain_seconds)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
