"""Whether a service may sleep: judged from all evidence of use, rule by rule, each with its reason.

`Sleep(reason)`, `Stay(reason, ask_again_at)`, or `Wake(reason)` for who must be up at certain hours. The rules and
their order are those of ``docs/sleeping.md``; the first that has something to say decides. Some evidence only *might*
be use: what cannot be read, or what never seems to end. It counts until the policy's ``max_awake``, and no longer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wakeproxy.core.crash_loop import find_crash_loop
from wakeproxy.core.diagnosis import scrub
from wakeproxy.core.hours import Opening, find_opening, opens_next
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Intent, PastWake, Record, is_wake_claimed, later
from wakeproxy.core.service import IdlePolicy
from wakeproxy.core.signals import LATENESS, SignalReading, Unreadable, last_active

MOST_SKEW: Final = timedelta(minutes=30)
"""Two clocks, each ten minutes wrong, and room besides. A use that lies this far ahead is of a clock gone mad."""
_LOST_WITHIN: Final = timedelta(minutes=5)
"""So long after the claim of a wake a desired count of 0 is a lost call rather than somebody's wish."""


class Rule(StrEnum):
    """What leaves a service as it is, in the order in which it is looked for."""

    UNREAD = "unread"
    UNKNOWN = "unknown"
    ASLEEP = "asleep"
    KEPT_AWAKE = "kept awake"
    AWAKE_HOURS = "awake hours"
    NEEDED = "needed"
    DEPLOYING = "deploying"
    STARTING = "starting"
    YOUNG = "min awake"
    PROTECTED = "protected"
    USED = "used"
    SIGNAL = "signal"
    UNREADABLE = "unreadable"


class Kind(StrEnum):
    """Why a service is put to sleep, as metrics count it."""

    IDLE = "idle"
    CRASH_LOOP = "crash loop"
    MAX_AWAKE = "max awake"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Sleep:
    """Nobody uses it: put it to sleep."""

    reason: str
    kind: Kind = Kind.IDLE
    failure: PastWake | None = None
    """What its history should tell, where it never came up."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Leave it as it is, until ``ask_again_at`` at least; ``None`` when only an event can change the answer."""

    reason: str
    ask_again_at: datetime | None = None
    rule: Rule = Rule.UNKNOWN


@dataclass(frozen=True, slots=True)
class Wake:
    """It should be up: wake it."""

    reason: str


Judgement = Sleep | Stay | Wake


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one service's use."""

    record: Record
    observation: Observation
    signals: SignalReading = field(default_factory=dict)
    """Empty until they are read, which costs calls; nothing is put to sleep before."""
    protection: datetime | Unreadable | None = None
    """Until when a task is protected from scale-in; ``None`` of none, or until it is read."""
    needed_by: tuple[ServiceName, ...] = ()
    """Services that need it and stay up."""


@dataclass(frozen=True, slots=True)
class _Case:
    evidence: Evidence
    policy: IdlePolicy
    margin: timedelta
    now: datetime

    @property
    def record(self) -> Record:
        return self.evidence.record

    @property
    def seen(self) -> Observation:
        return self.evidence.observation

    @property
    def claimed_at(self) -> datetime | None:
        """When its wake was claimed, unless by a clock that is ahead of ours."""
        claimed_at = self.record.claimed_at
        is_known = self.record.intent is Intent.AWAKE and claimed_at is not None and claimed_at <= self.now
        return claimed_at if is_known else None

    @property
    def starts(self) -> list[datetime]:
        return [task.started_at for task in self.seen.live if task.started_at is not None]

    @property
    def up_since(self) -> datetime | None:
        """When it last began to be up: its newest start, or the claim of its wake where that is later."""
        return max([*self.starts, *filter(None, [self.claimed_at])], default=None)

    @property
    def awake_since(self) -> datetime | None:
        """When it first began to be up, however often its tasks were replaced since its wake was claimed."""
        return self.claimed_at or min(self.starts, default=None)

    @property
    def soon(self) -> datetime:
        """When to ask again about what may change at any moment."""
        return self.now + max(self.margin, timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class _Doubt:
    """Evidence that might be use; it counts until ``max_awake`` after ``since``, for ever where that is unknown."""

    stay: Stay
    since: datetime | None


_Finding = Judgement | _Doubt | None


def judge(evidence: Evidence, *, policy: IdlePolicy, margin: timedelta, now: datetime) -> Judgement:
    """Judge one service at ``now``.

    ``margin`` is how long a visit may have happened without the ledger knowing it yet (the flush interval). A service
    that wakeproxy did not wake counts as used when its newest task started: services started by hand sleep too.
    """
    case = _Case(evidence, policy, margin, now)
    outlived: list[str] = []
    for rule in _RULES:
        found = rule(case)
        if isinstance(found, _Doubt):
            ends_at = _end(found, policy)
            if ends_at is None or now < ends_at:
                return found.stay if ends_at is None else _hasten(found.stay, ends_at)
            outlived.append(found.stay.reason)
        elif found is not None:
            return found
    unused = f"unused for {_words(now - _used_at(case))}"
    if not outlived:
        return Sleep(unused)
    awake = _words(now - (case.awake_since or now))
    return Sleep(
        f"{unused}, and up for {awake}, after which this no longer counts: {'; '.join(outlived)}", Kind.MAX_AWAKE
    )


def correct_clock(record: Record, now: datetime) -> Record:
    """Take a use that lies ahead of all clocks that can be trusted for one that is now.

    A use that is only somewhat ahead is taken so at each judgement, and is past before long; this one would keep the
    service awake for as long as that clock is wrong. Whoever writes the result back has it count once.
    """
    used_at = record.last_used_at
    return replace(record, last_used_at=now) if used_at is not None and used_at - now > MOST_SKEW else record


def _end(doubt: _Doubt, policy: IdlePolicy) -> datetime | None:
    if policy.max_awake is None or doubt.since is None:
        return None
    return doubt.since + policy.max_awake


def _hasten(stay: Stay, ends_at: datetime) -> Stay:
    return replace(stay, ask_again_at=ends_at if stay.ask_again_at is None else min(stay.ask_again_at, ends_at))


# The rules, in order.


def _unknown(case: _Case) -> _Finding:
    return None if case.seen.exists else Stay("ECS knows no such service", rule=Rule.UNKNOWN)


def _asleep(case: _Case) -> _Finding:
    """Leave what sleeps asleep, but for its awake hours."""
    if case.seen.desired:
        return None
    hours = case.policy.awake_hours
    opening = find_opening(hours, case.now)
    if opening is None:
        return Stay("already asleep", opens_next(hours, case.now), Rule.ASLEEP)
    return _asleep_in_its_hours(case, opening)


def _asleep_in_its_hours(case: _Case, opening: Opening) -> Judgement:
    """Wake once per opening: who put it to sleep since then did so on purpose."""
    record, next_at = case.record, opens_next(case.policy.awake_hours, case.now)
    claimed_at, opened_at = record.claimed_at, opening.opened_at
    if is_wake_claimed(record, None if claimed_at is None else case.now - claimed_at):
        return Stay("a wake is under way", case.soon, Rule.ASLEEP)
    if claimed_at is None or (opened_at is not None and claimed_at < opened_at):
        return Wake("its awake hours have begun")
    if record.intent is Intent.AWAKE and timedelta() <= case.now - claimed_at < _LOST_WITHIN:
        return Wake("it is within its awake hours, and its wake was lost")
    return Stay("put to sleep within its awake hours, and stays so until they begin anew", next_at, Rule.ASLEEP)


def _crash_loop(case: _Case) -> _Finding:
    """End what ECS starts again and again, and which never comes up."""
    found = find_crash_loop(case.record, case.seen, budget=case.policy.crash_loop_after, now=case.now)
    if found is None:
        return None
    reason = f"nothing has come up for {_words(found.took)}: {_inline(found.failure or '')}"
    return Sleep(reason, Kind.CRASH_LOOP, found)


def _kept_awake(case: _Case) -> _Finding:
    until = case.record.awake_until
    if until is None or case.now >= until:
        return None
    return Stay(f"kept awake until {until:%Y-%m-%d %H:%M %Z}", until, Rule.KEPT_AWAKE)


def _awake_hours(case: _Case) -> _Finding:
    hours = case.policy.awake_hours
    opening = find_opening(hours, case.now)
    if opening is None:
        return None
    if opening.closes_at is None:
        return Stay("its awake hours never end", rule=Rule.AWAKE_HOURS)
    zone = hours[0].zone
    ends = f"{opening.closes_at.astimezone(zone):%a %H:%M} {zone.key}"
    return Stay(f"within its awake hours until {ends}", opening.closes_at, Rule.AWAKE_HOURS)


def _needed(case: _Case) -> _Finding:
    names = case.evidence.needed_by
    return Stay(f"needed by {', '.join(names)}", rule=Rule.NEEDED) if names else None


def _deploying(case: _Case) -> _Finding:
    """Leave alone what changes; a deployment counts from its own beginning.

    One that ECS gave up is no use, but what still runs of the one before it would not come up again: ECS starts no task
    of a failed deployment.
    """
    seen, primary = case.seen, case.seen.primary
    if primary is not None and primary.rollout_state == "FAILED":
        reason = "its last deployment failed, and ECS starts nothing before the next one"
    elif seen.is_deploying:
        reason = "a deployment is in progress"
    elif seen.pending and seen.running:
        reason = "a task is starting"
    else:
        return None
    since = case.awake_since
    if since is not None and primary is not None and primary.created_at is not None:
        since = max(since, primary.created_at)
    return _Doubt(Stay(reason, case.soon, Rule.DEPLOYING), since)


def _starting(case: _Case) -> _Finding:
    is_up = case.up_since is not None and case.seen.running
    return None if is_up else Stay("still starting", case.soon, Rule.STARTING)


def _young(case: _Case) -> _Finding:
    since, least = case.up_since, case.policy.min_awake
    if since is None or case.now >= since + least:
        return None
    return Stay(f"awake for less than {_words(least)}", since + least, Rule.YOUNG)


def _protected(case: _Case) -> _Finding:
    found = case.evidence.protection
    if isinstance(found, Unreadable):
        reason = f"whether its tasks are protected from scale-in cannot be read: {_inline(found.why)}"
        return _Doubt(Stay(reason, case.soon, Rule.PROTECTED), case.awake_since)
    if found is None or case.now >= found:
        return None
    reason = f"a task is protected from scale-in until {found:%Y-%m-%d %H:%M %Z}"
    return _Doubt(Stay(reason, found, Rule.PROTECTED), case.awake_since)


def _used(case: _Case) -> _Finding:
    used_at = _used_at(case)
    due = used_at + case.policy.idle_after + case.margin
    return None if case.now >= due else Stay(f"used {_words(case.now - used_at)} ago", due, Rule.USED)


def _active(case: _Case) -> _Finding:
    """Heed the signal that was active last; what CloudWatch does not show yet is allowed for."""
    found = last_active(case.evidence.signals)
    if found is None:
        return None
    active_at = min(found.at, case.now)
    due = active_at + case.policy.idle_after + case.margin + LATENESS
    return None if case.now >= due else Stay(f"{found.level}, {_words(case.now - active_at)} ago", due, Rule.SIGNAL)


def _unreadable(case: _Case) -> _Finding:
    whys = [(signal, one.why) for signal, one in case.evidence.signals.items() if isinstance(one, Unreadable)]
    if not whys:
        return None
    reason = "; ".join(f"its {signal} cannot be read: {_inline(why)}" for signal, why in whys)
    return _Doubt(Stay(reason, case.soon, Rule.UNREADABLE), case.awake_since)


_RULES: Final[tuple[Callable[[_Case], _Finding], ...]] = (
    _unknown,
    _asleep,
    _crash_loop,
    _kept_awake,
    _awake_hours,
    _needed,
    _deploying,
    _starting,
    _young,
    _protected,
    _used,
    _active,
    _unreadable,
)


def _used_at(case: _Case) -> datetime:
    """When it was last used: a replaced task is no use, but starting a service by hand is.

    A use that a clock ahead of ours told of is a use now, at each judgement until our clock has come so far.
    """
    record, up_since = case.record, case.up_since or case.now
    if record.last_used_at is None:
        used_at = up_since
    elif record.intent is Intent.AWAKE:
        used_at = record.last_used_at
    else:
        used_at = later(record.last_used_at, up_since)
    return min(used_at, case.now)


def _inline(sentence: str) -> str:
    """Make a sentence part of another, and fit to be shown to visitors."""
    return scrub(sentence).rstrip(".")


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
