"""Both directions of one request at once: an answer may begin, and end, before its request is whole."""

import asyncio
import hashlib

import pytest

from tests.upstream.conftest import full_queue, open_door, reset, until
from tests.upstream.flow import PIECE
from tests.upstream.wire import OK, App, Line, Message, ask, dial, head, read_body, run_app

CHUNK = b"5\r\nhello\r\n"


async def echo_chunks(line: Line, _: Message) -> None:
    """Answer each chunk as soon as it comes."""
    await line.say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"))
    while (size := await line.reader.readuntil(b"\r\n")) != b"0\r\n":
        await line.say(size + await line.reader.readexactly(int(size, 16) + 2))
    assert await line.reader.readuntil(b"\r\n") == b"\r\n"
    await line.say(b"0\r\n\r\n")


async def test_what_is_asked_and_answered_chunk_by_chunk_passes_chunk_by_chunk() -> None:
    async with run_app(echo_chunks) as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(2):
            await line.say(head("POST / HTTP/1.1", "Transfer-Encoding: chunked"))
            await line.reader.readuntil(b"\r\n\r\n")
            for _ in range(50):
                await line.say(CHUNK)
                assert await line.reader.readexactly(len(CHUNK)) == CHUNK
            await line.say(b"0\r\n\r\n")
            assert await line.reader.readexactly(5) == b"0\r\n\r\n"


async def test_a_large_echo_passes_whole_while_it_is_sent() -> None:
    size = 8 * 2**20

    async def echo(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {size}"))
        left = size
        while left:
            piece = await line.reader.read(2**16)
            left -= len(piece)
            await line.say(piece)

    async with run_app(echo) as app, open_door(app) as door, dial(door.port) as line, asyncio.TaskGroup() as group:
        await line.say(head("POST / HTTP/1.1", f"Content-Length: {size}"))
        group.create_task(line.say(*[PIECE] * (size // len(PIECE))))
        answer = await line.hear()

    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(PIECE * (size // len(PIECE))).digest()


async def test_trailers_pass_both_ways() -> None:
    wire = b"3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"
    got: list[bytes] = []

    async def echo(line: Line, _: Message) -> None:
        got.append(await line.reader.readexactly(len(wire)))
        await line.say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum", body=wire))

    async with run_app(echo) as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(2):
            await line.say(head("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=wire))
            await line.reader.readuntil(b"\r\n\r\n")
            assert await line.reader.readexactly(len(wire)) == wire

    assert got == [wire, wire]


async def test_both_sides_keep_their_connection() -> None:
    async with run_app() as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(50):
            await line.say(head("GET / HTTP/1.1"))
            assert (await line.hear()).body == b"ok"

    assert app.connections == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "200 OK"])
async def test_an_answer_without_a_body_is_followed_by_the_next(status: str) -> None:
    method = "HEAD" if status.startswith("200") else "GET"

    async def answer(line: Line, message: Message) -> None:
        is_last = message.target == "/last"
        await line.say(OK if is_last else head(f"HTTP/1.1 {status}", "ETag: x", "Content-Length: 9"))

    async with run_app(answer) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head(f"{method} / HTTP/1.1") + head("GET /last HTTP/1.1"))
        assert (await line.hear(method))["ETag"] == "x"
        assert (await line.hear()).body == b"ok"

    assert app.connections == 1


async def test_old_and_new_speak_with_each_other() -> None:
    async def answer(line: Line, message: Message) -> None:
        assert message.first_line.endswith("HTTP/1.1")
        if message.target == "/old":
            await line.say(head("HTTP/1.0 200 OK", body=b"until close"))
            line.writer.close()
        else:
            await line.say(head("HTTP/1.0 200 OK", "Connection: keep-alive", "Content-Length: 2", body=b"ok"))

    async with run_app(answer) as app, open_door(app) as door:
        for version in ("1.0", "1.1"):
            for target, body in (("/old", b"until close"), ("/", b"ok"), ("/", b"ok")):
                answered = await ask(door.port, head(f"GET {target} HTTP/{version}", "Connection: close"))
                assert answered.first_line.startswith("HTTP/1.1 200")
                assert answered.body == body
        async with dial(door.port) as line:
            for _ in range(3):
                await line.say(head("GET / HTTP/1.0", "Connection: keep-alive"))
                kept = await line.hear()
                assert (kept.body, kept["Connection"]) == (b"ok", "keep-alive")


async def test_a_visitor_who_leaves_while_he_is_being_connected_is_forgotten() -> None:
    async with run_app() as app, full_queue(app.host) as port, open_door(App(app.host, port), connect=0.3) as door:
        async with dial(door.port) as line:
            await line.say(head("GET / HTTP/1.1"))
            await until(lambda: door.relay.in_flight)
            reset(line)
            await until(lambda: not door.front.guests)
        assert len(door.straight.ended) == 1
        await until(lambda: not door.relay.in_flight)

    assert door.errors == []


async def test_an_early_answer_without_a_close_ends_the_connection_and_no_byte_of_the_body_is_a_request() -> None:
    smuggled = head("GET /admin HTTP/1.1")

    async def answer_at_once(line: Line, message: Message) -> None:
        await line.say(OK)
        if message.first_line.startswith("POST"):
            await read_body(line.reader, message)

    async with run_app(answer_at_once) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", f"Content-Length: {len(smuggled)}"))
        assert (await line.hear()).status == 200
        await line.say(smuggled)
        assert await line.ends() == b""
        assert (await ask(door.port, head("GET /next HTTP/1.1"))).status == 200

    assert [seen.target for seen in app.seen] == ["/", "/next"]
