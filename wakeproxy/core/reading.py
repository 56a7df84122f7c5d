"""A service's sight from one reading of AWS and the ledger, for whoever looks without taking part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wakeproxy.core.causes import NO_PUBLIC_ADDRESS, SERVICE_MISSING, Cause, Diagnosis
from wakeproxy.core.diagnosis import Patience, judge_wake
from wakeproxy.core.eta import forecast
from wakeproxy.core.lifecycle import DOWN, Phase
from wakeproxy.core.observation import Endpoint, Observation, Stage, Task
from wakeproxy.core.record import Intent, PastWake, Record, retry_at
from wakeproxy.core.service import Address, Service
from wakeproxy.core.sight import Sight

_ON_ITS_WAY_FOR = timedelta(seconds=30)
"""So long a wake that was claimed may go unseen in AWS's answers, or its call have been overtaken by a late sleep's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found of one service at one time; ``answering`` are the tasks that answered a probe."""

    observation: Observation
    record: Record
    wakes: Sequence[PastWake] = ()
    answering: tuple[Endpoint, ...] = ()


def read_sight(service: Service, found: Reading, now: datetime) -> Sight:
    """Say what a service's phase is, going by AWS for what runs and by the ledger for what is wanted."""
    seen = found.observation
    sight = Sight(service.name, endpoints=found.answering)
    if not seen.exists:
        return replace(sight, phase=Phase.FAILED, diagnosis=SERVICE_MISSING)
    if seen.desired == 0:
        rest = _read_rest(sight, found, now)
        return rest if seen.is_at_rest or rest.phase is Phase.FAILED else replace(sight, phase=Phase.DRAINING)
    if found.answering:
        return replace(sight, phase=Phase.AWAKE)
    return _read_wake(service, sight, found, now)


def _read_rest(sight: Sight, found: Reading, now: datetime) -> Sight:
    """Tell what went wrong last, until a wake goes well: who put it to sleep may have had no other reason."""
    allowed_at = retry_at(found.wakes)
    if found.record.intent is Intent.AWAKE or allowed_at is None:
        return sight
    told = replace(sight, diagnosis=remembered_failure(found.wakes[-1]))
    return told if allowed_at <= now else replace(told, phase=Phase.FAILED, retry_at=allowed_at)


def remembered_failure(wake: PastWake) -> Diagnosis:
    """What the history tells of a wake that failed."""
    return Diagnosis(Cause.STOPPED, wake.failure or "The last wake failed.", "Wake it again.", can_retry=True)


def _read_wake(service: Service, sight: Sight, found: Reading, now: datetime) -> Sight:
    seen = found.observation
    began_at = _began_at(service, found, now)
    diagnosis, _ = judge_start(service, seen, since=began_at)
    image = max((task.image for task in seen.live), default=None)
    return replace(
        sight,
        phase=Phase.WAKING,
        stages=tell_stages(seen, began_at, now),
        diagnosis=diagnosis,
        expected=forecast(found.wakes, image=image),
    )


def _began_at(service: Service, found: Reading, now: datetime) -> datetime:
    """When the wake was claimed, unless that was another and long ago; or else when its oldest task was made."""
    claimed_at = found.record.claimed_at
    if found.record.intent is Intent.AWAKE and claimed_at is not None and now - claimed_at < service.wake_timeout:
        return claimed_at
    return min((task.created_at for task in found.observation.live if task.created_at), default=now)


def tell_stages(seen: Observation, began_at: datetime, now: datetime) -> tuple[tuple[Stage, datetime], ...]:
    """Say when each stage of a wake began, by what AWS noted of the task that has come furthest.

    A stage of which it noted nothing is left out, but for the one that goes on, which then begins ``now``.
    """
    stages = [(Stage.REQUESTED, began_at)]
    furthest = max(seen.live, key=lambda task: task.stage, default=None)
    if furthest is None:
        return tuple(stages)
    for stage, noted_at in _noted(furthest):
        if stage <= furthest.stage and (noted_at is not None or stage is furthest.stage):
            stages.append((stage, max(noted_at or now, stages[-1][1])))
    return tuple(stages)


def _noted(task: Task) -> tuple[tuple[Stage, datetime | None], ...]:
    return (
        (Stage.PROVISIONING, task.created_at),
        (Stage.PULLING, task.pull_started_at),
        (Stage.STARTING, task.pull_stopped_at),
        (Stage.RUNNING, task.started_at),
    )


def judge_start(service: Service, seen: Observation, *, since: datetime) -> tuple[Diagnosis | None, bool]:
    """Say what is wrong with a service's wake begun at ``since``, and whether it must be given up."""
    if service.address is Address.PUBLIC and any(
        task.stage is Stage.RUNNING and task.public_address is None for task in seen.live
    ):
        return NO_PUBLIC_ADDRESS, True
    return judge_wake(seen, since=since, patience=Patience(timeout=service.wake_timeout))


def is_on_its_way(record: Record, now: datetime) -> bool:
    """Whether a wake was claimed so recently that AWS's not showing it is no answer."""
    claimed_at = record.claimed_at
    return record.intent is Intent.AWAKE and claimed_at is not None and abs(now - claimed_at) < _ON_ITS_WAY_FOR


def expect_wake(sight: Sight, found: Reading, now: datetime) -> Sight:
    """Tell of a wake that was just claimed as of one that goes on, although AWS does not show it yet."""
    if sight.phase not in DOWN or not is_on_its_way(found.record, now):
        return sight
    assert found.record.claimed_at is not None
    expected = forecast(found.wakes, image=None)
    return replace(sight, phase=Phase.WAKING, stages=((Stage.REQUESTED, found.record.claimed_at),), expected=expected)
