"""Tasks: run, stopped, described, listed."""

from collections.abc import Iterable, Mapping

from wakeproxy.sandbox.ecs.operation import Operation, Request
from wakeproxy.sandbox.ecs.settings import network_for, placement
from wakeproxy.sandbox.fargate.scheduler import CAPACITY, VCPU_LIMIT
from wakeproxy.sandbox.faults import FaultKind
from wakeproxy.sandbox.model.cluster import Cluster, Document
from wakeproxy.sandbox.model.failure import AwsError, client_error, invalid
from wakeproxy.sandbox.model.render import render_tags, render_task
from wakeproxy.sandbox.model.task import Launch, Task

DESCRIBED_AT_ONCE = 100
RUN_AT_ONCE = 10
_NOT_BESIDE_STARTED_BY = ("containerInstance", "family", "launchType", "serviceName")


def run_task(request: Request) -> Document:
    """Start up to ten tasks of no service."""
    cluster = request.region.cluster(request.params.get("cluster"))
    count = request.params.get("count") or 1
    if not 1 <= count <= RUN_AT_ONCE:
        raise invalid(f"count must be between 1 and {RUN_AT_ONCE}.")
    if (token := request.params.get("clientToken")) in request.region.runs:
        asked, tasks = request.region.runs[token]
        if asked != request.params:
            raise AwsError("ConflictException", "The client token was used before, with other parameters.")
        return _started(tasks)
    launch = _launch(request, cluster)
    failures = _placement_failures(request, f"{cluster.name}/{launch.definition.family}")
    if failures:
        return {"tasks": [], "failures": failures}
    tasks = [request.ecs.roster.launch(request.region, launch) for _ in range(count)]
    if token:
        request.region.runs[token] = (request.params, tasks)
    return _started(tasks)


def stop_task(request: Request) -> Document:
    """Stop a task; stopping a stopped one answers it as it is."""
    cluster = request.region.cluster(request.params.get("cluster"))
    task = request.region.task(cluster, request.need("task"))
    if task is None:
        raise invalid("The referenced task was not found.")
    request.ecs.roster.stop(task, "UserInitiated", request.params.get("reason") or "Task stopped by user")
    return {"task": render_task(task)}


def describe_tasks(request: Request) -> Document:
    """Describe up to a hundred tasks, recently stopped ones included."""
    cluster = request.region.cluster(request.params.get("cluster"))
    names = request.params.get("tasks") or []
    if not names:
        raise invalid("Tasks cannot be empty.")
    if len(names) > DESCRIBED_AT_ONCE:
        raise invalid(f"Tasks cannot have more than {DESCRIBED_AT_ONCE} elements.")
    found, failures = [], []
    for name in names:
        task = request.region.task(cluster, name)
        document = request.as_of(task.past, render_task(task)) if task else None
        if task is None or document is None:
            failures.append({"arn": name, "reason": "MISSING"})
        else:
            found.append({**document, "tags": render_tags(task.tags)} if request.includes_tags() else document)
    return {"tasks": found, "failures": failures}


def list_tasks(request: Request) -> Document:
    """List ARNs of a cluster's tasks; those meant to run, unless `desiredStatus` says STOPPED."""
    if request.params.get("startedBy") and any(request.params.get(key) for key in _NOT_BESIDE_STARTED_BY):
        raise invalid("cannot specify startedBy with other arguments")
    cluster = request.region.cluster(request.params.get("cluster"))
    group = None
    if name := request.params.get("serviceName"):
        group = f"service:{request.region.service(cluster, name).name}"
    wanted = request.params.get("desiredStatus") or "RUNNING"
    found = (
        task.arn
        for task in request.region.tasks.values()
        if task.launch.cluster is cluster and group in {None, task.launch.group} and _is_asked(request, task, wanted)
    )
    return request.page("taskArns", found)


def _is_asked(request: Request, task: Task, wanted: str) -> bool:
    params, launch = request.params, task.launch
    known = request.as_of(task.past, {"desiredStatus": task.desired_status})
    return (
        known is not None
        and known["desiredStatus"] == wanted
        and params.get("family") in {None, launch.definition.family}
        and params.get("startedBy") in {None, launch.started_by}
        and params.get("launchType") in {None, launch.launch_type}
        and not params.get("containerInstance")
    )


def _launch(request: Request, cluster: Cluster) -> Launch:
    params = request.params
    definition = request.region.definition(request.need("taskDefinition"), missing="TaskDefinition not found.")
    if definition.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    placed = placement(request, cluster)
    if placed.get("launchType") == "EC2":
        raise invalid("No Container Instances were found in your cluster.")
    strategy = placed.get("capacityProviderStrategy")
    propagated = definition.tags if params.get("propagateTags") == "TASK_DEFINITION" else {}
    return Launch(
        definition=definition,
        cluster=cluster,
        group=params.get("group") or f"family:{definition.family}",
        started_by=params.get("startedBy") or "",
        network=network_for(request, definition),
        overrides=params.get("overrides") or {},
        tags={**propagated, **request.tags()},
        capacity_provider=strategy[0]["capacityProvider"] if strategy else None,
        execute_command=bool(params.get("enableExecuteCommand")),
    )


def _started(tasks: Iterable[Task]) -> Document:
    return {"tasks": [{**render_task(task), "tags": render_tags(task.tags)} for task in tasks], "failures": []}


def _placement_failures(request: Request, target: str) -> list[Document]:
    faults = request.ecs.roster.platform.faults
    for kind, message in ((FaultKind.CAPACITY, CAPACITY), (FaultKind.VCPU_LIMIT, VCPU_LIMIT)):
        if faults.take_for_task(kind, target):
            return [{"reason": message.partition("Reason: ")[2]}]
    return []


OPERATIONS: Mapping[str, Operation] = {
    "DescribeTasks": describe_tasks,
    "ListTasks": list_tasks,
    "RunTask": run_task,
    "StopTask": stop_task,
}
