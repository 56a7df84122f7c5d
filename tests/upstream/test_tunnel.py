"""Upgrades: once both sides agree, bytes pass both ways untouched, and each side hears the other's end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.wire import LOWEST, PATIENCE, App, Line, Message, ask, dial, head, read_body, run_app

ASK = head("GET /chat HTTP/1.1", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x")
AGREE = head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: y")
EVERY_BYTE = bytes(range(256)) * 64


async def echo(line: Line, _: Message) -> None:
    """Agree, and give back whatever comes, to the end."""
    await line.say(AGREE)
    while piece := await line.reader.read(2**16):
        await line.say(piece)


@asynccontextmanager
async def tunnel(door: Door) -> AsyncIterator[Line]:
    async with dial(door.port) as line:
        await line.say(ASK)
        assert (await line.hear()).status == 101
        yield line


async def test_both_sides_see_what_the_other_asked_and_agreed() -> None:
    async with run_app(echo) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(ASK)
        agreed = await line.hear()

    assert agreed.fields == [("Sec-WebSocket-Accept", "y"), ("Connection", "Upgrade"), ("Upgrade", "websocket")]
    (seen,) = app.seen
    assert (seen.target, seen["Connection"], seen["Upgrade"]) == ("/chat", "Upgrade", "websocket")
    assert seen["Sec-WebSocket-Key"] == "x"
    assert seen["X-Forwarded-For"] == "127.0.0.1"


@pytest.mark.parametrize("protocol", ["websocket", "WebSocket", "tcp", "our-own/2"])
async def test_every_byte_passes_both_ways_whatever_the_protocol(protocol: str) -> None:
    async def echo_any(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", f"Upgrade: {protocol}"))
        while piece := await line.reader.read(2**16):
            await line.say(piece)

    async with run_app(echo_any) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("GET / HTTP/1.1", "Connection: Upgrade", f"Upgrade: {protocol}"))
        assert (await line.hear()).all("Upgrade") == [protocol]
        await line.say(EVERY_BYTE)
        async with asyncio.timeout(PATIENCE):
            assert await line.reader.readexactly(len(EVERY_BYTE)) == EVERY_BYTE


async def test_what_follows_the_heads_at_once_is_not_lost() -> None:
    async def speak_first(line: Line, message: Message) -> None:
        await line.say(AGREE + b"from the app")
        await echo(line, message)

    async with run_app(speak_first) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(ASK + b"from the visitor")
        await line.hear()
        async with asyncio.timeout(PATIENCE):
            said = await line.reader.readexactly(len(b"from the app") + len(AGREE) + len(b"from the visitor"))

    assert said == b"from the app" + AGREE + b"from the visitor"


async def test_a_side_that_has_said_all_still_hears_the_other() -> None:
    async def answer_at_the_end(line: Line, _: Message) -> None:
        await line.say(AGREE)
        await line.say(b"you said " + await line.reader.read())
        line.writer.close()

    async with run_app(answer_at_the_end) as app, open_door(app) as door, tunnel(door) as line:
        await line.say(b"hello")
        line.writer.write_eof()
        assert await line.ends() == b"you said hello"


async def test_a_tunnel_is_over_when_both_sides_have_said_all() -> None:
    async def say_all(line: Line, _: Message) -> None:
        await line.say(AGREE, b"all")
        line.writer.write_eof()
        await line.reader.read()

    async with run_app(say_all) as app, open_door(app) as door, tunnel(door) as line:
        async with asyncio.timeout(PATIENCE):
            assert await line.reader.read() == b"all"
        line.writer.write_eof()
        await until(lambda: not door.relay.in_flight)


async def test_an_app_learns_that_its_visitor_is_gone() -> None:
    gone = asyncio.Event()

    async def wait(line: Line, _: Message) -> None:
        await line.say(AGREE)
        await line.reader.read()
        gone.set()

    async with run_app(wait) as app, open_door(app) as door:
        async with tunnel(door):
            pass
        async with asyncio.timeout(1):
            await gone.wait()


async def test_a_visitor_learns_that_the_app_is_gone() -> None:
    async def vanish(line: Line, _: Message) -> None:
        await line.say(AGREE)
        line.transport.abort()

    async with run_app(vanish) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(ASK)
        assert (await line.ends()).startswith(b"HTTP/1.1 101")


async def test_a_side_that_reads_slowly_slows_the_other_down() -> None:
    size, piece = 20 * 2**20, bytes(2**16)
    written = 0

    async def pour(line: Line, _: Message) -> None:
        nonlocal written
        await line.say(AGREE)
        while written < size:
            await line.say(piece)
            written += len(piece)

    async with run_app(pour) as app, open_door(app) as door, tunnel(door) as line:
        line.transport.pause_reading()
        quiet, last = 0, -1
        async with asyncio.timeout(PATIENCE):
            while quiet < 20:
                quiet, last = (quiet + 1 if written == last else 0), written
                await asyncio.sleep(0.01)
        assert written < size

        line.transport.resume_reading()
        async with asyncio.timeout(60):
            assert len(await line.reader.readexactly(size)) == size


async def test_an_app_that_declines_is_heard_and_the_connection_goes_on() -> None:
    async def decline(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 403 Forbidden", "Content-Length: 2", body=b"no"))

    async with run_app(decline) as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(2):
            await line.say(ASK)
            answer = await line.hear()
            assert (answer.status, answer.body) == (403, b"no")


async def test_a_request_with_a_body_is_answered_as_if_it_did_not_ask() -> None:
    async def take(line: Line, message: Message) -> None:
        body = await read_body(line.reader, message)
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", body=body))

    async with run_app(take) as app, open_door(app) as door:
        answer = await ask(
            door.port,
            head("POST / HTTP/1.1", "Connection: Upgrade", "Upgrade: our-own/2", "Content-Length: 4", body=b"body"),
        )

    assert answer.body == b"body"
    assert "Upgrade" not in app.seen[0]


async def test_no_tunnel_of_requests_is_offered() -> None:
    async with run_app() as app, open_door(app) as door:
        fields = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
        assert (await ask(door.port, head("GET / HTTP/1.1", *fields))).status == 200

    assert not {"Upgrade", "HTTP2-Settings"} & {name for name, _ in app.seen[0].fields}


async def test_websockets_work_end_to_end() -> None:
    async def answer(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message[::-1])

    async with serve(answer, LOWEST, 0) as server:
        app = App(port=server.sockets[0].getsockname()[1])
        async with open_door(app) as door, connect(f"ws://127.0.0.1:{door.port}/chat", proxy=None) as socket:
            for message in ("hello", b"\x00\xff", "x" * 500_000):
                await socket.send(message)
                assert await socket.recv() == message[::-1]
            await socket.close(code=4001, reason="enough")

    assert socket.close_code == 4001
