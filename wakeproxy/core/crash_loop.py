"""Crash loops: what ECS starts again and again, for ever and at full price, and which never comes up."""

from datetime import datetime, timedelta
from typing import Final

from wakeproxy.core.diagnosis import diagnose, failed_tasks
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import PastWake, Record

_HARDLY_RAN: Final = timedelta(minutes=1)
"""A task that ended sooner did not run, whatever ECS says of its status."""


def find_crash_loop(record: Record, seen: Observation, *, budget: timedelta, now: datetime) -> PastWake | None:
    """Find that nothing has come up for longer than ``budget``, and tell it as a wake that failed."""
    since = None if seen.running else _in_vain_since(record, seen, lately=now - budget, now=now)
    if since is None or now - since < budget:
        return None
    found = diagnose(seen, since=since)
    image = max((task.image for task in seen.tasks), default="")
    return PastWake(since, now, image, failure=found.sentence if found else "ECS gives no reason.")


def _in_vain_since(record: Record, seen: Observation, *, lately: datetime, now: datetime) -> datetime | None:
    """Say since when ECS has tried in vain; ``None`` if no try failed of late.

    A wait for capacity is no try: no task is made, and nothing is paid. Whoever claims or deploys begins anew.
    """
    begun_at = seen.primary.created_at if seen.primary else None
    has_given_up = seen.primary is not None and seen.primary.rollout_state == "FAILED" and not seen.live
    if not (has_given_up or failed_tasks(seen, since=lately)):
        return None
    ran_at = _ran_at(seen)
    made = [task.created_at for task in seen.tasks if task.created_at and (ran_at is None or task.created_at > ran_at)]
    beginnings = (min(made, default=begun_at), begun_at, ran_at, record.claimed_at)
    return max((at for at in beginnings if at is not None and at <= now), default=None)


def _ran_at(seen: Observation) -> datetime | None:
    """When one of its tasks last ran, for long enough to call it that."""
    ended = [
        task.stopped_at
        for task in seen.tasks
        if task.stopped_at and task.started_at and task.stopped_at - task.started_at >= _HARDLY_RAN
    ]
    return max(ended, default=None)
