"""What is known of one service from memory: the value that the hot path looks at and everybody is told about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.eta import UNKNOWN, Forecast, Progress, progress
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Stage
from wakeproxy.core.outlook import Here, Outlook, describe_prospect, foresee
from wakeproxy.core.service import Service


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened during a wake, as told to visitors."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Member:
    """A service that another needs, as last known; its own needs stand beside it, not in it."""

    title: str
    sight: "Sight"
    is_required: bool = True
    waits_for: tuple[ServiceName, ...] = ()
    """What must answer before this one is started."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One service as last known; a new value replaces it whenever something changes."""

    service: ServiceName
    phase: Phase = Phase.ASLEEP
    endpoints: tuple[Endpoint, ...] = ()
    """The tasks that answered a probe; there is at least one when the phase is ``AWAKE``."""
    stages: tuple[tuple[Stage, datetime], ...] = ()
    """When each stage of this wake began; empty while nobody wakes it."""
    diagnosis: Diagnosis | None = None
    retry_at: datetime | None = None
    expected: Forecast = UNKNOWN
    percent_floor: int = 0
    """What was shown before: a replaced task starts anew, the percentage does not."""
    log: tuple[LogLine, ...] = field(default=())
    needs: tuple[Member, ...] = ()
    """What was woken along with this wake, what must answer first standing first."""
    gathered_at: datetime | None = None
    """When all that this wake requires answered, so that its own start began; ``None`` where it requires nothing."""
    outlook: Outlook = field(default=Outlook())
    """What is known of its stay."""

    @property
    def stage(self) -> Stage | None:
        """The stage that goes on."""
        return self.stages[-1][0] if self.stages else None

    @property
    def began_at(self) -> datetime | None:
        """When this wake was asked for."""
        return self.stages[0][1] if self.stages else None

    @property
    def own_stages(self) -> tuple[tuple[Stage, datetime], ...]:
        """The stages of its own start: the first began when all that it requires answered."""
        if self.gathered_at is None or not self.stages:
            return self.stages
        return ((self.stages[0][0], self.gathered_at), *self.stages[1:])

    def progress(self, now: datetime) -> Progress:
        """Say how far the wake is; the percentage never goes back within a wake."""
        if self.phase is Phase.AWAKE:
            return progress(self.expected, ((Stage.ANSWERING, now),), now)
        found = self._progress_with_needs(now)
        return Progress(max(found.percent, self.percent_floor), found.eta, found.is_longer_than_usual)

    def _progress_with_needs(self, now: datetime) -> Progress:
        """Count each service that is required as much as this one; its own start begins after theirs."""
        found = progress(self.expected, self.own_stages, now)
        required = [member for member in self.needs if member.is_required]
        if not required:
            return found
        own = found.percent if self.gathered_at else 0
        percent = (own + sum(member.sight.progress(now).percent for member in required)) // (len(required) + 1)
        if self.gathered_at:
            return Progress(percent, found.eta, found.is_longer_than_usual)
        left, usual = _longest(required, now), self.expected.usual
        return Progress(percent, None if left is None or usual is None else left + usual, is_longer_than_usual=False)


def _longest(members: Sequence[Member], now: datetime) -> timedelta | None:
    """How long until all of them answer, each after what it waits for; ``None`` when that is not known of one."""
    none = timedelta()
    left: dict[ServiceName, timedelta] = {}
    for member in members:
        eta = member.sight.progress(now).eta
        if eta is None:
            return None
        left[member.sight.service] = eta + max((left.get(name, none) for name in member.waits_for), default=none)
    return max(left.values())


def describe(sight: Sight, now: datetime, *, with_reasons: bool = True) -> Mapping[str, Any]:
    """Say what is known as the JSON of ``/.wakeproxy/status``; times in seconds, instants in ISO 8601.

    That a wake failed is told by the phase; its stages are done, current (where it stopped) or ahead.
    """
    shown = sight.progress(now)
    waking = sight.phase in {Phase.WAKING, Phase.DRAINING}
    found = sight.diagnosis
    return {
        "service": sight.service,
        "phase": str(sight.phase),
        "stage": None if sight.stage is None else str(sight.stage),
        "percent": shown.percent,
        "eta_seconds": _seconds(shown.eta) if waking else None,
        "elapsed_seconds": _seconds(_ended_at(sight, now) - (sight.began_at or now)) if sight.stages else 0.0,
        "longer_than_usual": waking and shown.is_longer_than_usual,
        "reason": _reason(sight, found, with_reasons=with_reasons),
        "remedy": found.remedy if found and with_reasons else None,
        "cause": str(found.cause) if found and with_reasons else None,
        "ready": sight.phase is Phase.AWAKE,
        "retry_in_seconds": None if sight.retry_at is None else max(_seconds(sight.retry_at - now) or 0.0, 0.0),
        "stages": _describe_stages(sight, now),
        "needs": [_describe_member(member, now, with_reasons=with_reasons) for member in sight.needs],
        "events": [{"at": line.at.isoformat(), "text": line.text} for line in sight.log] if with_reasons else [],
    }


def _describe_member(member: Member, now: datetime, *, with_reasons: bool) -> Mapping[str, Any]:
    """Say how far a service is that another needs."""
    sight = member.sight
    shown = sight.progress(now)
    return {
        "service": sight.service,
        "display_name": member.title,
        "required": member.is_required,
        "phase": str(sight.phase),
        "stage": None if sight.stage is None or sight.phase is not Phase.WAKING else str(sight.stage),
        "percent": shown.percent,
        "eta_seconds": _seconds(shown.eta) if sight.phase is Phase.WAKING else None,
        "reason": _reason(sight, sight.diagnosis, with_reasons=with_reasons),
    }


def describe_stay(sight: Sight, here: Here, *, service: Service, margin: timedelta, now: datetime) -> Mapping[str, Any]:
    """Say why a service stays awake and for how long, as a part of the same JSON; ``margin`` as in `idleness.judge`."""
    prospect = None
    if sight.phase is Phase.AWAKE:
        prospect = foresee(sight.outlook, here, policy=service.idle, margin=margin, now=now)
    return describe_prospect(sight.outlook, prospect, now, with_reasons=service.show_reasons)


def _reason(sight: Sight, found: Diagnosis | None, *, with_reasons: bool) -> str | None:
    if found is None:
        return None
    if with_reasons:
        return found.sentence
    return "It could not be started." if sight.phase is Phase.FAILED else None


def _seconds(span: Any) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)


def _describe_stages(sight: Sight, now: datetime) -> list[Mapping[str, Any]]:
    began = dict(sight.stages)
    ends = dict(zip(began, [*list(began.values())[1:], _ended_at(sight, now)], strict=False))
    return [
        {
            "name": str(stage),
            "state": _stage_state(stage, sight),
            "seconds": _seconds(ends[stage] - began[stage]) if stage in began else None,
        }
        for stage in Stage
    ]


def _ended_at(sight: Sight, now: datetime) -> datetime:
    """When the wake ended, which its last line tells; it goes on until then."""
    return sight.log[-1].at if sight.log and sight.phase in {Phase.AWAKE, Phase.FAILED} else now


def _stage_state(stage: Stage, sight: Sight) -> str:
    if sight.phase is Phase.AWAKE or (sight.stage is not None and stage < sight.stage):
        return "done"
    return "current" if stage is sight.stage else "ahead"
