"""For how long a look at a service tells enough of it, so that a sweep need not ask AWS again.

What is presumed only ever lets a service stay as it is: whoever would act by it looks afresh (`engine.judging`).
"""

from datetime import datetime, timedelta
from typing import Final

from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Intent, Record

UP_HOLDS: Final = timedelta(minutes=1)
"""As long as sweeps are apart: the next one decides what a fresh look would have decided now."""
REST_HOLDS: Final = timedelta(minutes=5)
"""Longer than looks at what is asleep are apart, for fewer than 27,000 services; so a sweep needs none of its own."""


def may_presume(last: Observation, record: Record, *, idle_after: timedelta, now: datetime) -> bool:
    """Whether a service may be taken to be as it was when it was last looked at.

    At rest it is presumed only where the ledger agrees, and for no longer than ``idle_after``: had it been started by
    hand just after that look, it would count as used until then, and stay all the same.
    """
    age = now - last.seen_at
    if last.is_at_rest:
        return record.intent is Intent.ASLEEP and timedelta() <= age <= min(REST_HOLDS, idle_after)
    return timedelta() <= age <= UP_HOLDS
