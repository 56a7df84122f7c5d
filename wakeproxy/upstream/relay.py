"""The relay: passes one request on to a task and its answer back, both as streams, byte for byte.

Nothing is followed, unpacked, cached or remembered: redirects are the visitor's, bodies stay encoded, and no cookie
of one visitor is ever seen by another.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from wakeproxy.core.headers import Field, Hop, pass_request, pass_response, pass_upgrade
from wakeproxy.core.observation import Endpoint
from wakeproxy.errors import UpstreamError
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.tunnel import join

_CONNECT_SECONDS = 5
_SILENCE_SECONDS = 300
"""An app may think long before its first byte and between two; load balancers usually give up after a minute."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_PIECE = 65_536
_GENERATED = ("Content-Type", "Server", "Date")
"""Fields that the server library would add to an answer which has none of its own."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One request's way: to which task, how, and what is said about it."""

    endpoint: Endpoint
    scheme: str
    hop: Hop
    target: str
    """Path and query, as they came."""
    added: tuple[Field, ...] = ()
    """Fields of ours that the answer carries besides the app's."""


class Relayed(web.StreamResponse):
    """An app's answer on its way back; `restore` takes out what the server library made up."""

    def __init__(self, answer: aiohttp.ClientResponse, added: tuple[Field, ...]) -> None:
        fields = pass_response(_decode(answer.raw_headers))
        super().__init__(status=answer.status, reason=answer.reason, headers=CIMultiDict([*fields, *added]))
        self._own = {name.lower() for name, _ in fields}

    def restore(self) -> None:
        """Leave out fields that the app did not send."""
        for name in _GENERATED:
            if name.lower() not in self._own:
                self.headers.pop(name, None)


class Relay:
    """Passes requests on; only those that may be sent twice share connections.

    An idle connection may be closed by the app at the very moment a request is written to it. What is safe to send
    again is; the rest gets a connection of its own, where that cannot happen.
    """

    def __init__(self, shared: aiohttp.ClientSession, fresh: aiohttp.ClientSession, guard: Guard) -> None:
        self._shared = shared
        self._fresh = fresh
        self._guard = guard
        self._in_flight: Counter[Endpoint] = Counter()

    @classmethod
    @asynccontextmanager
    async def open(cls, guard: Guard) -> AsyncIterator[Self]:
        """Open the connections' pools; they close when the context ends."""
        async with _open_session(force_close=False) as shared, _open_session(force_close=True) as fresh:
            yield cls(shared, fresh, guard)

    def choose(self, endpoints: Sequence[Endpoint]) -> Endpoint:
        """Choose the task with the fewest requests in flight."""
        return endpoints[0] if len(endpoints) == 1 else min(endpoints, key=self._in_flight.__getitem__)

    async def carry(self, request: web.Request, passage: Passage) -> web.StreamResponse:
        """Pass a request on and its answer back.

        Raises:
            UpstreamError: no byte of an answer reached the visitor; ``sent`` tells whether the app may have seen any
                of the request.
        """
        if not self._guard.admits(passage.endpoint.host):
            raise UpstreamError(f"{passage.endpoint.host} is no address a task may have.", sent=False)
        self._in_flight[passage.endpoint] += 1
        try:
            return await self._carry(request, passage)
        finally:
            self._in_flight[passage.endpoint] -= 1
            if not self._in_flight[passage.endpoint]:
                del self._in_flight[passage.endpoint]

    async def _carry(self, request: web.Request, passage: Passage) -> web.StreamResponse:
        async with await self._ask(request, passage) as answer:
            response = Relayed(answer, passage.added)
            if answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
                await join(request, answer, response)
            else:
                await _pass_back(request, answer, response)
            return response

    async def _ask(self, request: web.Request, passage: Passage) -> aiohttp.ClientResponse:
        is_upgrade = "upgrade" in request.headers.get("Connection", "").lower() and "Upgrade" in request.headers
        fields = (pass_upgrade if is_upgrade else pass_request)(_decode(request.raw_headers), passage.hop)
        session = self._shared if request.method in _SAFE and not is_upgrade else self._fresh
        try:
            return await session.request(
                request.method,
                _url(passage),
                headers=CIMultiDict(fields),
                data=_body(request) if request.can_read_body and not is_upgrade else None,
                allow_redirects=False,
            )
        except aiohttp.ClientConnectorError as error:
            raise UpstreamError(f"The app refuses connections: {error.strerror}.", sent=False) from error
        except aiohttp.ConnectionTimeoutError as error:
            raise UpstreamError("The app does not take connections.", sent=False) from error
        except TimeoutError as error:
            raise SilentAppError(f"The app did not answer within {_SILENCE_SECONDS} seconds.", sent=True) from error
        except (aiohttp.ClientError, OSError) as error:
            # A safe request without a body may be sent again wherever it got to (RFC 9110, 9.2.2).
            is_spent = request.method not in _SAFE or request.can_read_body
            reason = str(error) or type(error).__name__
            raise UpstreamError(f"The app broke off before it answered: {reason}.", sent=is_spent) from error


class SilentAppError(UpstreamError):
    """The app took the request and did not answer in time."""


@asynccontextmanager
async def _open_session(*, force_close: bool) -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=False, force_close=force_close),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=timeout,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        read_bufsize=_PIECE,
        max_line_size=_PIECE,
        max_field_size=_PIECE,
    ) as session:
        yield session


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    """Read the request's body once the app is there to take it, telling the visitor to go on if it waits for that."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    async for piece in request.content.iter_any():
        yield piece


def _decode(fields: Sequence[tuple[bytes, bytes]]) -> list[Field]:
    return [(name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in fields]


def _url(passage: Passage) -> URL:
    path, _, query = passage.target.partition("?")
    return URL.build(
        scheme=passage.scheme,
        host=passage.endpoint.host,
        port=passage.endpoint.port,
        path=path,
        query_string=query,
        encoded=True,
    )


async def _pass_back(request: web.Request, answer: aiohttp.ClientResponse, response: Relayed) -> None:
    await response.prepare(request)
    try:
        async for piece in answer.content.iter_any():
            await response.write(piece)
    except (aiohttp.ClientError, TimeoutError, OSError):
        # Cut off in the middle: an orderly end would pass a torn answer off as a whole one.
        if request.transport is not None:
            request.transport.abort()
        return
    await response.write_eof()
