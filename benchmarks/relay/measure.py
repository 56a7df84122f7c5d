"""What every measure has: how long and how often, and turns that take the seats one after the other."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.relay.peers import Peer
from benchmarks.relay.site import Site
from benchmarks.relay.table import Row, Table, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    seconds: float
    """Of each load."""
    rounds: int
    weighings: int
    """Rounds of what needs every proxy started afresh."""
    idle: int
    """Connections kept open."""
    waiters: int
    """Clients that wait for one wake."""
    readers: int = 8
    """Slow readers of a long body."""


FULL = Plan(seconds=5, rounds=5, weighings=3, idle=5000, waiters=10_000)
QUICK = Plan(seconds=1, rounds=2, weighings=1, idle=2000, waiters=10_000)

Measure = Callable[[Site, Sequence[Peer], Plan], Awaitable[Sequence[Table]]]


@dataclass(slots=True)
class Samples:
    """Collects figures by row and seat."""

    _found: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(self, what: str, seat: str, figure: float) -> None:
        """Take one figure."""
        self._found[what][seat].append(figure)

    def rows(self, targets: Mapping[str, Sequence[Target]]) -> list[Row]:
        """Make rows in the order in which they were first met."""
        return [Row(what, dict(seats), targets.get(what, ())) for what, seats in self._found.items()]
