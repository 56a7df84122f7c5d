"""How tasks that run once ended: well, if every essential container exited with 0; otherwise why not.

Who is stopped by somebody else did not do its work, whatever it exits with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wakeproxy.core.causes import Cause
from wakeproxy.core.diagnosis import explain_stop
from wakeproxy.core.observation import Container, Task
from wakeproxy.core.taskdef import Revision

_BY_THEMSELVES: Final = frozenset({None, "EssentialContainerExited"})
"""How tasks stop that were not stopped by somebody, or never started (``stopCode`` in the API reference of ECS)."""
_ENDED_BY_ECS: Final = frozenset({137, 143})
"""SIGKILL and SIGTERM: how ECS ends the containers beside an essential one that has ended."""


@dataclass(frozen=True, slots=True)
class ContainerEnd:
    """How one container ended."""

    name: str
    exit_code: int | None
    """``None`` if it never ran, or ECS does not know."""
    is_essential: bool
    reason: str = ""
    """ECS's own words, if it has any."""


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How one task ended."""

    arn: str
    containers: tuple[ContainerEnd, ...] = ()
    failures: tuple[str, ...] = ()
    """Why it is no success, a sentence each."""

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return task_id(self.arn)

    @property
    def is_success(self) -> bool:
        """Whether it did what it was run for."""
        return not self.failures


def task_id(arn: str) -> str:
    """Name a task as people and log streams do."""
    return arn.rpartition("/")[2]


def judge_end(task: Task, revision: Revision) -> TaskEnd:
    """Judge a task that has stopped, made of a revision."""
    essential = {one["name"]: one.get("essential") is not False for one in list_containers(revision)}
    containers = tuple(_end(one, is_essential=essential.get(one.name, True)) for one in task.containers)
    return TaskEnd(task.arn, containers, tuple(_list_failures(task, containers)))


def list_containers(revision: Revision) -> tuple[Mapping[str, Any], ...]:
    """List a revision's containers, as they are defined."""
    return tuple(revision.document.get("containerDefinitions", ()))


def lost(arn: str) -> TaskEnd:
    """Say that nobody knows how a task ended."""
    return TaskEnd(arn, failures=(f"ECS does not show the task {task_id(arn)}; look for it in its cluster.",))


def _end(container: Container, *, is_essential: bool) -> ContainerEnd:
    return ContainerEnd(container.name, container.exit_code, is_essential, container.reason or "")


def _list_failures(task: Task, containers: tuple[ContainerEnd, ...]) -> Iterator[str]:
    failed = [one for one in containers if one.is_essential and one.exit_code != 0]
    has_ended_well = not failed and any(one.is_essential for one in containers)
    if has_ended_well and task.stop_code in _BY_THEMSELVES:
        return
    found = explain_stop(task)
    if found.cause is not Cause.CRASH:
        yield f"{found.sentence} {found.remedy}"
        return
    guilty = [one for one in failed if one.exit_code not in _ENDED_BY_ECS]
    has_success = any(one.exit_code == 0 for one in containers if one.is_essential)
    for one in guilty or failed:
        yield _explain(one, is_ended_by_ecs=not guilty and has_success)


def _explain(container: ContainerEnd, *, is_ended_by_ecs: bool) -> str:
    named = f"Container {container.name}"
    if container.exit_code is None:
        return f"{named} has no exit code: it never ran."
    if is_ended_by_ecs:
        remedy = "if it only accompanies the others, define it with essential: false"
        return f"{named} was ended by ECS (exit code {container.exit_code}); {remedy}."
    return f"{named} exited with code {container.exit_code}."
