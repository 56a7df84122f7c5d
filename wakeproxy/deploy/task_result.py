"""Runs tasks once, and says what came of them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.task_end import TaskEnd, task_id
from wakeproxy.deploy.task_run import RunPorts, TaskRun
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.errors import WakeproxyError, WakeTimeoutError
from wakeproxy.ports.rollouts import RunOrder

_FAILED: Final = WakeproxyError.exit_status


async def run_tasks(
    ports: RunPorts, revision: Revision, order: RunOrder, tell: Tell, *, patience: timedelta | None
) -> int:
    """Run tasks, and with ``patience`` follow them to their end; the exit status.

    Who is cut short is told what runs on: tasks are never stopped here.

    Raises:
        FleetError: not all tasks could be started, or AWS does not say how they are.
    """
    run = TaskRun(ports, revision, order, tell)
    try:
        await run.start()
        _tell_start(run, revision, tell)
        ends = None if patience is None else await run.follow(patience)
    except WakeTimeoutError as error:
        return _conclude(tell, str(error), {"outcome": "timed out", "running": run.live}, error.exit_status)
    except (asyncio.CancelledError, WakeproxyError):
        tell(Event(Kind.STANDS, _say_what_stands(run, order), {"running": run.live}))
        raise
    return _judge(ends, tell) if ends is not None else _leave(run, tell)


def _tell_start(run: TaskRun, revision: Revision, tell: Tell) -> None:
    names = [task_id(arn) for arn in run.tasks]
    details = {"revision": revision.arn, "tasks": list(run.tasks)}
    tell(Event(Kind.STARTED, f"{_count(names)} of {revision.label} started: {', '.join(names)}", details))


def _say_what_stands(run: TaskRun, order: RunOrder) -> str:
    if run.tasks:
        return run.say_what_runs()
    command = f"aws ecs list-tasks --cluster {order.cluster} --started-by {order.started_by}"
    return f"Whether tasks were started is told by: {command}"


def _leave(run: TaskRun, tell: Tell) -> int:
    details = {"outcome": "started", "running": run.live}
    return _conclude(tell, f"{_count(run.tasks)} started, and nobody waits for them.", details, 0)


def _judge(ends: Sequence[TaskEnd], tell: Tell) -> int:
    for end in ends:
        _tell_end(end, tell)
    failed = [end for end in ends if not end.is_success]
    if failed:
        text = f"{len(failed)} of {_count(ends)} failed." if len(ends) > 1 else "The task failed."
    else:
        text = f"{_count(ends)} ended well."
    result = {"outcome": "failed" if failed else "done", "tasks": [_describe(end) for end in ends]}
    return _conclude(tell, text, result, _FAILED if failed else 0)


def _tell_end(end: TaskEnd, tell: Tell) -> None:
    for one in end.containers:
        told = "has no exit code" if one.exit_code is None else f"exited with code {one.exit_code}"
        details = {"task": end.id, "container": one.name, "exit_code": one.exit_code, "essential": one.is_essential}
        tell(Event(Kind.TASK, f"task {end.id}: container {one.name} {told}", details))
    for sentence in end.failures:
        tell(Event(Kind.TASK_FAILED, f"{end.id}: {sentence}", {"task": end.id}))


def _conclude(tell: Tell, text: str, details: Mapping[str, Any], status: int) -> int:
    tell(Event(Kind.RESULT, text, {**details, "exit_status": status}))
    return status


def _describe(end: TaskEnd) -> Mapping[str, Any]:
    return {
        "task": end.arn,
        "succeeded": end.is_success,
        "exit_codes": {one.name: one.exit_code for one in end.containers},
        "failures": list(end.failures),
    }


def _count(things: Sequence[object]) -> str:
    return "1 task" if len(things) == 1 else f"{len(things)} tasks"
