"""Traffic: which services are in use, right now and last, and telling the ledger about it.

Counting is a few dictionary accesses. The ledger hears of a use at once after a quiet spell, and while the use goes
on at most once per flush interval; a request in flight, a WebSocket or a long download is use all the time.
"""

import asyncio
from collections.abc import Callable, Container
from datetime import datetime, timedelta

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record, Use
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import LedgerError
from wakeproxy.ports import Uses

_RETRY_SECONDS = 1.0
"""A use that the ledger could not be told of is told again so soon, which is well within a sleeper's grace."""


class Traffic:
    """Counts uses per service and flushes them."""

    def __init__(
        self,
        ledger: Uses,
        *,
        front: str,
        clock: Callable[[], datetime],
        flush_interval: timedelta,
        on_record: Callable[[ServiceName, Record], None],
    ) -> None:
        self._ledger = ledger
        self._front = front
        self._clock = clock
        self._interval = flush_interval.total_seconds()
        self._on_record = on_record
        self._tasks = Tasks("traffic")
        self.in_flight: dict[ServiceName, int] = {}
        """Those that were ever used; a `Counter` would cost three times as much to count with."""
        self.last_used_at: dict[ServiceName, datetime] = {}
        self._unflushed: dict[ServiceName, None] = {}
        """In the order in which they were used; a set's would be another in every process."""
        self._news: asyncio.Queue[ServiceName] = asyncio.Queue()
        self._telling: set[ServiceName] = set()
        """Those in the queue or told of by a task of their own."""
        self._kept: Container[ServiceName] | None = None
        self.on_gone: Callable[[ServiceName], None] = _nobody
        """Is told when the last use of a service that is not kept has ended, and the ledger was told of it."""

    def start(self) -> None:
        """Begin to flush."""
        self._tasks.repeat(self._turn, name="first uses")

    async def stop(self) -> None:
        """Flush what is left and end."""
        await self._tasks.stop()
        await self.flush()

    def keep(self, names: Container[ServiceName]) -> None:
        """Forget all others, each as soon as nothing of it is in use any more."""
        self._kept = names
        for name in [name for name in self.last_used_at if name not in self._telling]:
            self._forget_gone(name)

    def begin(self, name: ServiceName) -> None:
        """Count a use that begins; every one must `end`."""
        self.in_flight[name] = self.in_flight.get(name, 0) + 1
        if name not in self._telling:
            self._note(name)

    def end(self, name: ServiceName) -> None:
        """Count a use that has ended."""
        self.in_flight[name] -= 1
        self._note(name)

    def is_in_use(self, name: ServiceName) -> bool:
        """Whether it is in use, or was in use and the ledger has not heard of that yet."""
        return self.in_flight.get(name, 0) > 0 or name in self._unflushed

    async def flush(self) -> bool:
        """Tell the ledger of every service used since it was last told; whether it could be."""
        going_on = (name for name, count in self.in_flight.items() if count)
        used = dict.fromkeys((*self._unflushed, *going_on))
        return all(await asyncio.gather(*map(self._flush_one, used)))

    def _note(self, name: ServiceName) -> None:
        self.last_used_at[name] = self._clock()
        self._unflushed[name] = None
        if name not in self._telling:
            self._telling.add(name)
            self._news.put_nowait(name)

    async def _turn(self) -> None:
        """Hear of a service used after a quiet spell; however busy others are, it is told of at once.

        A sleeper that has claimed it already is told so before its grace is over, and leaves it alone.
        """
        name = await self._news.get()
        self._tasks.start(self._tell(name), name=f"uses of {name}")

    async def _tell(self, name: ServiceName) -> None:
        """Tell of a service's uses, now and every interval, until one went by without any.

        A ledger may take a while to say that it cannot be told; it is told again all the sooner.
        """
        loop = asyncio.get_running_loop()
        try:
            while name in self._unflushed or self.in_flight[name] > 0:
                began = loop.time()
                is_told = await self._flush_one(name)
                pause = self._interval if is_told else min(self._interval, _RETRY_SECONDS)
                await asyncio.sleep(max(began + pause - loop.time(), 0))
        finally:
            self._telling.discard(name)
        self._forget_gone(name)

    def _forget_gone(self, name: ServiceName) -> None:
        if self._kept is not None and name not in self._kept:
            del self.in_flight[name], self.last_used_at[name]
            self.on_gone(name)

    async def _flush_one(self, name: ServiceName) -> bool:
        if self.in_flight[name] > 0:
            self.last_used_at[name] = self._clock()
        used_at = self.last_used_at[name]
        try:
            record = await self._ledger.note_use(name, Use(used_at, self._front, self.in_flight[name]))
        except LedgerError:  # it stays unflushed, and is told again soon
            return False
        if self.last_used_at[name] == used_at:
            self._unflushed.pop(name, None)
        self._on_record(name, record)
        return True


def _nobody(name: ServiceName) -> None:
    """Tell nobody."""
