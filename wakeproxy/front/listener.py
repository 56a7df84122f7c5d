"""The visitors' listener: takes connections in until it is told to stop, then lets what runs finish."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from wakeproxy.front.connection import Connection
from wakeproxy.front.door import Door

logger = logging.getLogger(__name__)

_BACKLOG = 4096


def bind(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """Bind an address; port 0 lets the system choose. ``is_shared`` lets other processes of ours bind it, too.

    Raises:
        OSError: the address is taken, or not ours.
    """
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
    )[0]
    sock = socket.socket(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


@asynccontextmanager
async def listen(door: Door, sock: socket.socket) -> AsyncIterator[int]:
    """Serve visitors until the context ends, and then let what runs finish; yields the port."""
    loop = asyncio.get_running_loop()
    door.tasks.repeat(door.pulse.beat, name="pulse")
    door.relay.start()
    server = await loop.create_server(lambda: Connection(door), sock=sock, backlog=_BACKLOG)
    try:
        yield sock.getsockname()[1]
    finally:
        server.close()
        await drain(door)
        await door.tasks.stop()
        await door.relay.stop()


async def drain(door: Door) -> None:
    """Let every connection finish what runs, for as long as may be; then cut what is left."""
    door.is_draining = True
    await door.streams.stop()
    for guest in tuple(door.guests):
        guest.drain()
    if door.guests:
        with suppress(TimeoutError):
            async with asyncio.timeout(door.timeouts.drain.total_seconds()):
                await door.emptied.wait()
    if door.guests:
        logger.warning("%d connections did not finish in time and were cut", len(door.guests))
    for guest in tuple(door.guests):
        guest.cut()
    if door.guests:
        await door.emptied.wait()
