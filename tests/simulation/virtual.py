"""Virtual time, and processes that can be frozen and killed: an event loop of which nothing but a seed decides.

Everything runs on one loop. What a process started, it and all that follows from it, belongs to that process: a
context variable says so. Of a frozen process nothing runs until it thaws, and then all that fell due meanwhile, in
order; of a killed one nothing runs any more. What a call of it set off elsewhere goes on, as it does in the world.
"""

import asyncio
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
_MOST_STEPS = 400_000
"""Callbacks of one schedule; one that never rests would take more."""


class Process:
    """What stands still together, and dies together."""

    def __init__(self, loop: "VirtualLoop", name: str) -> None:
        self.name = name
        self.is_frozen = False
        self.is_dead = False
        self.parked: list[Handle] = []
        self._loop = loop
        self._context = Context()
        self._context.run(_PROCESS.set, self)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run ``work`` as a part of this process."""
        return self._loop.create_task(work, context=self._context.copy())

    def freeze(self) -> None:
        """Stand still."""
        self.is_frozen = True

    def thaw(self) -> None:
        """Go on with all that fell due meanwhile."""
        self.is_frozen = False
        for handle in self.parked:
            self._loop.resume(handle, self)
        self.parked.clear()

    def kill(self) -> None:
        """Die at once, as by SIGKILL: nothing is finished, nothing is told."""
        self.is_dead = True
        self.parked.clear()


_PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)
WORLD = Context()
"""What belongs to no process, and goes on whatever becomes of any."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in order, and moves its clock on when there is none left to run."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._due: deque[tuple[Handle, Process | None]] = deque()
        self._timers: list[tuple[float, int, TimerHandle, Process | None]] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._number = count()
        self._steps = 0
        self._is_halted = False
        self.errors: list[str] = []
        """What callbacks raised."""

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def call_soon(self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None) -> Handle:
        """Run a callback at this instant, after all that are due already."""
        handle = Handle(callback, args, self, context)
        self._due.append((handle, _PROCESS.get() if context is None else context.get(_PROCESS)))
        return handle

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> TimerHandle:
        """Run a callback at an instant."""
        handle = TimerHandle(when, callback, args, self, context)
        process = _PROCESS.get() if context is None else context.get(_PROCESS)
        heappush(self._timers, (max(when, self._now), next(self._number), handle, process))
        return handle

    def create_task(
        self, coro: Coroutine[Any, Any, _T] | Any, *, name: object = None, context: Context | None = None
    ) -> asyncio.Task[_T]:
        """Start a task, and keep it: of a killed process it would be found pending, and complain."""
        task: asyncio.Task[_T] = asyncio.Task(
            coro, loop=self, name=None if name is None else str(name), context=context
        )
        self._tasks.append(task)
        return task

    def resume(self, handle: Handle, process: Process) -> None:
        """Run a callback that was put aside."""
        self._due.append((handle, process))

    @property
    def is_halted(self) -> bool:
        """Whether nothing more is run."""
        return self._is_halted

    def halt(self) -> None:
        """Run nothing more after the callback that runs."""
        self._is_halted = True

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what a callback raised."""
        self.errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    def run_to(self, until: float) -> None:
        """Run all that falls due until this instant."""
        asyncio._set_running_loop(self)
        try:
            self._run_to(until)
        finally:
            asyncio._set_running_loop(None)

    def _run_to(self, until: float) -> None:
        due, timers = self._due, self._timers
        while not self._is_halted:
            if due:
                self._step(*due.popleft())
            elif timers and timers[0][0] <= until:
                self._now, _, handle, process = heappop(timers)
                due.append((handle, process))
            else:
                self._now = until
                return

    def _step(self, handle: Handle, process: Process | None) -> None:
        if handle.cancelled() or (process is not None and process.is_dead):
            return
        if process is not None and process.is_frozen:
            process.parked.append(handle)
            return
        self._steps += 1
        if self._steps > _MOST_STEPS:
            self.errors.append("something never rests")
            self.halt()
        handle._run()

    def dispose(self) -> None:
        """Let go of whatever still runs, without a word."""
        asyncio._set_running_loop(self)
        try:
            for task in self._tasks:
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                if isinstance(coroutine := task.get_coro(), Coroutine):
                    coroutine.close()
        finally:
            asyncio._set_running_loop(None)
        self._due.clear()
        self._timers.clear()
        self._tasks.clear()
        self.close()

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        """Leave it where it is: it is passed over when its time has come."""
