"""The gate before the waker: bounds how many wakes visitors may cause, so that nobody can run up a bill by asking."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from wakeproxy.core.lifecycle import UP, Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.front.wakes import Wakes

_MINUTE = 60.0


@dataclass(slots=True)
class Gate:
    """Passes visitors' wishes on to the waker, up to a bound."""

    waker: Wakes
    wakes_per_minute: int
    awake_services: int | None = None
    _recent: deque[float] = field(default_factory=deque)

    @property
    def recent(self) -> tuple[float, ...]:
        """When wakes were begun, within the last minute or so, on the clock that all processes of a machine share."""
        return tuple(self._recent)

    def recall(self, recent: Iterable[float]) -> None:
        """Count the wakes that another process says were begun instead of those known here."""
        self._recent = deque(sorted(recent))

    def ask(self, name: ServiceName) -> bool:
        """Ask for a service to be awake; ``False`` when that would be one wake too many."""
        if self.waker.look(name).phase in UP:
            return True
        now = asyncio.get_running_loop().time()
        while self._recent and now - self._recent[0] >= _MINUTE:
            self._recent.popleft()
        if len(self._recent) >= self.wakes_per_minute or self._is_full():
            return False
        self.waker.ask(name)
        if self.waker.look(name).phase is Phase.WAKING:
            self._recent.append(now)
        return True

    def _is_full(self) -> bool:
        if self.awake_services is None:
            return False
        return sum(self.waker.look(name).phase in UP for name in self.waker.names) >= self.awake_services
