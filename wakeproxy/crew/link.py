"""A link: messages between two processes of a crew, each a length and a pickle.

Unpickling runs what it reads, so it is for one's own words only. It is sound here because both ends are the same
program, started by one supervisor, as one user: over a socket pair that nobody else has, or over a socket in a folder
that nobody else may enter. Nothing that a visitor sends is ever unpickled.
"""

import asyncio
import pickle
from contextlib import suppress
from typing import Any, Final

_SIZE_BYTES: Final = 4
_MOST_UNHEARD: Final = 16 * 1024 * 1024
"""Bytes that may wait for the other end; one that hears so little hangs, and is dropped."""


class Link:
    """One end of a link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, message: object) -> None:
        """Send a message; if the other end is gone it is lost, which the next `hear` tells."""
        self.say_packed(pack(message))

    def say_packed(self, frame: bytes) -> None:
        """Send a message that was packed once for many."""
        if self._writer.transport.get_write_buffer_size() > _MOST_UNHEARD:
            self._writer.transport.abort()
        if not self._writer.is_closing():
            self._writer.write(frame)

    async def hear(self) -> Any:
        """Wait for a message; ``None`` when the other end is gone."""
        try:
            size = int.from_bytes(await self._reader.readexactly(_SIZE_BYTES), "big")
            return pickle.loads(await self._reader.readexactly(size))  # noqa: S301 - our own words, see above
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close(self) -> None:
        """End the link, after what was said."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


def pack(message: object) -> bytes:
    """Write a message as it is sent."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(_SIZE_BYTES, "big") + body
