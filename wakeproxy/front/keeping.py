"""Visitors' wishes that a service stay awake: passed on to the waker, up to a bound, as the gate does with wakes."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wakeproxy.core.names import ServiceName
from wakeproxy.front.wakes import Wakes

_MINUTE = 60.0
_SAME_PRESS = 5.0
"""Seconds within which a second press is the same press, whoever it was."""


@dataclass(slots=True)
class Keeping:
    """Passes on so many wishes a minute, of all services: each is a write to the ledger."""

    waker: Wakes
    clock: Callable[[], datetime]
    per_minute: int
    _recent: deque[tuple[float, ServiceName]] = field(default_factory=deque)

    def ask(self, name: ServiceName, span: timedelta) -> bool:
        """Ask for a service to stay awake for so long; ``False`` when that would be one wish too many."""
        now = asyncio.get_running_loop().time()
        while self._recent and now - self._recent[0][0] >= _MINUTE:
            self._recent.popleft()
        if any(now - at < _SAME_PRESS and whose == name for at, whose in self._recent):
            return True
        if len(self._recent) >= self.per_minute:
            return False
        self._recent.append((now, name))
        self.waker.keep_awake(name, self.clock() + span)
        return True
