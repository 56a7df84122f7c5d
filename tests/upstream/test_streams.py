"""Bodies of any size pass in bounded memory, at the pace of who is slower."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any, cast

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.flow import PIECE, PIECES, SIZE, Flow
from tests.upstream.wire import Line, Message, ask, dial, head, run_app

DIGEST = hashlib.sha256(PIECE * PIECES).hexdigest()
_PAGE = 4096


def resident() -> int:
    """Bytes of memory in use by this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


class Meter:
    """Digests a stream and notes the most memory seen meanwhile."""

    def __init__(self) -> None:
        self.before = self.most = resident()
        self.digest = hashlib.sha256()
        self.size = 0

    async def read(self, reader: asyncio.StreamReader, size: int) -> None:
        while self.size < size and (piece := await reader.read(2**16)):
            self.size += len(piece)
            self.digest.update(piece)
            self.most = max(self.most, resident())

    @property
    def growth(self) -> int:
        return self.most - self.before


async def test_a_download_passes_whole_in_bounded_memory() -> None:
    async def pour(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {SIZE}"), *[PIECE] * PIECES)

    async with run_app(pour) as app, open_door(app) as door, dial(door.port) as line:
        meter = Meter()
        await line.say(head("GET / HTTP/1.1"))
        async with asyncio.timeout(30):
            await line.reader.readuntil(b"\r\n\r\n")
            await meter.read(line.reader, SIZE)

    assert meter.digest.hexdigest() == DIGEST
    assert meter.growth < SIZE // 2


async def test_an_upload_passes_whole_in_bounded_memory() -> None:
    meter = Meter()

    async def take(line: Line, _: Message) -> None:
        await meter.read(line.reader, SIZE)
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 0"))

    async with run_app(take) as app, open_door(app) as door, dial(door.port) as line:
        async with asyncio.timeout(30):
            await line.say(head("POST / HTTP/1.1", f"Content-Length: {SIZE}"), *[PIECE] * PIECES)
            assert (await line.hear()).status == 200

    assert meter.digest.hexdigest() == DIGEST
    assert meter.growth < SIZE // 2


async def test_a_visitor_who_reads_slowly_slows_the_app_down() -> None:
    flow = Flow()

    async def pour(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {SIZE}"))
        await flow.pour(line)

    async with run_app(pour) as app, open_door(app) as door, dial(door.port) as line:
        line.transport.pause_reading()
        await line.say(head("GET / HTTP/1.1"))
        assert await flow.stand_still() < SIZE

        line.transport.resume_reading()
        async with asyncio.timeout(60):
            await line.reader.readuntil(b"\r\n\r\n")
            assert len(await line.reader.readexactly(SIZE)) == SIZE


async def test_an_app_that_reads_slowly_slows_the_visitor_down() -> None:
    flow, wanted = Flow(), asyncio.Event()

    async def take_late(line: Line, _: Message) -> None:
        line.transport.pause_reading()
        await wanted.wait()
        line.transport.resume_reading()
        await line.reader.readexactly(SIZE)
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 0"))

    async with run_app(take_late) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", f"Content-Length: {SIZE}"))
        await until(lambda: app.seen)
        upload = asyncio.create_task(flow.pour(line))
        assert await flow.stand_still() < SIZE

        wanted.set()
        async with asyncio.timeout(60):
            await upload
            assert (await line.hear()).status == 200


async def test_a_visitor_who_reads_slowly_slows_no_other_down() -> None:
    """The connection to the app that brought the end of his answer is soon somebody else's."""

    async def say_much(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 60000", body=b"x" * 60_000))

    async with run_app(say_much) as app, open_door(app) as door, dial(door.port) as slow:
        slow.transport.pause_reading()
        for asked in range(1, 200):
            await slow.say(head("GET / HTTP/1.1"))
            await until(lambda: (len(app.seen) == asked and not door.relay.in_flight) or is_lagging(door))  # noqa: B023
            if is_lagging(door):
                break
        for _ in range(3):
            assert len((await ask(door.port, head("GET / HTTP/1.1"))).body) == 60_000


def is_lagging(door: Door) -> bool:
    """Whether more waits for a visitor than his connection lets lie."""
    waiting = (cast("Any", guest).transport.get_write_buffer_size() for guest in door.front.guests)
    return max(waiting, default=0) > 256 * 1024
