"""A service's sight from one reading of AWS and the ledger, for whoever looks without taking part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wakeproxy.core.causes import SERVICE_MISSING, Cause, Diagnosis
from wakeproxy.core.diagnosis import Patience, judge_wake
from wakeproxy.core.eta import forecast
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Endpoint, Observation, Stage
from wakeproxy.core.record import Intent, PastWake, Record, retry_at
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight


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
        return replace(sight, phase=Phase.DRAINING) if not seen.is_at_rest else _read_rest(sight, found, now)
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
    diagnosis, _ = judge_wake(seen, since=began_at, patience=Patience(timeout=service.wake_timeout))
    image = max((task.image for task in seen.live), default=None)
    return replace(
        sight,
        phase=Phase.WAKING,
        stages=((Stage.REQUESTED, began_at), (seen.stage, max(now, began_at)))[: 2 if seen.stage else 1],
        diagnosis=diagnosis,
        expected=forecast(found.wakes, image=image),
    )


def _began_at(service: Service, found: Reading, now: datetime) -> datetime:
    """When the wake was claimed, unless that was another and long ago; or else when its oldest task was made."""
    claimed_at = found.record.claimed_at
    if found.record.intent is Intent.AWAKE and claimed_at is not None and now - claimed_at < service.wake_timeout:
        return claimed_at
    return min((task.created_at for task in found.observation.live if task.created_at), default=now)
