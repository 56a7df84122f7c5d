"""What the ledger remembers of a service: its intent, when it was last used, and how its wakes went.

AWS is the truth about what runs; this is the truth about what is wanted. ECS's ``UpdateService`` knows no condition,
so competing fronts and sleepers agree here first, by compare-and-set on `Record.generation`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from wakeproxy.core.observation import Stage

LOST_AFTER = timedelta(seconds=5)
"""A wake claimed this long ago whose desired count is still 0 was lost, or its claimer died: claim it anew.
Describe answers reflect an accepted update within a few seconds (ECS developer guide, "eventual consistency")."""


MOST_READY = 10
"""So many tasks found answering are worth telling others of: a record is read and written whole, again and again."""


class Intent(StrEnum):
    """What is wanted of a service."""

    AWAKE = "awake"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True)
class Use:
    """A front's word that a service was in use at an instant, and by how many requests it still is."""

    at: datetime
    front: str
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One service's line in the ledger; ``generation`` grows with every claim and never repeats."""

    generation: int = 0
    intent: Intent = Intent.ASLEEP
    claimed_at: datetime | None = None
    last_used_at: datetime | None = None
    awake_until: datetime | None = None
    used_by: str = ""
    """The front that told of the newest use."""
    in_flight: int = 0
    """The requests that front had in flight then."""
    ready: tuple[str, ...] = ()
    """The ARNs of tasks that some front found answering since this generation, or the wake it repeats, began."""
    floor: int = 0
    """The minimum capacity that an Application Auto Scaling target had before the service was put to sleep."""


def claim_wake(record: Record, now: datetime) -> Record:
    """Make the record that says: awake, wanted and used from ``now`` on.

    What was wanted awake already was not put to sleep in between, so the tasks known to answer are still news.
    """
    return replace(
        record,
        generation=record.generation + 1,
        intent=Intent.AWAKE,
        claimed_at=now,
        last_used_at=later(record.last_used_at, now),
        ready=record.ready if record.intent is Intent.AWAKE else (),
    )


def claim_sleep(record: Record, now: datetime, *, floor: int | None = None) -> Record:
    """Make the record that says: asleep, wanted from ``now`` on; without a ``floor`` the former one is kept."""
    return replace(
        record,
        generation=record.generation + 1,
        intent=Intent.ASLEEP,
        claimed_at=now,
        ready=(),
        floor=record.floor if floor is None else floor,
    )


def note_use(record: Record, use: Use) -> Record:
    """Make the record that knows of a use too, if it is newer than what is known."""
    if record.last_used_at is not None and use.at <= record.last_used_at:
        return record
    return replace(record, last_used_at=use.at, used_by=use.front, in_flight=use.in_flight)


def note_ready(record: Record, generation: int, tasks: tuple[str, ...]) -> Record:
    """Make the record that names the tasks found answering, if it was claimed by nobody since and wants them."""
    if record.generation != generation or record.intent is not Intent.AWAKE:
        return record
    return replace(record, ready=tasks)


def keep_awake(record: Record, until: datetime | None) -> Record:
    """Make the record that says: not to be put to sleep before ``until``; ``None`` says so no longer.

    The generation grows, for this is a claim like the others: a sleeper in its grace finds that somebody came between.
    """
    return replace(record, generation=record.generation + 1, awake_until=until)


def is_wake_claimed(record: Record, age: timedelta | None) -> bool:
    """Whether somebody claimed a wake so recently (``age``) that its ``UpdateService`` may still be on its way."""
    return record.intent is Intent.AWAKE and age is not None and abs(age) < LOST_AFTER


def later(one: datetime | None, other: datetime) -> datetime:
    """The later of two instants, the first of which may be missing."""
    return other if one is None else max(one, other)


@dataclass(frozen=True, slots=True)
class PastWake:
    """One wake as it went: when each stage began, which image it started, and why it failed if it did."""

    began_at: datetime
    ended_at: datetime
    image: str = ""
    stages: tuple[tuple[Stage, datetime], ...] = ()
    failure: str | None = None

    @property
    def took(self) -> timedelta:
        """From the first visit to the app's first answer (or to giving up)."""
        return self.ended_at - self.began_at

    def stage_spans(self) -> dict[Stage, timedelta]:
        """How long each stage lasted."""
        ends = [at for _, at in self.stages[1:]] + [self.ended_at]
        return {stage: end - at for (stage, at), end in zip(self.stages, ends, strict=False)}


BACK_OFF_FIRST = timedelta(seconds=30)
BACK_OFF_LAST = timedelta(minutes=30)
"""ECS itself spaces the attempts of a failing service up to about half an hour apart."""


def retry_at(wakes: Sequence[PastWake]) -> datetime | None:
    """When a service whose last wakes failed may be woken again: after 30 s, doubled each time, at most 30 minutes.

    ``wakes`` are in the order in which they happened; ``None`` when the last one succeeded.
    """
    failures = 0
    for wake in reversed(wakes):
        if wake.failure is None:
            break
        failures += 1
    if not failures:
        return None
    back_off = min(BACK_OFF_FIRST * float(2 ** min(failures - 1, 10)), BACK_OFF_LAST)
    return wakes[-1].ended_at + back_off
