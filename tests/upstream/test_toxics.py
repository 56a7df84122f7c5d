"""Over bad connections no byte is wrong, nothing torn passes for whole, and only what is safe is repeated."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.toxics import CLEAN, End, Toxic, run_toxic
from tests.upstream.wire import LOWEST, App, Line, Message, Turn, ask, dial, head, read_body, run_app

GET = head("GET / HTTP/1.1")
POST = head("POST / HTTP/1.1", "Content-Length: 4", body=b"once")
COUNTED = head("HTTP/1.1 200 OK", "Content-Length: 10", body=b"0123456789")
CHUNKED = head(
    "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"4\r\n0123\r\n6;a=b\r\n456789\r\n0\r\nX-Sum: 1\r\n\r\n"
)
BREAKS = [End.CLOSE, End.RESET]


def say(said: bytes) -> Turn:
    async def answer(line: Line, message: Message) -> None:
        await read_body(line.reader, message)
        await line.say(said)

    return answer


@asynccontextmanager
async def bad_way(
    answer: Turn, *, to_app: Toxic = CLEAN, from_app: Toxic = CLEAN, first_byte: float = 5.0, idle: float = 5.0
) -> AsyncIterator[tuple[App, Door]]:
    """A front whose way to its app is bad."""
    async with (
        run_app(answer) as app,
        run_toxic(app.host, app.port, to_server=to_app, to_client=from_app, listen=LOWEST) as port,
        open_door(App(LOWEST, port), first_byte=first_byte, idle=idle) as door,
    ):
        yield app, door


@pytest.mark.parametrize("end", BREAKS, ids=lambda end: end.name)
@pytest.mark.parametrize("said", [COUNTED, CHUNKED], ids=["counted", "chunked"])
async def test_an_answer_cut_at_any_byte_is_whole_torn_or_refused(said: bytes, end: End) -> None:
    head_end = said.index(b"\r\n\r\n") + 4
    async with run_app(say(said)) as app, open_door(App()) as door:
        for at in range(len(said)):
            before = len(app.seen)
            async with run_toxic(app.host, app.port, to_client=Toxic(at, end), listen=LOWEST) as door.straight.app.port:
                answer = await hear(door)
            if at < head_end:
                assert answer is None or answer.status == 502, at
            else:
                assert answer is None or not answer.is_whole, at
            assert len(app.seen) - before == (1 if at else 2), "asked again only where nothing was answered"
            assert not door.relay.in_flight


async def hear(door: Door) -> Message | None:
    """Ask once; nothing is heard where even the head was torn away."""
    try:
        return await ask(door.port, GET)
    except (ConnectionResetError, asyncio.IncompleteReadError):
        return None


@pytest.mark.parametrize("end", BREAKS, ids=lambda end: end.name)
async def test_what_changes_something_is_never_asked_twice(end: End) -> None:
    for at in (0, 5, len(COUNTED) - 1):
        async with bad_way(say(COUNTED), from_app=Toxic(at, end)) as (app, door):
            async with dial(door.port) as line:
                await line.say(POST)
                await line.ends() if at >= len(COUNTED) - 10 else await line.hear()
            assert len(app.seen) == 1


@pytest.mark.parametrize("end", BREAKS, ids=lambda end: end.name)
async def test_a_request_cut_on_its_way_to_the_app_is_answered(end: End) -> None:
    for at in (0, 1, 30):
        async with bad_way(say(COUNTED), to_app=Toxic(at, end)) as (app, door):
            assert (await ask(door.port, POST)).status == 502
            assert app.seen == []


@pytest.mark.parametrize("end", BREAKS, ids=lambda end: end.name)
@pytest.mark.parametrize(
    "request_",
    [
        head("POST / HTTP/1.1", "Content-Length: 10", body=b"0123456789"),
        head("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"a\r\n0123456789\r\n0\r\n\r\n"),
    ],
    ids=["counted", "chunked"],
)
async def test_a_request_cut_at_any_byte_is_whole_to_no_app(request_: bytes, end: End) -> None:
    whole: list[bytes] = []

    async def take(line: Line, message: Message) -> None:
        whole.append(await read_body(line.reader, message))
        await line.say(COUNTED)

    async with run_app(take) as app, open_door(app) as door:
        for at in range(1, len(request_)):
            async with run_toxic("127.0.0.1", door.port, to_server=Toxic(at, end)) as port, dial(port) as line:
                await line.say(request_)
                await line.ends()
        await until(lambda: not door.front.guests and not door.relay.in_flight)

    assert whole == []


async def test_an_answer_cut_on_its_way_to_the_visitor_harms_no_other() -> None:
    async with run_app(say(CHUNKED)) as app, open_door(app) as door:
        for at in range(0, len(CHUNKED), 5):
            async with (
                run_toxic("127.0.0.1", door.port, to_client=Toxic(at, End.RESET)) as port,
                dial(port) as line,
            ):
                await line.say(GET)
                await line.ends()
            assert (await ask(door.port, GET)).body == b"0123456789"
        await until(lambda: not door.front.guests and not door.relay.in_flight)


SLOW = [Toxic(piece=1), Toxic(piece=3, delay=0.001), Toxic(piece=17, delay=0.002)]


@pytest.mark.parametrize("toxic", SLOW, ids=str)
async def test_messages_in_small_and_late_pieces_arrive_whole(toxic: Toxic) -> None:
    async with (
        bad_way(say(CHUNKED), to_app=toxic, from_app=toxic) as (app, door),
        run_toxic("127.0.0.1", door.port, to_server=toxic, to_client=toxic) as port,
        dial(port) as line,
    ):
        for _ in range(3):
            await line.say(GET + POST)
            assert [(await line.hear()).body for _ in range(2)] == [b"0123456789"] * 2

    assert [seen.first_line[:4] for seen in app.seen] == ["GET ", "POST"] * 3


async def test_an_app_that_is_cut_off_without_a_word_is_not_waited_for() -> None:
    async with bad_way(say(COUNTED), from_app=Toxic(0, End.SILENCE), first_byte=0.1) as (app, door):
        assert (await ask(door.port, GET)).status == 502
        assert len(app.seen) == 1
    async with bad_way(say(COUNTED), from_app=Toxic(len(COUNTED) - 3, End.SILENCE), idle=0.1) as (_, door):
        async with dial(door.port) as line:
            await line.say(GET)
            await line.ends()
        assert not door.relay.in_flight


async def test_a_visitor_who_is_cut_off_without_a_word_is_not_waited_for() -> None:
    async with run_app(say(COUNTED)) as app, open_door(app, body=0.1, head=0.1) as door:
        for at in (10, len(POST) - 2):
            async with (
                run_toxic("127.0.0.1", door.port, to_server=Toxic(at, End.SILENCE)) as port,
                dial(port) as line,
            ):
                await line.say(POST)
                assert (await line.hear()).status == 408
