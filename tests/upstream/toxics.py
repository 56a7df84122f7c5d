"""A proxy of faults: between two sides it delays, slows down, cuts in pieces, breaks off or goes silent."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto


class End(Enum):
    """What happens where a direction is cut."""

    CLOSE = auto()
    RESET = auto()
    SILENCE = auto()
    """Both sides think that the connection is there; nothing passes any more."""


@dataclass(frozen=True)
class Toxic:
    """The faults of one direction."""

    cut_after: int | None = None
    """Bytes that pass before the end."""
    end: End = End.CLOSE
    delay: float = 0.0
    """Seconds before each piece."""
    piece: int = 2**16
    """Bytes in one piece."""


CLEAN = Toxic()


@asynccontextmanager
async def run_toxic(
    host: str, port: int, *, to_server: Toxic = CLEAN, to_client: Toxic = CLEAN, listen: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """Stand before a server; yields the port to use in its place."""
    meetings: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        meeting = asyncio.current_task()
        assert meeting is not None
        meetings.add(meeting)
        meeting.add_done_callback(meetings.discard)
        away, back = await asyncio.open_connection(host, port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass(reader, back, writer, to_server))
                group.create_task(_pass(away, writer, back, to_client))
        except* OSError:
            pass
        finally:
            back.transport.abort()
            writer.transport.abort()

    server = await asyncio.start_server(meet, listen, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        running = tuple(meetings)
        for meeting in running:
            meeting.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)  # in which what was aborted closes


async def _pass(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, other: asyncio.StreamWriter, toxic: Toxic
) -> None:
    left = toxic.cut_after
    while piece := await reader.read(toxic.piece):
        await asyncio.sleep(toxic.delay)
        if left is not None:
            piece = piece[:left]
            left -= len(piece)
        writer.write(piece)
        await writer.drain()
        if left == 0:
            await _end(writer, other, toxic.end)
            return
    if writer.can_write_eof():
        writer.write_eof()


async def _end(writer: asyncio.StreamWriter, other: asyncio.StreamWriter, end: End) -> None:
    match end:
        case End.SILENCE:
            await asyncio.Event().wait()
        case End.RESET:
            for each in (writer, other):
                each.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                each.transport.abort()
        case End.CLOSE:
            writer.close()
            other.close()
