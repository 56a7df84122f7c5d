"""What AWS said about one service, read once into values: its counts, deployments, tasks and events.

The shapes read here are those of ``DescribeServices``, ``DescribeTasks`` and ``DescribeNetworkInterfaces``. Unknown
values are kept as they came: AWS adds statuses and codes without asking. Nothing is decided from the text of an event
alone; `diagnosis` uses texts only to explain.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final, NamedTuple

from wakeproxy.core.service import Address, EcsService, Service

EVENTS_KEPT: Final = 5
"""Of the hundred that ECS tells of each service: nobody asks what was wrong before."""
_STARTING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
_RUNNING = "RUNNING"
_STOPPED = "STOPPED"


class Stage(IntEnum):
    """How far a wake has come; later is larger."""

    REQUESTED = 0
    PROVISIONING = 1
    PULLING = 2
    STARTING = 3
    RUNNING = 4
    ANSWERING = 5

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a task, as last described."""

    name: str
    image: str
    exit_code: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task, as last described; addresses are ``None`` until its network interface is attached."""

    arn: str
    deployment: str | None
    last_status: str
    desired_status: str
    health: str = "UNKNOWN"
    interface: str | None = None
    private_address: str | None = None
    public_address: str | None = None
    created_at: datetime | None = None
    pull_started_at: datetime | None = None
    pull_stopped_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    containers: tuple[Container, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether the task runs or is on its way up; one that drains is neither, whatever its last status says."""
        return self.desired_status == _RUNNING and self.last_status in _STARTING | {_RUNNING}

    @property
    def is_gone(self) -> bool:
        """Whether nothing of the task runs any more."""
        return self.last_status in {_STOPPED, "DELETED"}

    @property
    def stage(self) -> Stage:
        """How far this task has come on its way up; the probe alone says ``ANSWERING``."""
        if self.last_status == _RUNNING:
            return Stage.RUNNING
        if self.last_status == "ACTIVATING" or self.pull_stopped_at is not None:
            return Stage.STARTING
        return Stage.PROVISIONING if self.pull_started_at is None else Stage.PULLING

    @property
    def image(self) -> str:
        """The images of all its containers: what decides how long a start takes."""
        return " ".join(sorted(container.image for container in self.containers))


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of a service."""

    id: str
    status: str
    rollout_state: str | None
    task_definition: str
    failed_tasks: int
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One line of a service's event log, newest first in an observation."""

    at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything seen of one service in one look."""

    ecs: EcsService
    seen_at: datetime
    status: str
    desired: int = 0
    running: int = 0
    pending: int = 0
    deployments: tuple[Deployment, ...] = ()
    tasks: tuple[Task, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    target_groups: tuple[str, ...] = ()
    """The ARNs of its load balancers' target groups, those that a blue/green deployment alternates with included."""

    @property
    def exists(self) -> bool:
        """Whether the service is there to be woken."""
        return self.status == "ACTIVE"

    @property
    def live(self) -> tuple[Task, ...]:
        """The tasks that run or are on their way up."""
        return tuple(task for task in self.tasks if task.is_live)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is wanted and nothing runs."""
        return not (self.desired or self.running or self.pending)

    @property
    def primary(self) -> Deployment | None:
        """The newest deployment."""
        return next((one for one in self.deployments if one.status == "PRIMARY"), None)

    @property
    def is_deploying(self) -> bool:
        """Whether a rollout is under way: a second deployment, or one that is not completed."""
        return len(self.deployments) > 1 or any(d.rollout_state == "IN_PROGRESS" for d in self.deployments)

    @property
    def stage(self) -> Stage:
        """How far the furthest live task has come."""
        return max((task.stage for task in self.live), default=Stage.REQUESTED)


class Endpoint(NamedTuple):
    """Where one task of a routed service listens; only these are ever dialled.

    A tuple, for it is looked up at every request, and a dataclass computes its hash anew each time.
    """

    task: str
    host: str
    port: int


def find_origin(service: Service, endpoint: Endpoint) -> str:
    """Say where a browser finds a service of which a task answers: scheme and authority."""
    if service.redirect_to is not None:
        return service.redirect_to
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{service.scheme}://{host}:{endpoint.port}"


def list_endpoints(observation: Observation, *, address: Address, port: int) -> tuple[Endpoint, ...]:
    """Say where the live tasks are, as far as their addresses are known."""
    found = (
        (task.arn, task.public_address if address is Address.PUBLIC else task.private_address)
        for task in observation.live
    )
    return tuple(Endpoint(arn, host, port) for arn, host in found if host)


def missing(ecs: EcsService, *, seen_at: datetime) -> Observation:
    """Say that AWS knows no such service."""
    return Observation(ecs, seen_at, status="MISSING")


def read_service(
    described: Mapping[str, Any], tasks: Iterable[Task], *, ecs: EcsService, seen_at: datetime
) -> Observation:
    """Read one element of ``DescribeServices``' ``services``."""
    return Observation(
        ecs,
        seen_at,
        status=described.get("status", "ACTIVE"),
        desired=described.get("desiredCount", 0),
        running=described.get("runningCount", 0),
        pending=described.get("pendingCount", 0),
        deployments=tuple(_read_deployment(one) for one in described.get("deployments", ())),
        tasks=tuple(tasks),
        events=tuple(
            ServiceEvent(one["createdAt"], one["message"]) for one in described.get("events", ())[:EVENTS_KEPT]
        ),
        target_groups=tuple(_target_groups(described.get("loadBalancers", ()))),
    )


def _target_groups(described: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """List the target groups; a Classic Load Balancer has none."""
    for one in described:
        arns = (one.get("targetGroupArn"), one.get("advancedConfiguration", {}).get("alternateTargetGroupArn"))
        yield from filter(None, arns)


def _read_deployment(described: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=described.get("id", ""),
        status=described.get("status", ""),
        rollout_state=described.get("rolloutState"),
        task_definition=described.get("taskDefinition", ""),
        failed_tasks=described.get("failedTasks", 0),
        created_at=described.get("createdAt"),
    )


def read_task(described: Mapping[str, Any], public_addresses: Mapping[str, str]) -> Task:
    """Read one element of ``DescribeTasks``' ``tasks``; public addresses are keyed by network interface id."""
    details = _interface_details(described.get("attachments", ()))
    interface = details.get("networkInterfaceId")
    return Task(
        arn=described["taskArn"],
        deployment=described.get("startedBy"),
        last_status=described.get("lastStatus", ""),
        desired_status=described.get("desiredStatus", ""),
        health=described.get("healthStatus", "UNKNOWN"),
        interface=interface,
        private_address=details.get("privateIPv4Address"),
        public_address=public_addresses.get(interface or ""),
        created_at=described.get("createdAt"),
        pull_started_at=described.get("pullStartedAt"),
        pull_stopped_at=described.get("pullStoppedAt"),
        started_at=described.get("startedAt"),
        stopped_at=described.get("stoppedAt"),
        stop_code=described.get("stopCode"),
        stopped_reason=described.get("stoppedReason"),
        containers=tuple(_read_container(one) for one in described.get("containers", ())),
    )


def interface_of(described: Mapping[str, Any]) -> str | None:
    """The id of a described task's network interface, once it has one."""
    return _interface_details(described.get("attachments", ())).get("networkInterfaceId")


def _interface_details(attachments: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    for attachment in attachments:
        if attachment.get("type") == "ElasticNetworkInterface" and attachment.get("status") != "DELETED":
            return {one["name"]: one["value"] for one in attachment.get("details", ()) if one.get("value")}
    return {}


def _read_container(described: Mapping[str, Any]) -> Container:
    return Container(
        name=described.get("name", ""),
        image=described.get("image", ""),
        exit_code=described.get("exitCode"),
        reason=described.get("reason"),
    )
