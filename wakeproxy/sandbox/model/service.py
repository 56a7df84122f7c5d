"""A service and its deployments, as ECS reports them, with what its scheduler remembers."""

from collections import deque
from dataclasses import dataclass, field

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.model.arns import new_deployment_id, new_uuid
from wakeproxy.sandbox.model.cluster import Cluster, Document, Tags
from wakeproxy.sandbox.model.task import PAST_KEPT, Task

EVENTS_KEPT = 100
"""DescribeServices answers the 100 newest events."""
REPEAT_AFTER = 6 * 3600.0
"""A message repeated within six hours is not listed again until another condition was reported (AWS)."""


@dataclass(slots=True, eq=False)
class Deployment:
    """One deployment; `settings` is how the service was configured when it began."""

    task_definition: str
    settings: Document
    id: str = field(default_factory=new_deployment_id)
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    created_at: float = field(default_factory=epoch)
    updated_at: float = field(default_factory=epoch)
    finished_at: float | None = None
    failed_tasks: int = 0
    has_run: bool = False
    """Whether one of its tasks was ever ready: from then on failures are no longer counted (AWS)."""
    rolled_back_to: str | None = None
    """The id of the deployment that the circuit breaker put in its place."""

    def __post_init__(self) -> None:
        self.rollout_reason = self.rollout_reason or f"ECS deployment {self.id} in progress."

    def move(self, state: str, reason: str) -> None:
        """Change its rollout state."""
        self.rollout_state, self.rollout_reason, self.updated_at = state, reason, epoch()
        self.finished_at = None if state == "IN_PROGRESS" else self.updated_at


@dataclass(slots=True)
class Backoff:
    """How a service holds back after failed starts, in the timeline's seconds."""

    failures: int = 0
    not_before: float = 0.0

    def forget(self) -> None:
        """Start at full speed again: somebody changed the service."""
        self.failures, self.not_before = 0, 0.0


@dataclass(slots=True, eq=False)
class Service:
    """One service; `settings` are the members of CreateService that describe it, in AWS's spelling."""

    name: str
    cluster: Cluster
    arn: str
    desired_count: int
    task_definition: str
    settings: Document
    tags: Tags
    client_token: str | None = None
    status: str = "ACTIVE"
    created_at: float = field(default_factory=epoch)
    deployments: list[Deployment] = field(default_factory=list)
    history: deque[Deployment] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    events: deque[Document] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    tasks: list[Task] = field(default_factory=list)
    """Those that have not reached STOPPED."""
    backoff: Backoff = field(default_factory=Backoff)
    is_steady: bool = False
    past: deque[tuple[float, Document]] = field(default_factory=lambda: deque(maxlen=PAST_KEPT))

    @property
    def primary(self) -> Deployment:
        """The newest deployment."""
        return self.deployments[0]

    @property
    def target(self) -> str:
        """`cluster/service`: what faults are aimed at."""
        return f"{self.cluster.name}/{self.name}"

    def tasks_of(self, deployment: Deployment) -> list[Task]:
        """Those of its tasks that a deployment started."""
        return [task for task in self.tasks if task.launch.started_by == deployment.id]

    def deploy(self) -> Deployment:
        """Begin a deployment of what the service now is."""
        for old in self.deployments:
            old.status = "ACTIVE"
        deployment = Deployment(self.task_definition, dict(self.settings))
        self.deployments.insert(0, deployment)
        self.history.appendleft(deployment)
        return deployment

    def report(self, message: str) -> None:
        """Add an event, unless it only repeats the last one."""
        text, now = f"(service {self.name}) {message}", epoch()
        if self.events and self.events[0]["message"] == text and now - self.events[0]["createdAt"] < REPEAT_AFTER:
            return
        self.events.appendleft({"id": new_uuid(), "createdAt": now, "message": text})
