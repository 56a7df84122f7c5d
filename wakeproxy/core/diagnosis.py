"""Why a service does not come up: a cause, one plain sentence, what to do, and whether trying again can help.

A text of AWS's is only ever used to explain; what it leads to (going on, giving up) rests on codes and counts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from wakeproxy.core.causes import EVENTS, INTERRUPTED, STOPS, Cause, Diagnosis
from wakeproxy.core.observation import Container, Observation, Task

_OURS = frozenset({"ServiceSchedulerInitiated", "UserInitiated"})
_KILLED = 137
_ENDED_BY_ECS = frozenset({_KILLED, 143})
"""SIGKILL and SIGTERM: how ECS ends the containers beside the one that ended by itself."""
_ARN = re.compile(r"arn:aws[\w-]*:[^\s,;)'\"]*?([^\s:/,;)'\"]+)[:/]*(?=[\s,;)'\"]|$)")
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)(?:\.dkr\.ecr\.[\w.-]+/)?")


def diagnose(observation: Observation, *, since: datetime) -> Diagnosis | None:
    """Explain what keeps a service from coming up, judged from what was seen after ``since``.

    An event may be older than the wake it explains, for ECS suppresses repeats until the condition clears; so events
    speak only while no task is on its way up.
    """
    failed = failed_tasks(observation, since=since)
    if failed:
        return explain_stop(max(failed, key=_stopped_at))
    return None if observation.live else _explain_events(observation)


def failed_tasks(observation: Observation, *, since: datetime) -> tuple[Task, ...]:
    """The tasks made after ``since`` that stopped of their own accord, not by a scale-in or a person."""
    return tuple(
        task
        for task in observation.tasks
        if task.desired_status == "STOPPED"
        and task.stop_code is not None
        and task.stop_code not in _OURS
        and (task.created_at or task.stopped_at or observation.seen_at) >= since
    ) + _unhealthy_tasks(observation, since=since)


def _unhealthy_tasks(observation: Observation, *, since: datetime) -> tuple[Task, ...]:
    """Tasks the service's scheduler replaced because they failed a health check."""
    return tuple(
        task
        for task in observation.tasks
        if task.stop_code == "ServiceSchedulerInitiated"
        and "health check" in (task.stopped_reason or "")
        and (task.created_at or observation.seen_at) >= since
    )


def _stopped_at(task: Task) -> float:
    return task.stopped_at.timestamp() if task.stopped_at else float("inf")


def explain_stop(task: Task) -> Diagnosis:
    """Explain why one task stopped."""
    reason = task.stopped_reason or ""
    texts = [reason, *(container.reason or "" for container in task.containers)]
    for text, (pattern, explain) in product(texts, STOPS):
        if pattern.search(text):
            return explain(scrub(_detail(text)))
    if task.stop_code == "EssentialContainerExited":
        return _explain_exit(task)
    if task.stop_code == "SpotInterruption":
        return INTERRUPTED
    return Diagnosis(
        Cause.STOPPED,
        f"The task stopped: {scrub(reason) or task.stop_code or 'ECS gives no reason'}.".replace("..", "."),
        "Look at the stopped task in the ECS console; its reason and its containers' logs tell more.",
        can_retry=True,
    )


def _explain_exit(task: Task) -> Diagnosis:
    exited = [container for container in task.containers if container.exit_code is not None]
    guilty = min(exited, key=_innocence, default=None)
    memory = any("OutOfMemory" in (container.reason or "") for container in task.containers)
    if memory or (guilty and guilty.exit_code == _KILLED):
        return Diagnosis(
            Cause.OUT_OF_MEMORY,
            "The app was killed because it ran out of memory." if memory else "The app was killed (exit code 137).",
            "Give the task more memory, or let the app use less.",
            can_retry=True,
        )
    named = (
        f"container {guilty.name} exited with code {guilty.exit_code}" if guilty else "an essential container exited"
    )
    return Diagnosis(
        Cause.CRASH,
        f"The app stopped right after its start: {named}.",
        "Look at the container's log; the app ends by itself.",
        can_retry=True,
    )


def _innocence(container: Container) -> tuple[bool, bool]:
    return container.exit_code in _ENDED_BY_ECS, container.exit_code == 0


def _detail(reason: str) -> str:
    """The end of AWS's chain of reasons: what failed at last, and how."""
    return ": ".join(reason.strip().rstrip(".").split(": ")[-2:])


def scrub(text: str) -> str:
    """Take account ids and ARNs out of a text from AWS, so that it may be shown to visitors."""
    return _ACCOUNT.sub("", _ARN.sub(r"\1", text)).strip()


def _explain_events(observation: Observation) -> Diagnosis | None:
    """Explain by the newest event that is not about success."""
    for event in observation.events:
        if "has reached a steady state" in event.message or "has started" in event.message:
            return None
        found = _first_match(event.message, EVENTS)
        if found:
            return found
    return None


def _first_match(text: str, table: Iterable[tuple[re.Pattern[str], Diagnosis]]) -> Diagnosis | None:
    return next((diagnosis for pattern, diagnosis in table if pattern.search(text)), None)


@dataclass(frozen=True, slots=True)
class Patience:
    """How much failing a wake is allowed before it is given up."""

    exits: int = 3
    """Tasks that came up and ended again: ECS restarts those at full speed and at full price."""
    timeout: timedelta = timedelta(minutes=5)


def judge_wake(observation: Observation, *, since: datetime, patience: Patience) -> tuple[Diagnosis | None, bool]:
    """Say what is wrong with a wake begun at ``since``, and whether it must be given up."""
    found = diagnose(observation, since=since)
    if observation.seen_at - since >= patience.timeout:
        return found or explain_timeout(observation, patience.timeout), True
    failures = len(failed_tasks(observation, since=since))
    if found is None or not failures or (found.can_retry and failures < patience.exits):
        return found, False  # an event alone, which may be older than the wake, gives nothing up
    return found, True


def explain_timeout(observation: Observation, timeout: timedelta) -> Diagnosis:
    """Say what a wake that took too long was waiting for."""
    minutes = f"{timeout.total_seconds():g} seconds"
    running = [task for task in observation.live if task.last_status == "RUNNING"]
    if running:
        return Diagnosis(
            Cause.NOT_ANSWERING,
            f"The task runs, but the app did not answer within {minutes}.",
            "Check the service's port and readiness path, that the app listens on all addresses, "
            "and that the security group admits wakeproxy.",
            can_retry=True,
        )
    return Diagnosis(
        Cause.TIMED_OUT,
        f"The service did not start within {minutes}.",
        "Look at the service's events and tasks in ECS; raise wake_timeout if it needs longer.",
        can_retry=True,
    )
