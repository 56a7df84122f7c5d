"""The probe: one attempt to get an answer out of an app, by HTTP where a path is given, by a TCP connect otherwise."""

import asyncio
import contextlib
import logging

import aiohttp
from yarl import URL

from wakeproxy.core.observation import Endpoint
from wakeproxy.core.service import Ready
from wakeproxy.upstream.guard import Guard

logger = logging.getLogger(__name__)


class HttpProber:
    """`Prober` over real sockets."""

    def __init__(self, session: aiohttp.ClientSession, guard: Guard) -> None:
        self._session = session
        self._guard = guard

    async def probe(self, endpoint: Endpoint, *, scheme: str, ready: Ready) -> bool:
        """Try once; a refused, silent or wrong answer is ``False``, and so is an address that must not be dialled."""
        if not self._guard.admits(endpoint.host):
            logger.warning("the address %s of %s is not one a task may have", endpoint.host, endpoint.task)
            return False
        try:
            async with asyncio.timeout(ready.timeout.total_seconds()):
                if ready.path is None:
                    return await _connects(endpoint)
                return await self._answers(endpoint, ready, scheme=scheme)
        except (OSError, TimeoutError, aiohttp.ClientError):
            return False

    async def _answers(self, endpoint: Endpoint, ready: Ready, *, scheme: str) -> bool:
        authority = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        url = URL(f"{scheme}://{authority}:{endpoint.port}{ready.path}", encoded=True)
        headers = {"User-Agent": "wakeproxy-probe", "Connection": "close"}
        async with self._session.get(url, headers=headers, allow_redirects=False, ssl=False) as response:
            return ready.lowest <= response.status <= ready.highest


async def _connects(endpoint: Endpoint) -> bool:
    _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
