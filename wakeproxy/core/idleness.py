"""Whether a service may sleep: ``Sleep(reason)`` or ``Stay(reason, ask_again_at)``, judged from evidence of use."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import IdlePolicy


@dataclass(frozen=True, slots=True)
class Sleep:
    """Nobody uses it: put it to sleep."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stay:
    """Leave it as it is, until ``ask_again_at`` at least; ``None`` when only an event can change the answer."""

    reason: str
    ask_again_at: datetime | None = None


Judgement = Sleep | Stay


def judge(
    record: Record, observation: Observation, *, policy: IdlePolicy, margin: timedelta, now: datetime
) -> Judgement:
    """Judge one service at ``now``.

    ``margin`` is how long a visit may have happened without the ledger knowing it yet (the flush interval). A service
    that wakeproxy did not wake counts as used when its newest task started: services started by hand sleep too.
    """
    if not observation.exists:
        return Stay("ECS knows no such service")
    if observation.desired == 0:
        return Stay("already asleep")
    if observation.is_deploying:
        return Stay("a deployment is in progress", now + margin)
    if record.awake_until is not None and now < record.awake_until:
        return Stay(f"kept awake until {record.awake_until:%Y-%m-%d %H:%M %Z}", record.awake_until)
    up_since = _up_since(record, observation)
    if up_since is None or observation.running == 0:
        return Stay("still starting", now + margin)
    if now < up_since + policy.min_awake:
        return Stay(f"awake for less than {_words(policy.min_awake)}", up_since + policy.min_awake)
    used_at = _used_at(record, up_since)
    due = used_at + policy.idle_after + margin
    if now < due:
        return Stay(f"used {_words(max(now - used_at, timedelta()))} ago", due)
    return Sleep(f"unused for {_words(now - used_at)}")


def _used_at(record: Record, up_since: datetime) -> datetime:
    """When it was last used: a replaced task is no use, but starting a service by hand is."""
    if record.last_used_at is None:
        return up_since
    return record.last_used_at if record.intent is Intent.AWAKE else max(record.last_used_at, up_since)


def _up_since(record: Record, observation: Observation) -> datetime | None:
    """When it began to be up: its newest start, or the claim of its wake where that is later."""
    started = [task.started_at for task in observation.live if task.started_at is not None]
    if record.intent is Intent.AWAKE and record.claimed_at is not None:
        started.append(record.claimed_at)
    return max(started, default=None)


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
