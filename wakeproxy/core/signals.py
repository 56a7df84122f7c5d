"""Signals: evidence of use that does not pass through wakeproxy, and what is wanted of it.

A signal is read from CloudWatch's metrics by whoever knows them. Here is only what it may say: it was active, it was
quiet, or nobody can tell; the last is evidence of use, too, for as long as the policy bears with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

LATENESS: Final = timedelta(minutes=3)
"""How late a minute's figures may appear in CloudWatch: AWS promises nothing, and one to three minutes are usual."""


class Signal(StrEnum):
    """What can tell of use."""

    CPU = "CPU"
    NETWORK = "network"
    REQUESTS = "requests"
    LOGS = "logs"


@dataclass(frozen=True, slots=True)
class SignalPolicy:
    """Which signals tell of a service's use, and above which level."""

    cpu_above: float | None = None
    """Percent of the CPU that the busiest task may use."""
    network_above: int | None = None
    """Bytes per second, in and out, of the busiest task."""
    requests: bool = False
    """Any request to its targets through an Application Load Balancer."""
    logs: bool = False
    """Any line in the log groups its containers write to."""

    @property
    def wanted(self) -> tuple[Signal, ...]:
        """The signals that are looked at."""
        asked = {
            Signal.CPU: self.cpu_above is not None,
            Signal.NETWORK: self.network_above is not None,
            Signal.REQUESTS: self.requests,
            Signal.LOGS: self.logs,
        }
        return tuple(signal for signal, is_wanted in asked.items() if is_wanted)


@dataclass(frozen=True, slots=True)
class Active:
    """It was above its level, at ``at`` for the last time."""

    at: datetime
    level: str
    """What it showed then, in words."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """It was not above its level in the time asked for."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody can tell; ``why`` is one sentence with the remedy."""

    why: str


Reading: TypeAlias = Active | Quiet | Unreadable
SignalReading: TypeAlias = Mapping[Signal, Reading]
"""What each signal of one service said."""


def last_active(reading: SignalReading) -> Active | None:
    """Find the signal that was active last."""
    return max((one for one in reading.values() if isinstance(one, Active)), key=lambda one: one.at, default=None)
