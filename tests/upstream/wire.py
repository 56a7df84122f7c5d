"""HTTP/1.1 as it is on the wire: a client and an app that say and see exactly these bytes."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Self, cast

LOWEST = "127.78.255.1"
"""An address a sandbox's task could have, in a block that no sandbox hands out first."""
PATIENCE = 60.0

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Message:
    """One request or answer, as it came."""

    first_line: str
    fields: Fields
    body: bytes = b""
    is_whole: bool = True

    @property
    def status(self) -> int:
        return int(self.first_line.split(" ")[1])

    @property
    def target(self) -> str:
        return self.first_line.split(" ")[1]

    def all(self, name: str) -> list[str]:
        """Every value of a field, whatever its case."""
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def __getitem__(self, name: str) -> str:
        return self.all(name)[0]

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))


async def read_head(reader: asyncio.StreamReader) -> Message:
    """Read a first line and its fields, byte for byte in Latin-1."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Message(first, fields)


async def read_body(reader: asyncio.StreamReader, head: Message) -> bytes:
    """Read a body by the framing its head declares; one cut short raises `asyncio.IncompleteReadError`."""
    if "chunked" in "".join(head.all("Transfer-Encoding")).lower():
        return b"".join([chunk async for chunk in _chunks(reader)])
    if "Content-Length" in head:
        return await reader.readexactly(int(head["Content-Length"]))
    return b"" if head.first_line.endswith("HTTP/1.1") else await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass


@dataclass
class Line:
    """A connection, spoken on in bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(
        cls,
        port: int,
        *,
        host: str = "127.0.0.1",
        source: str | None = None,
        tls: ssl.SSLContext | None = None,
        name: str | None = None,
    ) -> Self:
        """Connect; ``source`` is the address to come from, ``name`` whom TLS is to meet."""
        here = None if source is None else (source, 0)
        return cls(
            *await asyncio.open_connection(
                host, port, limit=2**20, local_addr=here, ssl=tls, server_hostname=name if tls else None
            )
        )

    @property
    def transport(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self.writer.transport)

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def hear(self, method: str = "GET") -> Message:
        """Read one answer; one that is cut short is not `is_whole`."""
        async with asyncio.timeout(PATIENCE):
            head = await read_head(self.reader)
            if method == "HEAD" or head.status in {204, 304} or head.status < 200:
                return head
            try:
                return Message(head.first_line, head.fields, await read_body(self.reader, head))
            except (asyncio.IncompleteReadError, ConnectionResetError):
                return Message(head.first_line, head.fields, is_whole=False)

    async def ends(self) -> bytes:
        """Read to the end of the connection, however it comes."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def dial(port: int, *, host: str = "127.0.0.1", source: str | None = None) -> AsyncIterator[Line]:
    """Open a connection for the length of a block; ``source`` is the address it comes from."""
    line = await Line.to(port, host=host, source=source)
    try:
        yield line
    finally:
        await line.close()


async def ask(port: int, request: bytes) -> Message:
    """Send one request on a connection of its own, and read its answer."""
    async with dial(port) as line:
        await line.say(request)
        return await line.hear(request.split(b" ", 1)[0].decode("latin-1"))


def head(first_line: str, *fields: str, body: bytes = b"") -> bytes:
    """Write a message; a ``Host`` is added to a request that names none."""
    lines = [first_line, *fields]
    if not first_line.startswith("HTTP/") and not re.search("(?im)^host:", "\n".join(fields)):
        lines.append("Host: app.localhost")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


OK = head("HTTP/1.1 200 OK", "Content-Length: 2", body=b"ok")

Turn = Callable[[Line, Message], Awaitable[None]]


@dataclass
class App:
    """An app that a test programs: ``answer`` gets every request's head and speaks for itself."""

    host: str = LOWEST
    port: int = 0
    seen: list[Message] = field(default_factory=list)
    connections: int = 0
    answer: Turn = field(default_factory=lambda: say_ok)
    stop_listening: Callable[[], None] = field(default=lambda: None)
    """Refuse connections from now on; those there are go on."""
    _lines: set[Line] = field(default_factory=set)

    def __hash__(self) -> int:
        return id(self)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, request after request, until either side ends it."""
        self.connections += 1
        line = Line(reader, writer)
        try:
            while not reader.at_eof():
                message = await read_head(reader)
                self.seen.append(message)
                await self.answer(line, message)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()


async def say_ok(line: Line, message: Message) -> None:
    """Take the body and answer."""
    await read_body(line.reader, message)
    await line.say(OK.removesuffix(b"ok") if message.first_line.startswith("HEAD") else OK)


@asynccontextmanager
async def run_app(answer: Turn = say_ok, *, host: str = LOWEST, port: int = 0) -> AsyncIterator[App]:
    """Run a programmed app; its connections end with it."""
    app = App(host, answer=answer)
    meetings: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        meeting = asyncio.current_task()
        assert meeting is not None
        meetings.add(meeting)
        meeting.add_done_callback(meetings.discard)
        await app.meet(reader, writer)

    server = await asyncio.start_server(meet, host, port, limit=2**20)
    app.stop_listening = server.close
    app.port = server.sockets[0].getsockname()[1]
    try:
        yield app
    finally:
        server.close()
        running = tuple(meetings)
        for meeting in running:
            meeting.cancel()
        await asyncio.gather(*running, return_exceptions=True)
