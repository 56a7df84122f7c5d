"""A long body, and how much of it could be written so far."""

import asyncio

from tests.upstream.wire import Line

SIZE = 20 * 2**20
"""More than the system's buffers of two connections take in."""
PIECE = bytes(range(256)) * 256
PIECES = SIZE // len(PIECE)


class Flow:
    """Counts what could be written so far; it stands still once the other end takes no more."""

    def __init__(self) -> None:
        self.written = 0

    async def pour(self, line: Line) -> None:
        for _ in range(PIECES):
            await line.say(PIECE)
            self.written += len(PIECE)

    async def stand_still(self) -> int:
        """Wait until nothing more is taken; how much was."""
        quiet, last = 0, -1
        async with asyncio.timeout(60):
            while quiet < 20:
                quiet = quiet + 1 if self.written == last and self.written else 0
                last = self.written
                await asyncio.sleep(0.01)
        return self.written
