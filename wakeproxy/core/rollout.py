"""Judges one deployment by how its service stands: it goes on, is done, or has failed and why.

Success is that this very deployment is COMPLETED with as many tasks as are wanted. Whatever else took its place, ECS's
circuit breaker or another rollout, even one of the same revision, is a failure of this one. The texts of AWS explain;
what they lead to rests on states and counts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Final, TypeAlias

from wakeproxy.core.causes import Diagnosis
from wakeproxy.core.release import Release, ReleaseDeployment, label_of

APPEARS_WITHIN: Final = timedelta(seconds=60)
"""So long a deployment that was begun may not be shown yet: what ECS describes is eventually consistent."""
_SHORTEST_PAUSE: Final = timedelta(milliseconds=250)
_LONGEST_PAUSE: Final = timedelta(seconds=3)
_NEAR_THE_END: Final = (timedelta(milliseconds=150), timedelta(seconds=1))
"""The shortest pause and the longest when a rollout is about to end."""
_HOPELESS_AFTER: Final = 3
"""Tasks that failed for a reason which no retry heals; the first may have been seen before a secret was there."""


class Failure(StrEnum):
    """The ways in which a rollout fails."""

    ROLLED_BACK = auto()
    """ECS's circuit breaker, or an alarm, went back to another deployment."""
    GIVEN_UP = auto()
    """ECS's circuit breaker gave the deployment up and went back to none."""
    REPLACED = auto()
    """Somebody rolled out something else, or the same once more."""
    VANISHED = auto()
    """ECS shows the deployment no more, or never did."""
    HOPELESS = auto()
    """Its tasks fail for a reason that no retry heals, and nothing gives it up."""
    UNANSWERED = auto()
    """It was woken to be verified, and did not answer."""
    GONE = auto()
    """The service is being deleted."""


@dataclass(frozen=True, slots=True)
class Aim:
    """The deployment that a rollout began, or goes on with."""

    deployment: str
    revision: str
    began_at: datetime
    created_at: datetime | None = None
    """When ECS created it, by ECS's clock."""


@dataclass(frozen=True, slots=True)
class Going:
    """It goes on; ``deployment`` is how it stands, or ``None`` while ECS does not show it yet."""

    deployment: ReleaseDeployment | None


@dataclass(frozen=True, slots=True)
class Done:
    """It is completed with as many tasks as are wanted: with ``desired`` 0 nothing of it has ever run."""

    desired: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It has failed."""

    failure: Failure
    sentence: str


Verdict: TypeAlias = Going | Done | Failed


def judge(seen: Release, aim: Aim, now: datetime, *, was_seen: bool) -> Verdict:
    """Judge a deployment; ``was_seen`` tells whether ECS has shown it before."""
    if seen.status != "ACTIVE":
        return Failed(Failure.GONE, f"the service is {seen.status or 'gone'}: it is being deleted")
    ours = seen.find(aim.deployment)
    if ours is None:
        return _judge_missing(seen, aim, now, was_seen=was_seen)
    if ours.rollout_state == "FAILED":
        return _judge_failed(seen, ours)
    if ours.status != "PRIMARY":
        return _explain_successor(seen, aim)
    is_whole = ours.running == seen.desired and not ours.pending
    return Done(seen.desired) if ours.rollout_state == "COMPLETED" and is_whole else Going(ours)


def pause_after(elapsed: timedelta, usual: timedelta | None = None) -> timedelta:
    """Say how long to wait until the next look: long while an end is unlikely, for every look is a call.

    ``usual`` is how long the rollout before took. Where that is not known, a rollout may be over at any moment soon
    after its beginning.
    """
    if usual is None or elapsed > usual * 1.3:
        return _bound(elapsed / 20, _SHORTEST_PAUSE, _LONGEST_PAUSE)
    until_near = (usual * 0.97 - elapsed) * 0.8
    if until_near > _SHORTEST_PAUSE:
        return min(until_near, _LONGEST_PAUSE)
    return _bound(usual / 40, *_NEAR_THE_END)


def judge_stops(ours: ReleaseDeployment, why: Diagnosis) -> Failed | None:
    """Say whether a deployment that goes on can be given up, for its tasks failed for a reason that no retry heals."""
    if why.can_retry or ours.failed < _HOPELESS_AFTER:
        return None
    return Failed(Failure.HOPELESS, f"{ours.failed} tasks failed, and no retry can help")


def _bound(pause: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    return min(max(pause, shortest), longest)


def _judge_missing(seen: Release, aim: Aim, now: datetime, *, was_seen: bool) -> Verdict:
    if was_seen or _is_told_failed(seen, aim) or _is_followed(seen, aim):
        return _explain_successor(seen, aim)
    if now - aim.began_at < APPEARS_WITHIN:
        return Going(None)
    return Failed(Failure.VANISHED, f"ECS does not show deployment {aim.deployment}")


def _judge_failed(seen: Release, ours: ReleaseDeployment) -> Failed:
    reason = ours.rollout_reason.rstrip(".") or "ECS gave the deployment up"
    if seen.primary is None or seen.primary.id == ours.id:
        return Failed(Failure.GIVEN_UP, reason)
    return Failed(Failure.ROLLED_BACK, f"{reason}; {_name(seen.primary)} takes its place")


def _explain_successor(seen: Release, aim: Aim) -> Failed:
    successor = seen.primary
    if successor is None:
        return Failed(Failure.VANISHED, "ECS shows no primary deployment any more")
    if _is_told_failed(seen, aim) or "rolling back" in successor.rollout_reason.lower():
        return Failed(Failure.ROLLED_BACK, f"ECS rolled it back: {_name(successor)} takes its place")
    return Failed(Failure.REPLACED, f"another rollout replaced it by {_name(successor)}")


def _is_told_failed(seen: Release, aim: Aim) -> bool:
    """Whether the service's events tell that ECS gave the deployment up; it may be gone before the first look."""
    return any(f"(deployment {aim.deployment}) deployment failed" in event.message for event in seen.events)


def _is_followed(seen: Release, aim: Aim) -> bool:
    """Whether ECS shows a later deployment, so that what it describes does not merely lag behind."""
    primary = seen.primary
    return bool(primary and primary.created_at and aim.created_at and primary.created_at > aim.created_at)


def _name(deployment: ReleaseDeployment) -> str:
    return f"{label_of(deployment.revision)} (deployment {deployment.id})"
