"""Clients of both kinds before one sandbox, and servers that answer as AWS never does."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from wakeproxy.aws.access import Access
from wakeproxy.sandbox import Sandbox

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
"""An answer that says nothing."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for a whole module: each test leaves its services as they were."""
    with Sandbox() as running:
        yield running


def access_to(sandbox: Sandbox) -> Access:
    return Access(sandbox.region, sandbox.url, takes_any_keys=True, has_dynamodb=True)


@dataclass
class Server:
    """A server that talks to each connection as it was told."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read a request and its body; empty when the connection ends."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head + await reader.readexactly(length)


@asynccontextmanager
async def serve(*answers: bytes, tls: ssl.SSLContext | None = None, ends: bool = False) -> AsyncIterator[Server]:
    """Answer one request after the other, the last answer again and again; ``ends`` each connection after one.

    An empty answer ends the connection instead.
    """
    left = list(answers)
    open_now: set[asyncio.StreamWriter] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        open_now.add(writer)
        while request := await read_request(reader):
            server.requests.append(request)
            answer = left.pop(0) if len(left) > 1 else left[0]
            writer.write(answer)
            if ends or not answer:
                break
        writer.close()
        open_now.discard(writer)

    async with await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls) as listening:
        server = Server(listening.sockets[0].getsockname()[1])
        yield server
        for writer in open_now:
            writer.close()
