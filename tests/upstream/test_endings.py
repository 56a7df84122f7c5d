"""How connections end: an answer is heard to its last byte, and a torn one is never taken for a whole one."""

import asyncio

import pytest

from tests.upstream.conftest import dial_narrow, open_door, reset, until
from tests.upstream.flow import PIECE, PIECES, SIZE
from tests.upstream.wire import OK, Line, Message, dial, head, run_app
from wakeproxy.front import connection

TOO_LARGE = head("HTTP/1.1 413 Content Too Large", "Content-Length: 2", "Connection: close", body=b"no")
LATE = 250_000


async def pour(line: Line) -> None:
    """Upload everything, as a client does that listens only afterwards."""
    for _ in range(PIECES):
        await line.say(PIECE)


async def test_a_refusal_is_heard_by_a_client_who_goes_on_to_upload_20_mb() -> None:
    async def refuse(line: Line, _: Message) -> None:
        await line.say(TOO_LARGE)
        line.writer.close()

    async with run_app(refuse) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("PUT / HTTP/1.1", f"Content-Length: {SIZE}"))
        await pour(line)
        answer = await line.hear()

    assert (answer.status, answer.body) == (413, b"no")


async def test_a_refusal_of_ours_is_heard_by_a_client_who_goes_on_to_upload_20_mb() -> None:
    async with run_app() as app:
        pass
    async with open_door(app) as door, dial(door.port) as line:
        await line.say(head("PUT / HTTP/1.1", f"Content-Length: {SIZE}"))
        await pour(line)

        assert (await line.hear()).status == 502


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
async def test_the_end_of_an_answer_reaches_a_visitor_who_takes_it_late(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_LINGER_SECONDS", 0.1)

    async def say(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {LATE}", body=b"x" * LATE))

    async with run_app(say) as app, open_door(app) as door, dial_narrow(door) as line:
        line.transport.pause_reading()
        await line.say(head(f"GET / {version}", "Connection: close"))
        await until(lambda: door.straight.ended)  # the app is done; what is left waits for the visitor
        await asyncio.sleep(0.4)  # he takes his time
        line.transport.resume_reading()
        answer = await line.hear()

    assert answer.is_whole
    assert len(answer.body) == LATE


@pytest.mark.parametrize("is_silent", [True, False])
async def test_who_neither_leaves_nor_ends_his_upload_is_not_listened_to_for_ever(
    is_silent: bool,  # noqa: FBT001 - a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_LINGER_SECONDS", 0.1 if is_silent else 60.0)
    monkeypatch.setattr(connection, "_MOST_LINGER_SECONDS", 60.0 if is_silent else 0.3)
    async with run_app() as app:
        pass
    async with open_door(app) as door, dial(door.port) as line:
        await line.say(head("PUT / HTTP/1.1", f"Content-Length: {SIZE}"))
        assert (await line.hear()).status == 502
        async with asyncio.timeout(5):
            while door.front.guests:
                if not is_silent:
                    line.writer.write(b"more")
                await asyncio.sleep(0.02)


TORN = {
    "chunks for an old visitor": (
        "HTTP/1.0",
        head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"4\r\nhalf\r\n"),
    ),
    "a length": ("HTTP/1.1", head("HTTP/1.1 200 OK", "Content-Length: 10", body=b"half")),
    "a length for an old visitor": ("HTTP/1.0", head("HTTP/1.0 200 OK", "Content-Length: 10", body=b"half")),
    "chunks": ("HTTP/1.1", head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"4\r\nhalf\r\n")),
}


@pytest.mark.parametrize(("version", "said"), TORN.values(), ids=TORN)
async def test_a_torn_answer_ends_in_a_reset(version: str, said: bytes) -> None:
    """Where its end is the connection's, nothing else tells that it is not whole."""

    async def break_off(line: Line, _: Message) -> None:
        await line.say(said)
        await asyncio.sleep(0.05)
        line.writer.close()

    async with run_app(break_off) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head(f"GET / {version}"))
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(5):
                await line.reader.read()


async def test_an_answer_that_ends_with_a_reset_of_its_connection_is_torn() -> None:
    async def break_off(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", body=b"half"))
        await asyncio.sleep(0.05)
        reset(line)

    async with run_app(break_off) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("GET / HTTP/1.1"))
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(5):
                await line.reader.read()


async def test_a_visitor_who_says_no_more_hears_his_answer() -> None:
    asked = asyncio.Event()

    async def think(line: Line, _: Message) -> None:
        await asked.wait()
        await line.say(OK)

    async with run_app(think) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("GET / HTTP/1.1"))
        line.writer.write_eof()
        await until(lambda: app.seen)
        asked.set()
        while (answer := await line.hear()).status == 100:
            pass
        assert (answer.status, answer.body) == (200, b"ok")
        assert await line.ends() == b""


async def test_a_visitor_who_says_no_more_in_the_middle_hears_a_steady_answer_to_its_end() -> None:
    halfway = asyncio.Event()

    async def go_on(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 30", body=b"x" * 10))
        await halfway.wait()
        for _turn in range(20):
            await line.say(b"y")
            await asyncio.sleep(0.02)

    async with run_app(go_on) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("GET / HTTP/1.1"))
        said = await line.reader.readuntil(b"x" * 10)
        line.writer.write_eof()
        halfway.set()
        said += await line.ends()

    assert said.endswith(b"x" * 10 + b"y" * 20)


async def test_a_visitor_who_says_no_more_within_his_body_ends_his_request() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def read_on(line: Line, _: Message) -> None:
        heard.put_nowait(await line.reader.read())

    async with run_app(read_on) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", "Content-Length: 10", body=b"half"))
        await until(lambda: app.seen)
        line.writer.write_eof()
        async with asyncio.timeout(5):
            assert await heard.get() == b"half"
            assert await line.ends() == b""


async def test_an_app_that_closes_after_its_answer_ends_nothing_for_the_visitor() -> None:
    async def say_and_close(line: Line, _: Message) -> None:
        await line.say(OK)
        line.writer.close()

    async with run_app(say_and_close) as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(20):
            await line.say(head("GET / HTTP/1.1"))
            assert (await line.hear()).body == b"ok"

    assert door.errors == []


async def test_an_app_that_says_no_more_after_its_answer_began_is_heard_to_its_end() -> None:
    async def half_close(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", body=b"all"))
        line.writer.write_eof()
        await line.reader.read()

    async with run_app(half_close) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("GET / HTTP/1.1"))
        assert (await line.ends()).endswith(b"\r\n\r\nall")
