"""A task and its containers, as ECS reports them.

The life of a task (`fargate.life`) is the only writer of `last_status` and of everything it brings about.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.model.arns import ACCOUNT, new_id, new_uuid
from wakeproxy.sandbox.model.cluster import Cluster, Document, Tags, TaskDefinition

PAST_KEPT = 64
"""Documents kept per service and task for reads that lag behind; a task has eight statuses."""


class Status(StrEnum):
    """A task's lastStatus, in the order of its life."""

    PROVISIONING = "PROVISIONING"
    PENDING = "PENDING"
    ACTIVATING = "ACTIVATING"
    RUNNING = "RUNNING"
    DEACTIVATING = "DEACTIVATING"
    STOPPING = "STOPPING"
    DEPROVISIONING = "DEPROVISIONING"
    STOPPED = "STOPPED"


NOT_YET_RUNNING = frozenset({Status.PROVISIONING, Status.PENDING, Status.ACTIVATING})


@dataclass(slots=True)
class Container:
    """One container of a task."""

    definition: Document
    arn: str
    id: str = field(default_factory=new_id)
    last_status: str = "PENDING"
    health: str = "UNKNOWN"
    exit_code: int | None = None
    reason: str | None = None
    image_digest: str | None = None

    @property
    def name(self) -> str:
        """Its name in the task definition."""
        return str(self.definition["name"])

    @property
    def is_essential(self) -> bool:
        """Whether the task ends with it."""
        return bool(self.definition.get("essential", True))


@dataclass(slots=True)
class NetworkInterface:
    """A task's network interface."""

    subnet: str
    security_groups: list[str]
    wants_public_ip: bool
    attachment_id: str = field(default_factory=new_uuid)
    status: str = "PRECREATED"
    id: str = ""
    mac: str = ""
    private_ip: str = ""
    public_ip: str | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Launch:
    """What a task is started with, by a service or by RunTask."""

    definition: TaskDefinition
    cluster: Cluster
    group: str
    started_by: str = ""
    network: Document | None = None
    overrides: Document = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)
    launch_type: str | None = "FARGATE"
    capacity_provider: str | None = None
    execute_command: bool = False


@dataclass(slots=True, eq=False)
class Task:
    """One task."""

    launch: Launch
    region: str
    tags: Tags
    id: str = field(default_factory=new_id)
    last_status: Status = Status.PROVISIONING
    desired_status: str = "RUNNING"
    interface: NetworkInterface | None = None
    containers: list[Container] = field(default_factory=list)
    version: int = 0
    times: dict[str, float] = field(default_factory=lambda: {"createdAt": epoch()})
    stop_code: str | None = None
    stopped_reason: str | None = None
    protected_until: float | None = None
    """Seconds since 1970 until which no scale-in and no deployment stops it."""
    past: deque[tuple[float, Document]] = field(default_factory=lambda: deque(maxlen=PAST_KEPT))

    @property
    def arn(self) -> str:
        """Its ARN in the long format."""
        return f"arn:aws:ecs:{self.region}:{ACCOUNT}:task/{self.launch.cluster.name}/{self.id}"

    @property
    def service(self) -> str | None:
        """The name of the service it is one of; `None` of a task by itself."""
        group = self.launch.group
        return group.removeprefix("service:") if group.startswith("service:") else None

    @property
    def target(self) -> str:
        """`cluster/service` or `cluster/family`: what faults are aimed at."""
        return f"{self.launch.cluster.name}/{self.service or self.launch.definition.family}"

    @property
    def is_live(self) -> bool:
        """Whether it is meant to run."""
        return self.desired_status == "RUNNING"

    @property
    def health(self) -> str:
        """Unhealthy if one essential container is, healthy if all with a health check are."""
        found = [each.health for each in self.containers if each.is_essential and "healthCheck" in each.definition]
        forced = [each.health for each in self.containers if each.health == "UNHEALTHY" and each.is_essential]
        if forced:
            return "UNHEALTHY"
        return "HEALTHY" if found and all(health == "HEALTHY" for health in found) else "UNKNOWN"

    @property
    def is_ready(self) -> bool:
        """Whether the scheduler counts it as running: with health checks, only once they pass."""
        has_check = any("healthCheck" in each.definition and each.is_essential for each in self.containers)
        fine = self.health == "HEALTHY" if has_check else self.health != "UNHEALTHY"
        return self.is_live and self.last_status is Status.RUNNING and fine
