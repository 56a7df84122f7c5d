"""The visitors' listener behind a load balancer that speaks the PROXY protocol.

It takes the header off each connection, byte for byte, before the loop hands the connection to TLS or HTTP, so that
neither needs to know. Knows sockets and who is trusted; what is served on them is the factory's.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TypeAlias

from wakeproxy.engine.tasks import Tasks
from wakeproxy.wire.proxy_protocol import LONGEST, BadProxyHeaderError, ProxyHeader, read_proxy_header

logger = logging.getLogger(__name__)

Factory: TypeAlias = Callable[[ProxyHeader], asyncio.BaseProtocol]
"""Makes the protocol of one connection, knowing who is behind the load balancer."""

_BATCH = 64
"""Connections accepted in one turn of the loop, so that a crowd at the door does not starve those inside."""
_REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms connections are accepted."""

    trusted: tuple[IPv4Network | IPv6Network, ...]
    """Who may speak the PROXY protocol; nobody else is served."""
    within: timedelta
    """How long a header may take, and then a TLS handshake."""
    context: ssl.SSLContext | None = None
    """What TLS is spoken with, after the header; ``None`` for none."""
    waiting: int = 1024
    """Connections that may be without their header or handshake at once; more wait in the kernel's backlog."""


class _Wrong(StrEnum):
    """Why a connection is not served."""

    STRANGER = "it may not speak the PROXY protocol"
    HEADER = "it does not speak it as it should"


class Acceptor:
    """Accepts connections on a listening socket, which is its own from now on, until it is closed."""

    def __init__(self, listener: socket.socket, factory: Factory, terms: Terms) -> None:
        self._listener = listener
        self._factory = factory
        self._terms = terms
        self._tasks = Tasks("proxy protocol")
        self._told: set[_Wrong] = set()
        self._resting: asyncio.TimerHandle | None = None
        self._is_accepting = False
        self._is_closed = False

    def start(self) -> None:
        """Begin to accept; there must be a running loop."""
        self._listener.settimeout(0)
        self._go_on()

    async def close(self) -> None:
        """Accept no more, and leave those who have not told yet who they are; who is served already stays."""
        self._is_closed = True
        self._pause()
        if self._resting is not None:
            self._resting.cancel()
        self._listener.close()
        await self._tasks.stop()

    def _go_on(self) -> None:
        if not self._is_accepting and not self._is_closed:
            self._is_accepting = True
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _pause(self) -> None:
        if self._is_accepting:
            self._is_accepting = False
            asyncio.get_running_loop().remove_reader(self._listener)

    def _accept(self) -> None:
        for _ in range(_BATCH):
            if len(self._tasks) >= self._terms.waiting:
                self._pause()
                return
            try:
                connection, (host, *_) = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:  # it left while it stood in line
                continue
            except OSError as error:  # no file descriptors or no memory: what is open will end, and then there are
                self._rest(error)
                return
            self._take(connection, host)

    def _rest(self, error: OSError) -> None:
        logger.error("no connection can be accepted (%s); trying again in %g s", error.strerror, _REST_SECONDS)
        self._pause()
        self._resting = asyncio.get_running_loop().call_later(_REST_SECONDS, self._wake)

    def _wake(self) -> None:
        self._resting = None
        self._go_on()

    def _take(self, connection: socket.socket, host: str) -> None:
        if not self._is_trusted(host):
            connection.close()
            self._tell(_Wrong.STRANGER, host, "it is in none of the trusted_proxies")
            return
        connection.settimeout(0)
        task = self._tasks.start(self._welcome(connection, host), name=f"welcoming {host}")
        task.add_done_callback(self._has_ended)

    def _has_ended(self, _: asyncio.Task[None]) -> None:
        if self._resting is None:
            self._go_on()

    def _is_trusted(self, host: str) -> bool:
        address = ip_address(host)
        address = getattr(address, "ipv4_mapped", None) or address  # how a listener on [::] names IPv4's
        return any(address in network for network in self._terms.trusted)

    async def _welcome(self, connection: socket.socket, host: str) -> None:
        is_passed_on = False
        try:
            protocol = self._factory(await self._identify(connection))
            is_passed_on = True  # the transport closes it from here on, whatever happens
            await self._serve(connection, protocol)
        except BadProxyHeaderError as error:
            self._tell(_Wrong.HEADER, host, str(error))
        except OSError as error:  # an SSLError is one
            logger.debug("%s left before it was served: %s", host, error)
        finally:
            if not is_passed_on:
                connection.close()

    async def _identify(self, connection: socket.socket) -> ProxyHeader:
        try:
            async with asyncio.timeout(self._terms.within.total_seconds()):
                return await _take_header(connection)
        except TimeoutError:
            raise BadProxyHeaderError("The PROXY header did not come in time.") from None

    async def _serve(self, connection: socket.socket, protocol: asyncio.BaseProtocol) -> None:
        context = self._terms.context
        patience = None if context is None else self._terms.within.total_seconds()
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: protocol, connection, ssl=context, ssl_handshake_timeout=patience
        )

    def _tell(self, wrong: _Wrong, host: str, detail: str) -> None:
        """Log the first of a kind for operators, who have probably set something wrong; the others are noise."""
        level = logging.DEBUG if wrong in self._told else logging.WARNING
        self._told.add(wrong)
        logger.log(level, "%s was not served, for %s: %s", host, wrong, detail)


async def _take_header(connection: socket.socket) -> ProxyHeader:
    """Take the header off a connection, and not a byte more: TLS must find its own first byte."""
    taken = b""
    while True:
        try:
            seen = connection.recv(LONGEST, socket.MSG_PEEK)
        except BlockingIOError:
            await _await_bytes(connection)
            continue
        if not seen:
            raise _explain_end(taken)
        header = read_proxy_header(taken + seen)
        # Of a header that is not complete everything is its own; taken, it cannot make the loop believe there is more.
        taken += connection.recv(len(seen) if header is None else header.length - len(taken))
        if header is not None and len(taken) == header.length:
            return header


def _explain_end(taken: bytes) -> Exception:
    """Tell a load balancer's health check, which connects and says nothing, from a header that is cut short."""
    if taken:
        return BadProxyHeaderError("The connection ended within its PROXY header.")
    return ConnectionAbortedError("it said nothing")


async def _await_bytes(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    is_there = asyncio.Event()
    loop.add_reader(connection, is_there.set)
    try:
        await is_there.wait()
    finally:
        loop.remove_reader(connection)
