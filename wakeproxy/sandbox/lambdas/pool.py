"""A sandbox's execution environments: reused while they are warm, as many at once as there are events at once."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from wakeproxy.sandbox.lambdas.environment import Environment
from wakeproxy.sandbox.lambdas.function import Function, Likeness
from wakeproxy.sandbox.lambdas.log import EnvironmentLog
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.timeline import Timeline

CONCURRENCY = 100
"""Events at once; an account of AWS's has 1,000, which no development machine has the memory for."""
KEPT_WARM = 300.0
"""Seconds an environment waits for another event; AWS does not document them."""


@dataclass(slots=True)
class Warm:
    """An environment that can take an event, and its log."""

    environment: Environment
    log: EnvironmentLog
    idle_since: float = 0.0


class Pool:
    """Lends environments."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._idle: dict[Likeness, list[Warm]] = {}
        self._busy: Counter[tuple[str, str]] = Counter()
        self._every: dict[int, Environment] = {}
        self._lock = threading.Lock()
        self._is_open = True

    def admit(self, function: Function) -> bool:
        """Count one more event of a function, unless that would be too many; `leave` counts it off."""
        name = (function.region, function.name)
        with self._lock:
            is_full = self._busy.total() >= CONCURRENCY
            if is_full or (function.reserved is not None and self._busy[name] >= function.reserved):
                return False
            self._busy[name] += 1
            return True

    def leave(self, function: Function) -> None:
        """Count an event off."""
        with self._lock:
            self._busy[function.region, function.name] -= 1

    def take(self, function: Function) -> Warm | None:
        """Take the environment that was used last, out of those of this function as it is now."""
        with self._lock:
            idle = self._idle.get(function.likeness)
            return idle.pop() if idle else None

    def start(self, begin: Callable[[], Environment]) -> Environment:
        """Start an environment.

        Raises:
            AwsError: the sandbox is stopping.

        """
        with self._lock:
            if not self._is_open:
                raise AwsError("ServiceException", "The sandbox is stopping.", status=500)
            made = begin()
            self._every[made.pid] = made
            return made

    def give_back(self, function: Function, warm: Warm) -> None:
        """Freeze an environment until the next event."""
        warm.environment.freeze()
        warm.idle_since = self._timeline.now()
        with self._lock:
            is_open = self._is_open
            if is_open:
                self._idle.setdefault(function.likeness, []).append(warm)
                self._timeline.post(self._retire_later)
        if not is_open:
            self.end(warm.environment)

    def end(self, environment: Environment) -> None:
        """End an environment for good; only for whoever took it."""
        with self._lock:
            self._every.pop(environment.pid, None)
        environment.close()

    def keep(self, is_current: Callable[[Likeness], bool]) -> None:
        """End the idle environments of functions that are gone or are no longer as they were."""
        with self._lock:
            idle = list(self._idle)
        for outdated in [likeness for likeness in idle if not is_current(likeness)]:
            with self._lock:
                ended = self._idle.pop(outdated, [])
            for warm in ended:
                self.end(warm.environment)

    def close(self) -> None:
        """End every environment; those that serve an event are told of by their exit."""
        with self._lock:
            self._is_open = False
            idle = [warm for each in self._idle.values() for warm in each]
            self._idle.clear()
            for environment in self._every.values():
                environment.kill()
        for warm in idle:
            self.end(warm.environment)

    def _retire_later(self) -> None:
        self._timeline.after(KEPT_WARM, self._retire)

    def _retire(self) -> None:
        """End what nobody has wanted for long."""
        limit = self._timeline.now() - KEPT_WARM
        with self._lock:
            old = [warm for idle in self._idle.values() for warm in idle if warm.idle_since <= limit]
            kept = {key: [warm for warm in idle if warm not in old] for key, idle in self._idle.items()}
            self._idle = {key: idle for key, idle in kept.items() if idle}
        for warm in old:
            self.end(warm.environment)
