"""A loop whose time is made of two parts: the processor time that is really spent, and waits that are skipped.

Waiting for a token of a bucket, an answer of AWS or the end of a grace takes no time here, but counts in full. What
this process computes counts as it is, however busy the machine is; what the fake AWS computes does not.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

_Result = TypeVar("_Result")
_Arguments = TypeVarTuple("_Arguments")
_LOOKS_EVERY: Final = 0.01
"""Seconds between two looks at whether a thread has come to an end."""


@dataclass(slots=True)
class Clock:
    """Seconds, and what they are made of."""

    leapt: float = 0.0
    """Waits that were skipped."""
    aside: float = 0.0
    """Processor time that is not ours."""
    longest_turn: float = 0.0
    """The longest time in which nobody else had a turn in the loop."""
    threads: int = 0
    """Calls that other threads are busy with."""

    def read(self) -> float:
        """Seconds on this clock."""
        return self.spent() + self.leapt

    def spent(self) -> float:
        """Processor seconds of the loop's own thread, those of the fake left out."""
        return time.thread_time() - self.aside

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let what is done within take no time."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.aside += time.thread_time() - began


class _Selector(selectors.DefaultSelector):
    """Waits for threads only; all other waits are skipped."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._turn_began = clock.spent()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look what is ready; if nothing is, leap to the next timer."""
        clock = self._clock
        clock.longest_turn = max(clock.longest_turn, clock.spent() - self._turn_began)
        found = super().select(0)
        if not found and clock.threads:
            began = time.perf_counter()
            found = super().select(_LOOKS_EVERY if timeout is None else min(timeout, _LOOKS_EVERY))
            clock.leapt += time.perf_counter() - began
        elif not found and timeout is None:
            raise RuntimeError("everybody waits for somebody else")
        elif not found and timeout:
            clock.leapt += timeout
        self._turn_began = clock.spent()
        return found


class LeapingLoop(asyncio.SelectorEventLoop):
    """Runs on a `Clock`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(_Selector(clock))
        self._own_clock = clock

    def time(self) -> float:
        """Seconds on the clock."""
        return self._own_clock.read()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Arguments]], _Result], *args: *_Arguments
    ) -> asyncio.Future[_Result]:
        """Count the threads that are waited for."""
        call = super().run_in_executor(executor, func, *args)
        self._own_clock.threads += 1
        call.add_done_callback(self._note_end)
        return call

    def _note_end(self, _: asyncio.Future[Any]) -> None:
        self._own_clock.threads -= 1


def run(work: Callable[[Clock], Coroutine[Any, Any, _Result]]) -> _Result:
    """Run ``work`` in a loop of its own, with its clock."""
    clock = Clock()
    with asyncio.Runner(loop_factory=lambda: LeapingLoop(clock)) as runner:
        return runner.run(work(clock))
