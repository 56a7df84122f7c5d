"""Uses: which services are visited here, and telling the ledger of it before the invocation ends.

The rules are those of `engine.traffic`, but nothing can be told later: a use is told at once, unless the ledger heard
of one of the same service less than a flush interval ago by the clock on the wall, for the loop's clock may stand still
between two invocations. Idleness is judged with that margin, so nobody errs by it. A request that is held or passed
on is use all the time, and is told of again for as long as its invocation lasts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wakeproxy.core.names import ServiceName
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Uses:
    """Notes uses; ``traffic`` counts them and was never started, for it would work in the background."""

    traffic: Traffic
    interval: timedelta
    clock: Callable[[], datetime]
    _told_at: dict[ServiceName, datetime] = field(default_factory=dict)

    @asynccontextmanager
    async def going_on(self, name: ServiceName) -> AsyncIterator[None]:
        """Note a use that goes on for as long as the context; the ledger is told again and again meanwhile."""
        self.traffic.begin(name)
        telling = Tasks("uses")
        try:
            await self._tell(name)
            telling.start(self._tell_on(name), name=name)
            yield
        finally:
            await telling.stop()
            self.traffic.end(name)
            await self._tell(name)

    async def _tell_on(self, name: ServiceName) -> None:
        while True:
            await asyncio.sleep(self.interval.total_seconds())
            await self._tell(name)

    async def _tell(self, name: ServiceName) -> None:
        now = self.clock()
        told_at = self._told_at.get(name)
        if told_at is not None and timedelta() <= now - told_at < self.interval:
            return
        if await self.traffic.flush():
            self._told_at[name] = now
