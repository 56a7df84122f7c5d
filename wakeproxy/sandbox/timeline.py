"""One thread on which all state of the sandbox's ECS lives, so that nothing of it needs a lock.

It waits for the next deadline, a descriptor to become readable, or a call from another thread, and does nothing in
between: a thousand idle services cost nothing. It knows nothing of AWS.
"""

import contextlib
import heapq
import itertools
import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.guarded import run_guarded

T = TypeVar("T")
Action = Callable[[], None]

LONGEST_WAIT = 3600.0
"""Seconds: the kernel takes no wait longer than 24 days, while a deadline may be years away."""


class Timer:
    """An action with a deadline, which can be called off."""

    __slots__ = ("action",)

    def __init__(self, action: Action) -> None:
        self.action: Action | None = action

    def cancel(self) -> None:
        """Call the action off; harmless when it has run."""
        self.action = None


class Timeline:
    """Runs actions one at a time, in the order of their deadlines."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._inbox: deque[Action] = deque()
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        self._gate = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="sandbox-timeline", daemon=True)

    def start(self) -> None:
        """Begin to run actions."""
        self._selector.register(self._wake_in, selectors.EVENT_READ, self._drain)
        self._thread.start()

    def stop(self) -> None:
        """Run what was handed over already, then end; later calls raise `SandboxError`."""
        with self._gate:
            self._open = False
        self._nudge()
        self._thread.join()
        self._selector.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    @staticmethod
    def now() -> float:
        """Seconds on the monotonic clock that deadlines are counted on."""
        return time.monotonic()

    def after(self, seconds: float, action: Action) -> Timer:
        """Run `action` after so many seconds; only to be called on this timeline's thread."""
        timer = Timer(action)
        heapq.heappush(self._heap, (self.now() + seconds, next(self._order), timer))
        return timer

    def post(self, action: Action) -> None:
        """Hand over an action from any thread, without waiting for it."""
        with self._gate:
            if not self._open:
                raise SandboxError("The sandbox has been stopped; start another one.")
            self._inbox.append(action)
        self._nudge()

    def call(self, action: Callable[[], T]) -> T:
        """Run `action` on the timeline from any thread and return what it returned or raise what it raised."""
        if threading.current_thread() is self._thread:
            return action()
        future: Future[T] = Future()
        self.post(lambda: _resolve(future, action))
        return future.result()

    def watch(self, fd: int, action: Action) -> None:
        """Run `action` whenever `fd` is readable."""
        self._selector.register(fd, selectors.EVENT_READ, action)

    def unwatch(self, fd: int) -> None:
        """Forget `fd`."""
        with contextlib.suppress(KeyError):
            self._selector.unregister(fd)

    def _nudge(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: a wake-up is on its way already
            os.write(self._wake_out, b"\0")

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_in, 4096)

    def _run(self) -> None:
        while self._open or self._inbox:
            for key, _ in self._selector.select(self._patience()):
                run_guarded(key.data)
            while self._inbox:
                run_guarded(self._inbox.popleft())
            self._run_due()

    def _patience(self) -> float | None:
        if self._inbox or not self._open:
            return 0
        return min(max(0.0, self._heap[0][0] - self.now()), LONGEST_WAIT) if self._heap else None

    def _run_due(self) -> None:
        now = self.now()
        while self._heap and self._heap[0][0] <= now:
            timer = heapq.heappop(self._heap)[2]
            if timer.action is not None:
                run_guarded(timer.action)


def _resolve(future: "Future[T]", action: Callable[[], T]) -> None:
    try:
        future.set_result(action())
    except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
        future.set_exception(error)
