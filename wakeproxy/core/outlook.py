"""The outlook of a service that is awake: why it stays, and when it may go to sleep if nothing happens.

The sleeper decides, from more than is known here; this is what can be told from memory at any moment. What is known
beyond one process is the `Outlook`, made by whoever keeps the service's record; what this very process knows of its
use is `Here`, and is fresher.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from wakeproxy.core.idleness import Stay
from wakeproxy.core.record import later
from wakeproxy.core.service import IdlePolicy


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a service's stay."""

    awake_since: datetime | None = None
    used_at: datetime | None = None
    """When anybody last used it, as far as the ledger knows."""
    kept_until: datetime | None = None
    """Until when somebody asked for it to stay awake."""
    stay: Stay | None = None
    """What the last sweep said, if that was not to put it to sleep."""
    judged_at: datetime | None = None
    """When it did."""


@dataclass(frozen=True, slots=True)
class Here:
    """What is known of a service's use in this process."""

    in_flight: int = 0
    used_at: datetime | None = None


class Why(StrEnum):
    """Why a service stays awake."""

    IN_USE = "in_use"
    USED = "used"
    """Somebody used it not long ago."""
    KEPT = "kept"
    """Somebody asked for it."""
    YOUNG = "young"
    """It has only just woken."""
    OTHER = "other"
    """The last sweep found another reason."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is to be expected."""

    why: Why
    sleeps_at: datetime | None = None
    """``None``: nobody knows, for it depends on what people or machines do next."""
    reason: str | None = None
    """In the sleeper's words, where the reason is another."""


def foresee(outlook: Outlook, here: Here, *, policy: IdlePolicy, margin: timedelta, now: datetime) -> Prospect:
    """Say what is to be expected of a service that is awake; ``margin`` as in `idleness.judge`."""
    if here.in_flight > 0:
        return Prospect(Why.IN_USE)
    why, due_at = max(_terms(outlook, here, policy, margin), key=lambda term: term[1], default=(Why.YOUNG, None))
    stay = outlook.stay
    if stay is None or due_at is None:
        return Prospect(why, due_at)
    asks_at, judged_at = stay.ask_again_at, outlook.judged_at
    is_overruled = judged_at is not None and judged_at >= due_at
    if asks_at is None or asks_at > due_at or is_overruled:
        return Prospect(Why.OTHER, asks_at if asks_at is not None and asks_at > now else None, stay.reason)
    return Prospect(why, due_at)


def _terms(outlook: Outlook, here: Here, policy: IdlePolicy, margin: timedelta) -> Iterator[tuple[Why, datetime]]:
    """Yield what is known to keep it awake, each with its end."""
    since = outlook.awake_since
    used_at = later(outlook.used_at, here.used_at) if here.used_at else outlook.used_at
    if since is not None:
        yield Why.YOUNG, since + policy.min_awake
    if used_at is not None:
        yield Why.USED, used_at + policy.idle_after + margin
    elif since is not None:  # such as one that was started by hand
        yield Why.YOUNG, since + policy.idle_after + margin
    if outlook.kept_until is not None:
        yield Why.KEPT, outlook.kept_until


def describe_prospect(
    outlook: Outlook, prospect: Prospect | None, now: datetime, *, with_reasons: bool = True
) -> Mapping[str, Any]:
    """Say in JSON what is to be expected; ``prospect`` is ``None`` of a service that is not awake."""
    kept_until = outlook.kept_until if outlook.kept_until is not None and outlook.kept_until > now else None
    told = {"kept_until": None if kept_until is None else kept_until.astimezone(UTC).isoformat()}
    if prospect is None:
        return {**told, "awake_seconds": None, "sleeps_in_seconds": None, "stays": None, "stays_reason": None}
    return {
        **told,
        "awake_seconds": _seconds_until(now, outlook.awake_since),
        "sleeps_in_seconds": _seconds_until(prospect.sleeps_at, now),
        "stays": str(prospect.why),
        "stays_reason": prospect.reason if with_reasons else None,
    }


def _seconds_until(end: datetime | None, begin: datetime | None) -> float | None:
    if end is None or begin is None:
        return None
    return max(round((end - begin).total_seconds(), 1), 0.0)
