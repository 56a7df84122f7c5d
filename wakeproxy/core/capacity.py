"""A service with an Application Auto Scaling target, put to sleep and woken without fighting it.

The target keeps the service's desired count within its capacity. So before a sleep its minimum is taken away, which
the ledger remembers as the record's *floor*; a wake asks for that many tasks, and then gives the minimum back. Until
it is known to be back, it is owed, whoever crashed in between.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wakeproxy.core.record import Intent, Record

UNDISPUTED_AFTER: Final = timedelta(seconds=30)
"""A sleeper that read the ledger just before a wake was claimed takes the minimum away just after. So long after the
claim no such call is on its way any more: the longest time that a call to AWS takes, and as much again."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """The least and the most tasks that a scalable target lets its service have."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Set the target's minimum to this."""

    minimum: int


@dataclass(frozen=True, slots=True)
class Forget:
    """The minimum is back, or there is no target left to give it to: nothing is owed any more."""


Settlement = GiveBack | Forget


def remember_floor(record: Record, capacity: Capacity | None) -> int:
    """Say which minimum to remember when a service is put to sleep; one that is owed still stays owed."""
    return capacity.minimum if capacity is not None and capacity.minimum else record.floor


def settle(record: Record, capacity: Capacity | None, *, now: datetime) -> Settlement | None:
    """Say what to do about a service's floor; without a capacity it has no target, ``None`` is nothing, or not yet."""
    if not record.floor or record.intent is not Intent.AWAKE:
        return None
    if capacity is not None and capacity.minimum == 0 < capacity.maximum:
        return GiveBack(min(record.floor, capacity.maximum))
    is_disputed = record.claimed_at is not None and now - record.claimed_at < UNDISPUTED_AFTER
    return None if is_disputed else Forget()
