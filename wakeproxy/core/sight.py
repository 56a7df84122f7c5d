"""What is known of one service from memory: the value that the hot path looks at and everybody is told about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.eta import UNKNOWN, Forecast, Progress, progress
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Stage


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened during a wake, as told to visitors."""

    at: datetime
    text: str


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

    @property
    def stage(self) -> Stage | None:
        """The stage that goes on."""
        return self.stages[-1][0] if self.stages else None

    @property
    def began_at(self) -> datetime | None:
        """When this wake was asked for."""
        return self.stages[0][1] if self.stages else None

    def progress(self, now: datetime) -> Progress:
        """Say how far the wake is; the percentage never goes back within a wake."""
        if self.phase is Phase.AWAKE:
            return progress(self.expected, ((Stage.ANSWERING, now),), now)
        found = progress(self.expected, self.stages, now)
        return Progress(max(found.percent, self.percent_floor), found.eta, found.is_longer_than_usual)


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
        "events": [{"at": line.at.isoformat(), "text": line.text} for line in sight.log] if with_reasons else [],
    }


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
