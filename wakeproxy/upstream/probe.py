"""The probe: one attempt to get an answer out of an app, by HTTP where a path is given, by a TCP connect otherwise."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from wakeproxy.core.limits import Limits
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.service import Ready
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.trust import trust_all
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.responses import read_response

logger = logging.getLogger(__name__)

_FINAL: Final = 200
"""The lowest status that is no interim answer's; an app may give some before, and none of them says it is ready."""
_LIMITS: Final = Limits()


class HttpProber:
    """`Prober` over real sockets; an answer is one where the relay could pass it on."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def probe(self, endpoint: Endpoint, *, scheme: str, ready: Ready) -> bool:
        """Try once; a refused, silent or wrong answer is ``False``, and so is an address that must not be dialled."""
        if not self._guard.admits(endpoint.host):
            logger.warning("the address %s of %s is not one a task may have", endpoint.host, endpoint.task)
            return False
        try:
            async with asyncio.timeout(ready.timeout.total_seconds()):
                if ready.path is None:
                    async with _connect(endpoint, None):
                        return True
                async with _connect(endpoint, trust_all() if scheme == "https" else None) as (reader, writer):
                    writer.write(_ask(endpoint, ready.path))
                    return ready.lowest <= await _read_status(reader) <= ready.highest
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, BadMessageError):
            return False


@asynccontextmanager
async def _connect(
    endpoint: Endpoint, tls: ssl.SSLContext | None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect; the connection is gone in the end, without waiting for the other side to agree."""
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=tls, limit=_LIMITS.head_bytes)
    try:
        yield reader, writer
    finally:
        if tls is None:
            writer.close()
        else:
            writer.transport.abort()


def _ask(endpoint: Endpoint, path: str) -> bytes:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}:{endpoint.port}",
        "User-Agent: wakeproxy-probe",
        "Accept: */*",
        "Connection: close",  # an app that serves one connection at a time must not be kept busy
    )
    return "\r\n".join((*lines, "", "")).encode()


async def _read_status(reader: asyncio.StreamReader) -> int:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        status = read_response(head, to_head=False, most_fields=_LIMITS.head_fields).status
        if status >= _FINAL:
            return status
