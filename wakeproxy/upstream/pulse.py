"""The pulse: one coarse clock for all connections, and the one place where their deadlines are looked at.

A timer per request would cost more than the request. A deadline is an attribute; the pulse looks at all of them a few
times a second, which ten thousand connections hardly notice.
"""

import asyncio
import math
from datetime import timedelta
from typing import Final, Protocol

NEVER: Final = math.inf


class Timed(Protocol):
    """What has a deadline."""

    deadline: float
    """By the loop's clock; `NEVER` where nothing is waited for."""

    def expire(self) -> None:
        """Do what follows when the deadline has passed."""


class Pulse:
    """Beats until stopped; ``now`` is the loop's time at the last beat."""

    def __init__(self, every: timedelta) -> None:
        self._every = every.total_seconds()
        self.now = asyncio.get_running_loop().time()
        self.members: set[Timed] = set()

    async def beat(self) -> None:
        """Wait for the next beat, and let expire what is late."""
        await asyncio.sleep(self._every)
        now = self.now = asyncio.get_running_loop().time()
        for late in [member for member in self.members if member.deadline <= now]:
            late.expire()
