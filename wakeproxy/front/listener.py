"""The visitors' listener: takes connections in until it is told to stop, then lets what runs finish."""

import asyncio
import logging
import select
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import cast

from wakeproxy.front.acceptor import Acceptor, Terms
from wakeproxy.front.connection import Connection
from wakeproxy.front.door import Door
from wakeproxy.wire.proxy_protocol import ProxyHeader

logger = logging.getLogger(__name__)

_BACKLOG = 4096
_CERTIFICATES_EVERY = timedelta(seconds=10)
_TURNS_TO_READ = 5
"""Turns of the loop until what came with a new connection is read: to accept it, make its transport, begin to read,
and read; and one to spare. A request that was read is answered, a connection without any is closed."""
_MOST_TURNS = 50
"""A crowd that goes on coming does not keep us from closing."""


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
    """Serve visitors until the context ends, then leave in peace; yields the port.

    First whoever asks whether we are ready is told no, and has time to ask (``timeouts.drain_delay``); then nobody new
    comes in; then what runs may finish.
    """
    door.tasks.repeat(door.pulse.beat, name="pulse")
    door.relay.start()
    port: int = sock.getsockname()[1]
    if door.certificates is not None:
        door.tasks.repeat(partial(door.certificates.watch, _CERTIFICATES_EVERY), name="certificates")
    close = await (_hear_proxies if door.hears_proxies else _hear)(door, sock)
    try:
        yield port
        door.is_leaving = True
        await asyncio.sleep(door.timeouts.drain_delay.total_seconds())
    finally:
        door.is_leaving = True
        await close()
        await drain(door)
        await door.tasks.stop()
        await door.relay.stop()


def meet_visitor(door: Door, came_from: tuple[str, int] | None = None) -> asyncio.Protocol:
    """Make what serves a new connection."""
    return cast("asyncio.Protocol", Connection(door, came_from))


async def _hear(door: Door, sock: socket.socket) -> Callable[[], Awaitable[None]]:
    """Accept who comes."""
    context = _context_of(door)
    server = await asyncio.get_running_loop().create_server(
        lambda: meet_visitor(door),
        sock=sock,
        backlog=_BACKLOG,
        ssl=context,
        ssl_handshake_timeout=None if context is None else door.head_seconds,
    )

    async def close() -> None:
        await _take_in(sock)
        server.close()

    return close


async def _hear_proxies(door: Door, sock: socket.socket) -> Callable[[], Awaitable[None]]:
    """Accept load balancers that say first on whose behalf they come."""
    terms = Terms(tuple(door.trusted), door.timeouts.head, _context_of(door))
    sock.listen(_BACKLOG)
    port: int = sock.getsockname()[1]

    def meet(header: ProxyHeader) -> asyncio.Protocol:
        if header.client is None:
            return meet_visitor(door)
        return meet_visitor(door, (header.client[0], header.server[1] if header.server else port))

    acceptor = Acceptor(sock, meet, terms)
    acceptor.start()

    async def close() -> None:
        await _take_in(sock)
        await acceptor.close()

    return close


def _context_of(door: Door) -> ssl.SSLContext | None:
    return None if door.certificates is None else door.certificates.context


async def _take_in(sock: socket.socket) -> None:
    """Let in whoever has connected already: closing a listener resets all who still wait in its queue.

    Meanwhile the queue is as short as can be, so that those who come now try again a moment later, or elsewhere.
    """
    sock.listen(0)
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    quiet = 0
    for _ in range(_MOST_TURNS):
        quiet = 0 if waiting.poll(0) else quiet + 1
        if quiet == _TURNS_TO_READ:
            break
        await asyncio.sleep(0)


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
