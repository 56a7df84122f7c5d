"""When a visitor leaves, or says what nobody can read."""

import asyncio
from collections.abc import Callable

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.wire import OK, Line, Message, dial, head, read_body, run_app

GET = head("GET / HTTP/1.1")


async def leave(door: Door, has_begun: Callable[[], object]) -> None:
    """Ask, and leave once the app is at it."""
    async with dial(door.port) as line:
        await line.say(GET)
        await until(has_begun)


async def test_an_app_learns_within_a_second_that_its_visitor_left_before_the_answer() -> None:
    gone = asyncio.Event()

    async def think(line: Line, _: Message) -> None:
        assert await line.reader.read() == b""
        gone.set()

    async with run_app(think) as app, open_door(app) as door:
        await leave(door, lambda: app.seen)
        async with asyncio.timeout(1):
            await gone.wait()


async def test_an_app_learns_within_seconds_that_its_visitor_left_in_the_middle() -> None:
    gone = asyncio.Event()

    async def drip(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 1000000", body=b"x"))
        assert await line.reader.read() == b""
        gone.set()

    async with run_app(drip) as app, open_door(app) as door:
        async with dial(door.port) as line:
            await line.say(GET)
            assert (await line.reader.readuntil(b"\r\n\r\nx")).startswith(b"HTTP/1.1 200")
        async with asyncio.timeout(5):
            await gone.wait()


async def test_a_visitors_broken_body_ends_his_request_and_the_apps() -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def read_on(line: Line, message: Message) -> None:
        try:
            await read_body(line.reader, message)
        except (asyncio.IncompleteReadError, ConnectionError):
            heard.put_nowait("cut short")
        else:
            heard.put_nowait("whole")

    async with run_app(read_on) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n"))
        await until(lambda: app.seen)
        await line.say(b"no chunk\r\n")
        answer = await line.hear()
        assert (answer.status, answer["Connection"]) == (400, "close")
        assert await line.ends() == b""
        async with asyncio.timeout(5):
            assert await heard.get() == "cut short"


async def test_a_request_that_cannot_be_read_harms_none_before_it() -> None:
    heard = asyncio.Event()

    async def think(line: Line, _: Message) -> None:
        await heard.wait()
        await line.say(OK)

    async with run_app(think) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(GET)
        await until(lambda: app.seen)
        await line.say(b"nonsense\r\n\r\n")
        heard.set()
        assert (await line.hear()).status == 200
        assert (await line.hear()).status == 400
