"""The access log: a line for every request, written when nobody waits for it.

A request costs an append. Lines are made a little later, a few at a time, between other work; a thread writes them.
What cannot be written as fast as it comes is dropped, the newest first, and counted: visitors never wait for a disk.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from wakeproxy.engine.tasks import Tasks
from wakeproxy.front.journal import Entry, Refusal
from wakeproxy.front.log_lines import Form
from wakeproxy.front.log_writer import Writer
from wakeproxy.front.trust import Networks, find_client

logger = logging.getLogger(__name__)

_GATHER_SECONDS: Final = 0.005
"""Lines are made in batches; that long a turn is kept alive for its line. Later it would have left the caches."""
_MOST_ENTRIES: Final = 100_000
_MOST_BYTES: Final = 32 * 1024 * 1024
"""Of lines that wait for the writer: about as many."""
_BATCH: Final = 24
"""Lines made before others get their turn again: some thirty microseconds, as whoever comes meanwhile waits so long."""
_PIECE: Final = 128 * 1024
"""Characters handed to the writer at a time: every piece costs a change of threads."""
_SHARE: Final = 16
"""Of a backlog so much is made at a time: where the loop turns slowly because much happens, the log still keeps up."""
_FLUSH_SECONDS: Final = 5.0


class AccessLog:
    """A `journal.Log` that writes lines."""

    def __init__(
        self,
        form: Form,
        writer: Writer,
        *,
        trusted: Networks,
        clock: Callable[[], datetime],
        uptime: Callable[[], float],
    ) -> None:
        self._form = form
        self._writer = writer
        self._trusted = trusted
        self._clock = clock
        self._uptime = uptime
        self._entries: deque[Entry | Refusal] = deque()
        self._news = asyncio.Event()
        self._tasks = Tasks("access log")
        self._made: list[str] = []
        """Lines that are still to be handed over, and how long they are."""
        self._made_size = 0
        self._dropped = 0
        self._is_dropping = False

    @property
    def dropped(self) -> int:
        """Lines that were never written."""
        return self._dropped + self._writer.lost

    def write(self, entry: Entry | Refusal) -> None:
        """Keep an entry; on the hot path."""
        entries = self._entries
        if not entries:
            self._news.set()
        elif len(entries) >= _MOST_ENTRIES:
            self._drop(1)
            return
        entries.append(entry)

    def start(self) -> None:
        """Begin to write."""
        self._tasks.repeat(self._turn, name="lines")

    def reopen(self) -> None:
        """Write to the file that has the log's name now, not to the one that had it."""
        self._writer.reopen()

    async def stop(self) -> None:
        """Write what is left, unless the disk stands still."""
        await self._tasks.stop()
        while self._entries:
            self._write_batch()
        self._hand_over()
        ended = asyncio.Event()
        self._writer.close(partial(asyncio.get_running_loop().call_soon_threadsafe, ended.set))
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                await ended.wait()
        except TimeoutError:
            logger.warning("the access log's last lines could not be written in time")

    async def _turn(self) -> None:
        await self._news.wait()
        await asyncio.sleep(_GATHER_SECONDS)
        while self._entries:
            self._write_batch()
            await asyncio.sleep(0)
        self._hand_over()
        self._news.clear()

    def _write_batch(self) -> None:
        entries = self._entries
        if self._writer.waiting > _MOST_BYTES:
            self._drop(len(entries))
            entries.clear()
            return
        self._is_dropping = self._is_dropping and self._writer.waiting > 0
        since_epoch = self._clock().timestamp() - self._uptime()
        take = entries.popleft
        count = min(max(_BATCH, len(entries) // _SHARE), len(entries))
        made = "".join([self._write_line(take(), since_epoch) for _ in range(count)])
        self._made.append(made)
        self._made_size += len(made)
        if self._made_size >= _PIECE:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._made:
            self._writer.write("".join(self._made).encode("ascii", "replace"))
            self._made.clear()
            self._made_size = 0

    def _write_line(self, entry: Entry | Refusal, since_epoch: float) -> str:
        hop = entry.hop
        if isinstance(entry, Refusal):
            return self._form(entry, hop.peer, entry.at + since_epoch)
        turn = entry.turn
        client = find_client(hop.peer, turn.read.cut, self._trusted) if hop.is_trusted else hop.peer
        return self._form(entry, client, turn.began_at + since_epoch)

    def _drop(self, count: int) -> None:
        self._dropped += count
        if not self._is_dropping:
            self._is_dropping = True
            logger.warning("requests come faster than the access log can be written; lines are dropped until it can")
