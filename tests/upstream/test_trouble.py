"""When an app refuses, breaks off or falls silent, and when a visitor leaves."""

import asyncio
from collections.abc import Callable

import pytest

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.wire import OK, Line, Message, Turn, ask, dial, head, read_body, run_app, say_ok
from wakeproxy.errors import UpstreamError
from wakeproxy.upstream.relay import BrokenAppError, SilentAppError

GET, POST = head("GET / HTTP/1.1"), head("POST / HTTP/1.1", "Content-Length: 4", body=b"once")


async def reset(line: Line, _: Message) -> None:
    line.transport.abort()


def break_off_after(said: bytes) -> Turn:
    async def answer(line: Line, _: Message) -> None:
        await line.say(said)
        line.writer.close()

    return answer


async def fail(answer: Turn, request: bytes, **options: float) -> tuple[UpstreamError, list[Message]]:
    """Send a request that cannot be answered: the error it ends in, and what the app saw."""
    async with run_app(answer) as app, open_door(app, **options) as door:
        told = await ask(door.port, request)
    assert told.status == 502
    (error,) = door.errors
    assert told.body.decode() == str(error)
    assert app.host not in str(error), "an address inside the network is nobody's business"
    return error, app.seen


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
async def test_an_app_that_refuses_connections_has_seen_nothing(request_: bytes) -> None:
    async with run_app() as app:
        pass
    async with open_door(app) as door:
        await ask(door.port, request_)

    (error,) = door.errors
    assert type(error) is UpstreamError
    assert error.sent is False


async def test_a_get_that_was_cut_off_may_be_sent_again() -> None:
    error, _ = await fail(reset, GET)

    assert type(error) is BrokenAppError
    assert error.sent is False


async def test_a_post_that_was_cut_off_was_sent_once_and_may_not_be_sent_again() -> None:
    error, seen = await fail(reset, POST)

    assert error.sent is True
    assert len(seen) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"garbage\r\n\r\n",
        head("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 3", body=b"ok"),
        head("HTTP/1.1 200 OK", "Content-Length: 2", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"),
    ],
    ids=["no HTTP", "two lengths", "length and chunks", "a switch nobody asked for"],
)
async def test_an_answer_that_cannot_be_trusted_is_not_passed_on(said: bytes) -> None:
    error, seen = await fail(break_off_after(said), GET)

    assert error.sent is True, "it answered: asking again would not help"
    assert len(seen) == 1


@pytest.mark.parametrize(
    "said",
    [
        head("HTTP/1.1 200 OK", "Content-Length: 10", body=b"half"),
        head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"4\r\nhalf\r\n"),
    ],
    ids=["shorter than its length", "without its last chunk"],
)
async def test_an_answer_that_is_cut_off_is_cut_off_for_the_visitor(said: bytes) -> None:
    async with run_app(break_off_after(said)) as app, open_door(app) as door:
        answer = await ask(door.port, GET)

    assert answer.status == 200
    assert not answer.is_whole


async def test_an_answer_with_a_chunk_that_is_none_is_cut_off_for_the_visitor() -> None:
    heard = asyncio.Event()

    async def stumble(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"4\r\nhalf\r\n"))
        await heard.wait()
        await line.say(b"nonsense\r\n")

    async with run_app(stumble) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(GET)
        async with asyncio.timeout(5):
            await line.reader.readuntil(b"half\r\n")
        heard.set()
        assert await line.ends() == b"", "there is no last chunk"


async def test_an_app_that_says_nothing_is_not_waited_for_without_end() -> None:
    async def say_nothing(line: Line, _: Message) -> None:
        await line.reader.read()

    error, seen = await fail(say_nothing, GET, silence=0.2)

    assert type(error) is SilentAppError
    assert error.sent is True
    assert len(seen) == 1


async def test_an_app_that_falls_silent_in_the_middle_tears_its_answer() -> None:
    async def stop_midway(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 10", body=b"half"))
        await line.reader.read()

    async with run_app(stop_midway) as app, open_door(app, silence=0.2) as door:
        answer = await ask(door.port, GET)

    assert not answer.is_whole


async def test_a_slow_upload_is_no_silence() -> None:
    async with run_app() as app, open_door(app, silence=0.2) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", "Content-Length: 4"))
        for byte in (b"s", b"l", b"o", b"w"):
            await asyncio.sleep(0.1)  # the pace of the visitor is what is tested
            await line.say(byte)
        answer = await line.hear()

    assert answer.status == 200


async def test_gets_share_connections_and_a_stale_one_is_made_good() -> None:
    async def answer_once(line: Line, _: Message) -> None:
        await line.say(OK)
        if len(app.seen) == 2:
            line.writer.close()  # idle now, and gone by the next request

    async with run_app(answer_once) as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(4):
            await line.say(GET)
            assert (await line.hear()).status == 200

    assert app.connections == 2
    assert door.errors == []


async def test_a_post_gets_a_connection_of_its_own_that_cannot_be_stale() -> None:
    async with run_app() as app, open_door(app) as door:
        assert (await ask(door.port, GET)).status == 200
        for _ in range(2):
            assert (await ask(door.port, POST)).status == 200

    assert app.connections == 3
    assert [seen.first_line.split()[0] for seen in app.seen] == ["GET", "POST", "POST"]


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


async def test_an_app_learns_within_a_second_that_its_visitor_left_in_the_middle() -> None:
    gone = asyncio.Event()

    async def drip(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 1000000", body=b"x"))
        assert await line.reader.read() == b""
        gone.set()

    async with run_app(drip) as app, open_door(app) as door:
        async with dial(door.port) as line:
            await line.say(GET)
            assert (await line.reader.readuntil(b"\r\n\r\nx")).startswith(b"HTTP/1.1 200")
        async with asyncio.timeout(1):
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


async def test_what_follows_an_answer_that_is_over_is_no_answer_to_the_next_request() -> None:
    async def say_too_much(line: Line, _: Message) -> None:
        await line.say(OK + head("HTTP/1.1 200 OK", "Content-Length: 4", body=b"evil"))

    async with run_app(say_too_much) as app, open_door(app) as door:
        assert (await ask(door.port, GET)).body == b"ok"
        app.answer = say_ok
        assert (await ask(door.port, GET)).body == b"ok"

    assert app.connections == 2
