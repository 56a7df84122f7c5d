"""Traffic: which services are in use, right now and last, and telling the ledger about it.

Counting is a few dictionary accesses. The ledger hears of a use at once after a quiet spell, and while the use goes
on at most once per flush interval; a request in flight, a WebSocket or a long download is use all the time.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record
from wakeproxy.engine.tasks import Tasks
from wakeproxy.errors import LedgerError
from wakeproxy.ports import Ledger

logger = logging.getLogger(__name__)


class Traffic:
    """Counts uses per service and flushes them."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        flush_interval: timedelta,
        on_record: Callable[[ServiceName, Record], None],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._interval = flush_interval.total_seconds()
        self._on_record = on_record
        self._tasks = Tasks("traffic")
        self.in_flight: Counter[ServiceName] = Counter()
        self.last_used_at: dict[ServiceName, datetime] = {}
        self._unflushed: set[ServiceName] = set()
        self._used = asyncio.Event()
        self.ledger_error: LedgerError | None = None

    def start(self) -> None:
        """Begin to flush."""
        self._tasks.repeat(self._turn, name="flush")

    async def stop(self) -> None:
        """Flush what is left and end."""
        await self._tasks.stop()
        await self.flush()

    def begin(self, name: ServiceName) -> None:
        """Count a use that begins; every one must `end`."""
        self.in_flight[name] += 1
        self._note(name)

    def end(self, name: ServiceName) -> None:
        """Count a use that has ended."""
        self.in_flight[name] -= 1
        self._note(name)

    def _note(self, name: ServiceName) -> None:
        self.last_used_at[name] = self._clock()
        if name not in self._unflushed:
            self._unflushed.add(name)
            self._used.set()

    async def _turn(self) -> None:
        await self._used.wait()
        await self.flush()
        await asyncio.sleep(self._interval)

    async def flush(self) -> None:
        """Tell the ledger of every service used since the last flush."""
        in_use = {name for name, count in self.in_flight.items() if count > 0}
        names = self._unflushed | in_use
        self._unflushed = set()
        self._used.clear()
        now = self._clock()
        for name in in_use:
            self.last_used_at[name] = now
        await asyncio.gather(*(self._flush_one(name) for name in names))
        self._mark(in_use)

    async def _flush_one(self, name: ServiceName) -> None:
        try:
            record = await self._ledger.note_use(name, self.last_used_at[name])
        except LedgerError as error:
            if self.ledger_error is None:
                logger.warning("the ledger cannot be told of uses; nothing is put to sleep meanwhile: %s", error)
            self.ledger_error = error
            self._mark([name])
            return
        self.ledger_error = None
        self._on_record(name, record)

    def _mark(self, names: Iterable[ServiceName]) -> None:
        self._unflushed.update(names)
        if self._unflushed:
            self._used.set()
