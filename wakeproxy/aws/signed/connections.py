"""HTTP/1.1 to one endpoint: connections that are kept, and no longer than the other side keeps them.

A Lambda's process stands still between requests, so a kept connection may be gone without its end having been heard:
each is looked at before it is used again, and one that turns out to be gone costs a second try and no error.
"""

import asyncio
import select
import ssl
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Self

from wakeproxy.aws.errors import StrangeAnswerError, UnansweredError
from wakeproxy.aws.signed.endpoints import Endpoint
from wakeproxy.wire.bodies import Body, Chunked, Counted, UntilClose, take_content
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.responses import ResponseHead, read_response

_AT_ONCE: Final = 50
"""As many as the client library is let have."""
_HEAD_BYTES: Final = 64 * 1024
_FIELDS: Final = 100
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Several times what AWS's largest answer takes (16 MB, BatchGetItem in the DynamoDB API reference)."""
_PIECE: Final = 64 * 1024
_FINAL: Final = 200


class Patience(NamedTuple):
    """How long somebody is waited for, in seconds."""

    connect: float
    """Until there is a connection."""
    silence: float
    """Between two pieces of an answer."""
    kept: float = 12.0
    """For which a connection without a request is kept, as by aiobotocore: AWS ends it after 20."""


class Answer:
    """An answer as it came."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        """By name in lower case."""
        self.body = body


class _GoneError(Exception):
    """The connection ended before a byte of an answer came."""


class Connections:
    """Asks one endpoint; `close` ends what is kept."""

    def __init__(self, endpoint: Endpoint, patience: Patience, trust: Callable[[], ssl.SSLContext]) -> None:
        self.endpoint = endpoint
        self._patience = patience
        self._trust = trust
        self._kept: list[_Connection] = []
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, method: str, headers: Mapping[str, str], body: bytes = b"", *, path: str = "") -> Answer:
        """Ask, once; again only where a kept connection was gone, so what is asked must do no harm twice.

        Raises:
            UnansweredError: nobody was there, or he broke off or fell silent.
            StrangeAnswerError: the answer is not HTTP.
        """
        lines = (f"{method} {path or self.endpoint.path} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers))
        request = "\r\n".join((*lines, f"content-length: {len(body)}", "", "")).encode("latin-1") + body
        async with self._places:
            try:
                kept = self._take()
                if kept is not None:
                    try:
                        return await self._ask_over(kept, request)
                    except _GoneError:
                        pass
                return await self._ask_over(await self._connect(), request)
            except _GoneError as error:
                raise UnansweredError(f"{self.endpoint.authority} ended the connection without an answer") from error
            except TimeoutError as error:
                raise UnansweredError(f"{self.endpoint.authority} took too long") from error
            except (OSError, EOFError) as error:
                raise UnansweredError(f"{self.endpoint.authority} broke off: {_text(error)}") from error
            except BadMessageError as error:
                raise StrangeAnswerError("its answer is not HTTP") from error

    def close(self) -> None:
        """End the connections that are kept."""
        while self._kept:
            self._kept.pop().end()

    def _take(self) -> "_Connection | None":
        """Take the connection used last, if it is still good; what is not is ended."""
        now = asyncio.get_running_loop().time()
        while self._kept:
            connection = self._kept.pop()
            if now - connection.idle_since < self._patience.kept and not connection.has_something_to_say:
                return connection
            connection.end()
        return None

    async def _connect(self) -> "_Connection":
        there = self.endpoint
        try:
            async with asyncio.timeout(self._patience.connect):
                return await _Connection.open(there, self._trust() if there.scheme == "https" else None)
        except TimeoutError as error:
            raise UnansweredError(f"{there.authority} takes no connection") from error
        except OSError as error:
            raise UnansweredError(f"no connection to {there.authority}: {_text(error)}") from error

    async def _ask_over(self, connection: "_Connection", request: bytes) -> Answer:
        is_kept = False
        try:
            answer, is_kept = await connection.ask(request, self._patience.silence)
        finally:  # however it ends, and if it is because nobody waits any more
            if is_kept:
                connection.idle_since = asyncio.get_running_loop().time()
                self._kept.append(connection)
            else:
                connection.end()
        return answer


class _Connection:
    """One connection, asked one thing at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.idle_since = 0.0

    @classmethod
    async def open(cls, endpoint: Endpoint, tls: ssl.SSLContext | None) -> Self:
        """Connect."""
        name = endpoint.host if tls else None
        return cls(
            *await asyncio.open_connection(
                endpoint.host, endpoint.port, ssl=tls, server_hostname=name, limit=_HEAD_BYTES
            )
        )

    @property
    def has_something_to_say(self) -> bool:
        """Whether the other side ended it or spoke unasked; the socket knows it before the loop has come to it."""
        if self._reader.at_eof() or self._writer.is_closing():
            return True
        poll = select.poll()
        poll.register(self._writer.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    async def ask(self, request: bytes, silence: float) -> tuple[Answer, bool]:
        """Ask, and read the answer; with it whether the connection may be used again."""
        head = await self._begin(request, silence)
        content = bytearray()
        body = _body_of(head)
        rest = b""
        while not body.is_over:
            async with asyncio.timeout(silence):
                piece = await self._reader.read(_PIECE)
            if not piece:
                if isinstance(body, UntilClose):
                    break
                raise EOFError("it ended within its answer")
            end, some = take_content(body, piece)
            content += some
            rest = piece[end:]
            if len(content) > _MOST_BYTES:
                raise BadMessageError("The answer is too long.")
        is_kept = head.keeps_alive and body.is_over and not rest
        return Answer(head.status, _headers_of(head), bytes(content)), is_kept

    async def _begin(self, request: bytes, silence: float) -> ResponseHead:
        """Send the request, and read the final answer's head."""
        try:
            self._writer.write(request)
            await self._writer.drain()
            async with asyncio.timeout(silence):
                first = await self._reader.readexactly(1)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise _GoneError from error
        while True:
            try:
                async with asyncio.timeout(silence):
                    raw = first + await self._reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError as error:
                raise BadMessageError("The answer has too long a head.") from error
            head = read_response(raw, to_head=False, most_fields=_FIELDS)
            if head.status >= _FINAL:
                return head
            first = b""

    def end(self) -> None:
        """End it at once; there is nobody to say goodbye to."""
        self._writer.transport.abort()


def _body_of(head: ResponseHead) -> Body:
    if head.body_is_chunked:
        return Chunked(most_bytes=_HEAD_BYTES, most_fields=_FIELDS)
    return UntilClose() if head.length is None else Counted(head.length)


def _headers_of(head: ResponseHead) -> Mapping[str, str]:
    pairs = (line.decode("latin-1").partition(":") for line in head.lines)
    return {name.lower(): value.strip() for name, _, value in pairs}


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__
