"""Uses: which services are visited here, and telling the ledger of it before the invocation ends.

The rules are those of `engine.traffic`, but nothing can be told later: a use is told at once, unless the ledger heard
of one of the same service less than a flush interval ago by the clock on the wall, for the loop's clock may stand still
between two invocations. Idleness is judged with that margin, so nobody errs by it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wakeproxy.core.names import ServiceName
from wakeproxy.engine.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Uses:
    """Notes uses; ``traffic`` counts them and was never started, for it would work in the background."""

    traffic: Traffic
    interval: timedelta
    clock: Callable[[], datetime]
    _told_at: dict[ServiceName, datetime] = field(default_factory=dict)

    async def begin(self, name: ServiceName) -> None:
        """Note a use that goes on; every one must `end`."""
        self.traffic.begin(name)
        await self._tell(name)

    async def end(self, name: ServiceName) -> None:
        """Note that a use has ended."""
        self.traffic.end(name)
        await self._tell(name)

    async def _tell(self, name: ServiceName) -> None:
        now = self.clock()
        told_at = self._told_at.get(name)
        if told_at is not None and timedelta() <= now - told_at < self.interval:
            return
        if await self.traffic.flush():
            self._told_at[name] = now
