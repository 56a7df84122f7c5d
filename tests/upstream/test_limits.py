"""How much of a message's head is taken in, from either side."""

import asyncio

import pytest

from tests.upstream.conftest import open_door
from tests.upstream.wire import OK, Line, Message, Turn, ask, dial, head, run_app
from wakeproxy.core.limits import Limits

LIMITS = Limits(head_bytes=2048, head_fields=20)
WHOLE = head("GET / HTTP/1.1", "X: " + "a" * 3000)
MANY = head("GET / HTTP/1.1", *["X: 1"] * 20)


@pytest.mark.parametrize("request_", [WHOLE, WHOLE[:-4], MANY], ids=["too long", "too long and not whole", "too many"])
async def test_a_head_beyond_the_limits_is_refused(request_: bytes) -> None:
    async with run_app() as app, open_door(app, limits=LIMITS) as door:
        answer = await ask(door.port, request_)

    assert (answer.status, answer["Connection"]) == (431, "close")
    assert app.seen == []


async def test_a_head_at_the_limits_is_served() -> None:
    fields = ["X: 1"] * 18
    padding = 2048 - len(head("GET / HTTP/1.1", *fields, "Y: "))
    request = head("GET / HTTP/1.1", *fields, "Y: " + "a" * padding)
    assert len(request) == 2048

    async with run_app() as app, open_door(app, limits=LIMITS) as door:
        assert (await ask(door.port, request)).status == 200


def say(said: bytes) -> Turn:
    async def answer(line: Line, _: Message) -> None:
        await line.say(said)
        await line.reader.read()

    return answer


ANSWERS = {
    "too long": head("HTTP/1.1 200 OK", "Content-Length: 0", "X: " + "a" * 3000),
    "too long and not whole": head("HTTP/1.1 200 OK", "X: " + "a" * 3000)[:-4],
    "too many": head("HTTP/1.1 200 OK", "Content-Length: 0", *["X: 1"] * 20),
    "interim without end": head("HTTP/1.1 103 Early Hints") * 100,
}


@pytest.mark.parametrize("said", ANSWERS.values(), ids=ANSWERS)
async def test_an_answers_head_beyond_the_limits_is_not_passed_on(said: bytes) -> None:
    async with run_app(say(said)) as app, open_door(app, limits=LIMITS) as door, dial(door.port) as line:
        await line.say(head("GET / HTTP/1.1"))
        while (answer := await line.hear()).status == 103:
            pass

    assert answer.status == 502


async def test_slow_heads_of_others_hold_nobody_up() -> None:
    async with run_app() as app, open_door(app, limits=LIMITS) as door:
        slow = [await Line.to(door.port) for _ in range(200)]
        for line in slow:
            await line.say(b"GET / HTTP/1.1\r\nX: ")
        async with asyncio.timeout(2):
            assert (await ask(door.port, head("GET / HTTP/1.1"))).body == OK[-2:]
        for line in slow:
            await line.close()


async def test_slow_bodies_of_others_hold_nobody_up() -> None:
    async with run_app() as app, open_door(app, limits=LIMITS) as door:
        slow = [await Line.to(door.port) for _ in range(100)]
        for line in slow:
            await line.say(head("POST / HTTP/1.1", "Content-Length: 100", body=b"x"))
        async with asyncio.timeout(2):
            assert (await ask(door.port, head("GET / HTTP/1.1"))).body == OK[-2:]
        for line in slow:
            await line.close()


async def test_slow_readers_hold_nobody_up() -> None:
    async def pour(line: Line, message: Message) -> None:
        size = 2 * 2**20 if message.target == "/large" else 2
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {size}", body=b"x" * size))

    async with run_app(pour) as app, open_door(app, limits=LIMITS) as door:
        slow = [await Line.to(door.port) for _ in range(30)]
        for line in slow:
            line.transport.pause_reading()
            await line.say(head("GET /large HTTP/1.1"))
        async with asyncio.timeout(5):
            assert (await ask(door.port, head("GET / HTTP/1.1"))).body == b"xx"
        for line in slow:
            line.transport.abort()
