"""How far a wake is and how long it will still take, judged from the same image's past wakes.

The percentage is a share of the expected time, stage by stage: within a stage it grows with the clock but never past
the stage's expected end, so reaching the next stage never takes it back. Without a past there is no estimate, and
none is made up: only a percentage from the usual proportions of a Fargate start.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wakeproxy.core.observation import Stage
from wakeproxy.core.record import PastWake

_WAKES_CONSIDERED = 20
_LONGER_FACTOR = 1.25
_MOST = 99
_ON_THE_WAY = tuple(stage for stage in Stage if stage is not Stage.ANSWERING)

_USUAL: Mapping[Stage, timedelta] = {
    Stage.REQUESTED: timedelta(seconds=2),
    Stage.PROVISIONING: timedelta(seconds=10),
    Stage.PULLING: timedelta(seconds=15),
    Stage.STARTING: timedelta(seconds=3),
    Stage.RUNNING: timedelta(seconds=5),
}
"""Proportions of a Fargate start as reported by its users; never shown as seconds."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What past wakes let expect: time per stage, and in all the median and the longest that is still usual."""

    spans: Mapping[Stage, timedelta]
    usual: timedelta | None = None
    longest_usual: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What is shown: ``percent`` 0 to 100, ``eta`` time left or ``None`` when nobody knows."""

    percent: int
    eta: timedelta | None
    is_longer_than_usual: bool


UNKNOWN = Forecast(_USUAL)


def forecast(wakes: Sequence[PastWake], *, image: str | None) -> Forecast:
    """Learn from past wakes of ``image``; of the last one's image while it is not known yet what will start."""
    done = [wake for wake in wakes if wake.failure is None and wake.stages]
    wanted = image or (done[-1].image if done else None)
    same = [wake for wake in done if wake.image == wanted][-_WAKES_CONSIDERED:]
    if not same:
        return UNKNOWN
    spans = [wake.stage_spans() for wake in same]
    typical: dict[Stage, timedelta] = {
        stage: _median([span.get(stage, timedelta()) for span in spans]) for stage in _ON_THE_WAY
    }
    took = sorted(wake.took for wake in same)
    usual = _median(took)
    return Forecast(typical, usual, max(took[int(len(took) * 0.9)], usual * _LONGER_FACTOR))


def _median(spans: Sequence[timedelta]) -> timedelta:
    # `statistics` takes longer to load than this takes to read, and a Lambda's first visitor waits for it.
    ordered = sorted(spans)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def progress(expected: Forecast, stages: Sequence[tuple[Stage, datetime]], now: datetime) -> Progress:
    """Say how far a wake is at ``now`` whose stages began when ``stages`` says, in order, the last one going on."""
    if not stages:
        return Progress(0, expected.usual, is_longer_than_usual=False)
    stage, began_at = stages[-1]
    if stage is Stage.ANSWERING:
        return Progress(100, timedelta(), is_longer_than_usual=False)
    elapsed = max(now - began_at, timedelta())
    before = sum((span for s, span in expected.spans.items() if s < stage), timedelta())
    after = sum((span for s, span in expected.spans.items() if s > stage), timedelta())
    here = expected.spans.get(stage, timedelta())
    whole = before + here + after
    share = (before + min(elapsed, here)) / whole if whole else 0.0
    return Progress(
        percent=min(int(share * 100), _MOST),
        eta=None if expected.usual is None else max(here - elapsed, timedelta()) + after,
        is_longer_than_usual=expected.longest_usual is not None and now - stages[0][1] > expected.longest_usual,
    )
