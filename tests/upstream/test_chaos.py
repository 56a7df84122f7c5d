"""Whatever visitors and apps say, in whatever pieces: nothing breaks within, and nothing stays behind."""

import asyncio
import random
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Any

import pytest

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.wire import OK, App, Line, Message, head, read_body, run_app
from tests.wire import kept
from tests.wire.ours import MOST_FIELDS
from wakeproxy.core.limits import Limits

CONNECTIONS, AT_ONCE = 1200, 40
LIMITS = Limits(head_bytes=16_384, head_fields=MOST_FIELDS)
REQUESTS = [path.read_bytes() for path in kept.REQUESTS] + [head("GET / HTTP/1.1"), head("GET / HTTP/1.0")] * 20
ANSWERS = [path.read_bytes() for path in kept.ANSWERS] + [OK] * 20
ANSWERS += [
    head("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: websocket", body=b"\x81\x02hi")
] * 3
ANSWERS += [head("HTTP/1.1 100 Continue") + head("HTTP/1.1 103 Early Hints", "Link: x") + OK] * 3
ANSWERS += [head("HTTP/1.1 200 OK", "Content-Length: 600000", body=b"x" * 600_000)] * 3
ODD = [b"\r", b"\n", b"\r\n", b"\0", b" ", b":", b"\xff", b"0\r\n\r\n", b"GET / HTTP/1.1\r\n"]


def spoil(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        at = chance.randrange(len(data))
        return data[:at] + chance.choice(ODD) + data[at + chance.randrange(3) :]
    return data


async def say_anything(line: Line, message: Message, chance: random.Random) -> None:
    with suppress(ValueError):
        if chance.random() < 0.7:
            await read_body(line.reader, message)
    said = spoil(chance.choice(ANSWERS), chance)
    at = chance.randrange(len(said))
    await line.say(said[:at], said[at:])
    match chance.randrange(8):
        case 0:
            line.transport.abort()
        case 1:
            line.writer.close()
        case 2 if line.writer.can_write_eof():
            line.writer.write_eof()
            await line.reader.read()
        case _:
            pass


async def say_and_leave(door: Door, chance: random.Random) -> None:
    line = await Line.to(door.port)
    wire = b"".join(spoil(each, chance) for each in chance.choices(REQUESTS, k=chance.randrange(1, 5)))
    try:
        while wire:
            size = chance.choice([1, 5, 50, 10_000])
            await line.say(wire[:size])
            wire = wire[size:]
            if chance.random() < 0.05:
                await asyncio.sleep(0.001)
        match chance.randrange(6):
            case 0:
                line.transport.abort()
            case 1:
                with suppress(OSError):  # the connection is gone already
                    line.writer.write_eof()
            case 2:
                line.transport.pause_reading()
                await asyncio.sleep(0.05)
                line.transport.resume_reading()
            case _:
                pass
        await line.ends()
    except (ConnectionError, TimeoutError):
        pass
    finally:
        line.transport.abort()


@pytest.mark.parametrize("seed", [3, 5])
async def test_nothing_breaks_within_and_nothing_stays_behind(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    broken: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context))
    chance = random.Random(seed)

    async with (
        run_app(partial(say_anything, chance=random.Random(seed))) as app,
        open_hasty_door(app) as door,
    ):
        places = asyncio.Semaphore(AT_ONCE)

        async def visit(own: random.Random) -> None:
            async with places:
                await say_and_leave(door, own)

        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(visit(random.Random(chance.random())))
        await until(lambda: not door.front.guests and not door.relay.in_flight, within=10)
        assert len(door.straight.ended) >= CONNECTIONS // 2

    assert [each for each in broken if not is_of_the_app(each)] == []
    assert [record.getMessage() for record in caplog.records if record.name.startswith("wakeproxy")] == []


def open_hasty_door(app: App) -> AbstractAsyncContextManager[Door]:
    """A door that waits for nobody for long."""
    return open_door(
        app, limits=LIMITS, head=0.2, body=0.2, keep_alive=0.2, send=0.5, first_byte=0.3, idle=0.3, tunnel=0.3
    )


def is_of_the_app(context: dict[str, Any]) -> bool:
    """Whether the app of the test broke, which says and ends what it likes."""
    return "client_connected_cb" in context["message"] or "StreamReaderProtocol" in context["message"]
