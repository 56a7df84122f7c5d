"""The relay: passes one request on to a task and its answer back, both as streams, byte for byte.

Nothing is followed, unpacked, cached or remembered: redirects are the visitor's, bodies stay encoded, and no cookie
of one visitor is ever seen by another.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from wakeproxy.core.headers import Field, Hop, pass_request, pass_upgrade
from wakeproxy.core.observation import Endpoint
from wakeproxy.errors import UpstreamError
from wakeproxy.upstream.answer import Relayed, decode_fields, pass_back
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.tunnel import join

_CONNECT_SECONDS = 5
_SILENCE_SECONDS = 300
"""An app may think long before its first byte and between two; load balancers usually give up after a minute."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_PIECE = 65_536

_ChooseFields = Callable[[Sequence[Field], Hop], list[Field]]


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


class Relay:
    """Passes requests on; only those that may be sent twice share connections.

    An idle connection may be closed by the app at the very moment a request is written to it. What is safe to send
    again is; the rest gets a connection of its own, where that cannot happen.
    """

    def __init__(self, shared: aiohttp.ClientSession, fresh: aiohttp.ClientSession, guard: Guard) -> None:
        self._shared = shared
        self._fresh = fresh
        self._guard = guard
        self.in_flight: Counter[Endpoint] = Counter()

    @classmethod
    @asynccontextmanager
    async def open(cls, guard: Guard, *, silence: float = _SILENCE_SECONDS) -> AsyncIterator[Self]:
        """Open the connections' pools; they close when the context ends.

        ``silence`` is how many seconds an app may say nothing once it was asked.
        """
        patience = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=silence)
        async with (
            _open_session(patience, force_close=False) as shared,
            _open_session(patience, force_close=True) as fresh,
        ):
            yield cls(shared, fresh, guard)

    def choose(self, endpoints: Sequence[Endpoint]) -> Endpoint:
        """Choose the task with the fewest requests in flight."""
        return endpoints[0] if len(endpoints) == 1 else min(endpoints, key=self.in_flight.__getitem__)

    async def carry(self, request: web.Request, passage: Passage) -> web.StreamResponse:
        """Pass a request on and its answer back.

        Raises:
            UpstreamError: no byte of an answer reached the visitor; ``sent`` tells whether the app may have seen any
                of the request.
        """
        if not self._guard.admits(passage.endpoint.host):
            raise UpstreamError(f"{passage.endpoint.host} is no address a task may have.", sent=False)
        self.in_flight[passage.endpoint] += 1
        try:
            return await self._carry(request, passage)
        finally:
            self.in_flight[passage.endpoint] -= 1
            if not self.in_flight[passage.endpoint]:
                del self.in_flight[passage.endpoint]

    async def _carry(self, request: web.Request, passage: Passage) -> web.StreamResponse:
        is_upgrade = _asks_for_upgrade(request)
        async with await self._ask(request, passage, is_upgrade=is_upgrade) as answer:
            response = Relayed(answer, passage.added)
            if answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
                await pass_back(request, answer, response)
            elif is_upgrade:
                await join(request, answer, response)
            else:
                raise BrokenAppError("The app switched to another protocol unasked.", sent=True)
            return response

    async def _ask(self, request: web.Request, passage: Passage, *, is_upgrade: bool) -> aiohttp.ClientResponse:
        """Ask on a shared connection what may be asked again: if that one was stale, a fresh one is not."""
        if request.method in _SAFE and not (is_upgrade or request.body_exists):
            try:
                return await _send(self._shared, request, passage, pass_request)
            except BrokenAppError as error:
                if error.sent:
                    raise
        return await _send(self._fresh, request, passage, pass_upgrade if is_upgrade else pass_request)


async def _send(
    session: aiohttp.ClientSession, request: web.Request, passage: Passage, choose: _ChooseFields
) -> aiohttp.ClientResponse:
    fields = choose(decode_fields(request.raw_headers), passage.hop)
    try:
        return await session.request(
            request.method,
            _url(passage),
            headers=CIMultiDict(_spell_alike(fields)),
            data=_body(request) if request.body_exists else None,
            allow_redirects=False,
        )
    except aiohttp.ClientConnectorError as error:
        raise UpstreamError(f"The app refuses connections: {error.strerror}.", sent=False) from error
    except aiohttp.ConnectionTimeoutError as error:
        raise UpstreamError("The app does not take connections.", sent=False) from error
    except TimeoutError as error:
        raise SilentAppError("The app took the request and did not answer in time.", sent=True) from error
    except aiohttp.ClientResponseError as error:
        raise BrokenAppError("The app's answer is not HTTP.", sent=True) from error
    except (aiohttp.ClientError, OSError) as error:
        # A safe request without a body may be sent again wherever it got to (RFC 9110, 9.2.2).
        is_spent = request.method not in _SAFE or request.body_exists
        raise BrokenAppError("The app broke off before it answered.", sent=is_spent) from error


class SilentAppError(UpstreamError):
    """The app took the request and did not answer in time."""


class BrokenAppError(UpstreamError):
    """The app took the connection and answered nothing that could be passed back; it may well serve others.

    What may be asked again (``sent`` is false) was asked twice.
    """


@asynccontextmanager
async def _open_session(patience: aiohttp.ClientTimeout, *, force_close: bool) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=False, force_close=force_close),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=patience,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        read_bufsize=_PIECE,
        max_line_size=_PIECE,
        max_field_size=_PIECE,
    ) as session:
        session._retry_connection = False  # noqa: SLF001 - it would send a PUT again, whose body is spent
        yield session


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    """Read the request's body once the app is there to take it, telling the visitor to go on if it waits for that."""
    yield b""  # lets the head go ahead, which aiohttp would keep back until the first byte of the body
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    async for piece in request.content.iter_any():
        yield piece


def _asks_for_upgrade(request: web.Request) -> bool:
    """Whether the visitor wants a tunnel; a request with a body is answered first, as if it did not ask.

    ``h2c`` is obsolete (RFC 9113, 3.1), and a tunnel of requests would carry fields that nobody checked.
    """
    options = {
        option.strip().lower() for line in request.headers.getall("Connection", ()) for option in line.split(",")
    }
    protocol = request.headers.get("Upgrade", "").strip().lower()
    return "upgrade" in options and protocol not in {"", "h2c"} and not request.body_exists


def _spell_alike(fields: Sequence[Field]) -> list[Field]:
    """Spell a repeated field as it was spelled first: aiohttp takes ``Cookie`` and ``cookie`` for one replaced."""
    spelling: dict[str, str] = {}
    return [(spelling.setdefault(name.lower(), name), value) for name, value in fields]


def _url(passage: Passage) -> URL:
    """Build the address; the query stays in the path, for a target that ends in ``?`` would lose it otherwise."""
    endpoint = passage.endpoint
    return URL.build(scheme=passage.scheme, host=endpoint.host, port=endpoint.port, path=passage.target, encoded=True)
