"""Apps for real clients: one that tells what it was asked, and one that echoes WebSocket messages."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve

from tests.upstream.wire import LOWEST, App, Line, Message, head, read_body

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


async def tell(line: Line, message: Message) -> None:
    """Answer with what came; chunked where the target says so."""
    if "Expect" in message:
        await line.say(CONTINUE)
    body = await read_body(line.reader, message)
    told = {"line": message.first_line, "length": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    said = json.dumps(told).encode()
    if message.first_line.startswith("HEAD"):
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {len(said)}"))
    elif "chunked" in message.target:
        await line.say(
            head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(said), said))
        )
    else:
        kind = "Content-Type: application/json"
        await line.say(head("HTTP/1.1 200 OK", kind, f"Content-Length: {len(said)}", body=said))


@asynccontextmanager
async def run_echo() -> AsyncIterator[App]:
    """Echo WebSocket messages; a message ``bye`` ends the connection."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)
            if message == "bye":
                await connection.close(4001, "as you wish")

    async with serve(echo, LOWEST, 0, max_size=None) as server:
        port: int = next(iter(server.sockets)).getsockname()[1]
        yield App(LOWEST, port)
