"""How fast AWS may be asked: the arithmetic of a token bucket that two kinds of callers share.

AWS gives an account a bucket of tokens per group of operations and Region; a call takes one, and the bucket fills at a
steady rate. Ours is a part of it. It admits two kinds of calls: urgent ones, for which a visitor waits, and patient
ones. Patient calls leave a reserve to the urgent, so that a wake finds tokens in the middle of a sweep; and a small
part of what flows in is theirs alone, so that the patient move however many wakes there are.

An answer that says "too fast" means that others drink from the same bucket: ours is emptied and fills at half the rate,
which then grows back steadily (additive increase, multiplicative decrease). Seconds are on any one steady clock.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import Final

RESERVE: Final = 0.25
"""The part of a bucket that patient calls leave to urgent ones."""
PATIENT_PART: Final = 0.125
"""The part of what flows in that is for patient calls alone, while one of them may be waiting."""
SLOWEST: Final = 1 / 16
RECOVERS_WITHIN: Final = 120.0
"""Seconds in which the rate would grow from nothing to all that we allow ourselves."""
_SLOWED_ONCE_WITHIN: Final = 1.0
"""Seconds; calls that were under way together are refused together, which says no more than one refusal does."""
_OWN: Final = 1.0
"""Tokens that are kept for patient calls alone."""
_LEAST: Final = 1.0 + _OWN
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Rate:
    """What a bucket holds, and how many tokens a second it is refilled with."""

    burst: float
    per_second: float

    def part(self, share: float) -> "Rate":
        """Take a share of it, but a burst of no less than one call of each kind."""
        return Rate(max(self.burst * share, _LEAST), self.per_second * share)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens as of one instant; each change makes a new value."""

    rate: Rate
    filled_at: float
    common: float
    own: float = _OWN
    """Tokens for patient calls alone."""
    speed: float = 1.0
    """The part of the rate at which it fills just now."""
    slowed_at: float = -inf

    @classmethod
    def full(cls, rate: Rate, now: float) -> "Bucket":
        """Begin with a full bucket."""
        return cls(rate, now, rate.burst - _OWN)

    def fill(self, now: float) -> "Bucket":
        """Let the time pass until ``now``."""
        span = max(now - self.filled_at, 0.0)
        gained = self.rate.per_second * _integrate(self.speed, span)
        kept = min(gained * PATIENT_PART, _OWN - self.own)
        return replace(
            self,
            filled_at=max(now, self.filled_at),
            common=min(self.common + gained - kept, self.rate.burst - _OWN),
            own=self.own + kept,
            speed=min(self.speed + span / RECOVERS_WITHIN, 1.0),
        )

    def wait(self, *, is_urgent: bool) -> float:
        """Say in how many seconds to ask again for a call that may not go now; 0 if it may.

        It is a little too long rather than too short: tokens that come meanwhile are not lost.
        """
        inflow = self.rate.per_second * self.speed
        missing = (1.0 if is_urgent else self._reserve + 1.0) - self.common
        of_common = missing / (inflow * (1 - PATIENT_PART)) if missing > _ROUNDING else 0.0
        if is_urgent:
            return of_common
        lacking = 1.0 - self.own
        return min(of_common, lacking / (inflow * PATIENT_PART) if lacking > _ROUNDING else 0.0)

    def take(self, *, is_urgent: bool) -> "Bucket":
        """Take the token of a call that may go now."""
        assert not self.wait(is_urgent=is_urgent), "a call that has to wait"
        if is_urgent or self.common - self._reserve >= 1.0 - _ROUNDING:
            return replace(self, common=max(self.common - 1.0, 0.0))
        return replace(self, own=max(self.own - 1.0, 0.0))

    def give_back(self) -> "Bucket":
        """Put back the token of a call that was not made."""
        return replace(self, common=min(self.common + 1.0, self.rate.burst - _OWN))

    def slow(self) -> "Bucket":
        """Take note that AWS refused a call for being too fast."""
        emptied = replace(self, common=0.0, own=0.0)
        if self.filled_at - self.slowed_at < _SLOWED_ONCE_WITHIN:
            return emptied
        return replace(emptied, speed=max(self.speed / 2, SLOWEST), slowed_at=self.filled_at)

    @property
    def _reserve(self) -> float:
        return self.rate.burst * RESERVE


def _integrate(speed: float, span: float) -> float:
    """Add up a speed that grows to 1 over a span of time."""
    growing = min((1.0 - speed) * RECOVERS_WITHIN, span)
    return speed * growing + growing * growing / (2 * RECOVERS_WITHIN) + (span - growing)
