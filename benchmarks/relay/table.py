"""Results: samples by seat, their medians and ratios, and whether a target is met. Plain values; measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.relay.peers import OURS

_FIRST, _OTHERS = 34, 18


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure shall be: of itself, or as a ratio to another seat's of the same turn."""

    value: float
    against: str = ""
    at_least: bool = True

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{sign} {self.value:g}x {self.against}" if self.against else f"{sign} {self.value:g}"

    def find(self, row: "Row", seat: str) -> float | None:
        """What is compared with the bound; ``None`` where nobody is there to compare with."""
        return row.ratio(seat, self.against) if self.against else row.middle(seat)

    def judge(self, row: "Row", seat: str) -> str:
        """Say whether it is met."""
        found = self.find(row, seat)
        if found is None:
            return f"{self}: not measured"
        met = found >= self.value if self.at_least else found <= self.value
        return f"{self}: {'met' if met else 'NOT MET'} ({found:.3g}{'x' if self.against else ''})"


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised, and what would be a moonshot."""

    bound: Bound
    moonshot: Bound
    seat: str = OURS


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of every seat, as many times as there were turns."""

    what: str
    samples: Mapping[str, Sequence[float]]
    targets: Sequence[Target] = ()

    def middle(self, seat: str) -> float | None:
        """Take the median."""
        found = self.samples.get(seat)
        return median(found) if found else None

    def ratio(self, seat: str, other: str) -> float | None:
        """Take the median of the ratios of each turn."""
        pairs = zip(self.samples.get(seat, ()), self.samples.get(other, ()), strict=False)
        ratios = [ours / theirs for ours, theirs in pairs if theirs]
        return median(ratios) if ratios else None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one measure; the ratios shown are the first column's to each other."""

    name: str
    title: str
    rows: Sequence[Row]
    against: str = OURS
    """Whose ratio to each column is shown; the other way round where it is not ours."""

    def lines(self) -> list[str]:
        """Draw it."""
        seats = list(dict.fromkeys(seat for row in self.rows for seat in row.samples))
        head = f"{'':{_FIRST}}" + "".join(f"{seat:>{_OTHERS}}" for seat in seats)
        drawn = ["", f"== {self.name}: {self.title}", head.rstrip()]
        for row in self.rows:
            drawn.append(f"{row.what:{_FIRST}}" + "".join(f"{self._cell(row, seat):>{_OTHERS}}" for seat in seats))
            for target in row.targets:
                whose = "" if target.seat == OURS else f"{target.seat} "
                judged = target.bound.judge(row, target.seat), target.moonshot.judge(row, target.seat)
                drawn.append(f"    target {whose}{judged[0]}; moonshot {judged[1]}")
        return drawn

    def document(self) -> dict[str, Any]:
        """Say the same to a program."""
        return asdict(self)

    def _cell(self, row: Row, seat: str) -> str:
        found = row.middle(seat)
        if found is None:
            return "-"
        ratio = row.ratio(self.against, seat) if self.against == OURS else row.ratio(seat, self.against)
        beside = "" if seat == self.against or ratio is None else f" ({ratio:.2f}x)"
        return f"{_write(found)}{beside}"


def _write(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
