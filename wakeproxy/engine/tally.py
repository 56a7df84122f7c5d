"""Tally: a histogram while it is being counted; one loop writes, so that no lock is needed."""

from bisect import bisect_left
from collections.abc import Sequence

from wakeproxy.core.counts import Histogram


class Tally:
    """Counts how many took how long."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    def read(self) -> Histogram:
        """Copy what was counted, as a value."""
        return Histogram(self._bounds, tuple(self._counts), self._total)
