"""Scale-in protection of tasks: read, set and lifted.

Limits and defaults are those of the ECS API model; what AWS answers a read that names no tasks is written nowhere, so
it is refused.
"""

from collections.abc import Mapping

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.model.failure import invalid
from wakeproxy.sandbox.model.task import Task

READ_AT_ONCE = 100
SET_AT_ONCE = 10
LONGEST_MINUTES = 2880
USUAL_MINUTES = 120


def get_task_protection(request: Request) -> Document:
    """Tell which of up to a hundred tasks are protected, and until when."""
    found, failures = _find(request, READ_AT_ONCE)
    return {"protectedTasks": [_render(task) for task in found], "failures": failures}


def update_task_protection(request: Request) -> Document:
    """Protect up to ten tasks of services for a while, anew if they were, or no longer."""
    is_on, minutes = request.params.get("protectionEnabled"), request.params.get("expiresInMinutes", USUAL_MINUTES)
    if not isinstance(is_on, bool):
        raise invalid("protectionEnabled cannot be null.")
    if not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_MINUTES:
        raise invalid(f"expiresInMinutes must be between 1 and {LONGEST_MINUTES}.")
    found, failures = _find(request, SET_AT_ONCE)
    for task in found:
        task.protected_until = epoch() + minutes * 60 if is_on else None
        service = request.region.services.get((task.launch.cluster.name, task.service or ""))
        if service is not None:
            request.ecs.scheduler.look_at(request.region, service)
    return {"protectedTasks": [_render(task) for task in found], "failures": failures}


def _find(request: Request, at_once: int) -> tuple[list[Task], list[Document]]:
    cluster = request.region.cluster(request.need("cluster"))
    names = request.params.get("tasks") or []
    if not names:
        raise invalid("Tasks cannot be empty.")
    if len(names) > at_once:
        raise invalid(f"Tasks cannot have more than {at_once} elements.")
    found, failures = [], []
    for name in names:
        task = request.region.task(cluster, name)
        if task is None:
            failures.append({"arn": name, "reason": "MISSING"})
        elif task.service is None:
            failures.append({"arn": name, "reason": "TASK_NOT_VALID"})
        else:
            found.append(task)
    return found, failures


def _render(task: Task) -> Document:
    until = task.protected_until
    is_on = until is not None and until > epoch()
    return {"taskArn": task.arn, "protectionEnabled": is_on, **({"expirationDate": until} if is_on else {})}


OPERATIONS: Mapping[str, Operation] = {
    "GetTaskProtection": get_task_protection,
    "UpdateTaskProtection": update_task_protection,
}
