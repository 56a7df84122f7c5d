"""A service as rollouts see it, read once from ``DescribeServices`` and ``UpdateService``.

`observation` reads the same answers for wakes and sleeps, which need its tasks and not how it is deployed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from wakeproxy.core.observation import ServiceEvent
from wakeproxy.core.service import EcsService

_EVENTS_KEPT: Final = 20
"""Of the hundred that ECS tells: some seconds of a rollout of many tasks."""


@dataclass(frozen=True, slots=True)
class ReleaseDeployment:
    """One deployment of a service, the newest of which is the primary one."""

    id: str
    status: str
    """``PRIMARY``, ``ACTIVE`` or ``INACTIVE``."""
    revision: str
    """The ARN of its task definition's revision."""
    rollout_state: str | None = None
    """``IN_PROGRESS``, ``COMPLETED`` or ``FAILED``; ``None`` where ECS does not roll out itself."""
    rollout_reason: str = ""
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed: int = 0
    """Tasks that failed to start since the last that was healthy."""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how tasks run, in the spelling of ``RunTask``; what is ``None`` or empty is not sent."""

    launch_type: str | None = None
    capacity_providers: tuple[Mapping[str, Any], ...] = ()
    platform_version: str | None = None
    network: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """A service as it stands in a rollout."""

    ecs: EcsService
    status: str
    revision: str
    """The ARN of the revision that the service is to have."""
    desired: int = 0
    running: int = 0
    pending: int = 0
    deployments: tuple[ReleaseDeployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    """The newest first."""
    placement: Placement = field(default_factory=Placement)
    controller: str = "ECS"
    """Who rolls out: ``ECS``, ``CODE_DEPLOY`` or ``EXTERNAL``."""
    has_breaker: bool = False
    """Whether ECS gives a deployment up that fails."""
    is_daemon: bool = False
    """Whether it has a task on every instance, however many those are, instead of a desired count."""
    min_percent: int = 100
    """Of the desired count, how many tasks have to stay up while a deployment replaces them."""
    max_percent: int = 200
    """Of the desired count, how many tasks may be up meanwhile."""

    @property
    def primary(self) -> ReleaseDeployment | None:
        """The newest deployment."""
        return next((one for one in self.deployments if one.status == "PRIMARY"), None)

    @property
    def usual(self) -> timedelta | None:
        """How long the newest deployment took, as the next may; ``None`` where no event tells that it is done."""
        if self.primary is None or self.primary.created_at is None:
            return None
        done = f"(deployment {self.primary.id}) deployment completed."
        ends = (event.at for event in self.events if event.message.endswith(done))
        return next((at - self.primary.created_at for at in ends), None)

    def find(self, deployment: str) -> ReleaseDeployment | None:
        """Find a deployment by its id; ``None`` once it is gone."""
        return next((one for one in self.deployments if one.id == deployment), None)


def read_release(described: Mapping[str, Any], *, ecs: EcsService) -> Release:
    """Read one element of ``DescribeServices``' ``services``, or ``UpdateService``'s ``service``."""
    configuration = described.get("deploymentConfiguration", {})
    return Release(
        ecs,
        status=described.get("status", "ACTIVE"),
        revision=described.get("taskDefinition", ""),
        desired=described.get("desiredCount", 0),
        running=described.get("runningCount", 0),
        pending=described.get("pendingCount", 0),
        deployments=tuple(_read_deployment(one) for one in described.get("deployments", ())),
        events=tuple(
            ServiceEvent(one["createdAt"], one["message"]) for one in described.get("events", ())[:_EVENTS_KEPT]
        ),
        placement=Placement(
            described.get("launchType"),
            tuple(described.get("capacityProviderStrategy", ())),
            described.get("platformVersion"),
            described.get("networkConfiguration", {}),
        ),
        controller=described.get("deploymentController", {}).get("type", "ECS"),
        has_breaker=bool(configuration.get("deploymentCircuitBreaker", {}).get("enable")),
        is_daemon=described.get("schedulingStrategy") == "DAEMON",
        min_percent=configuration.get("minimumHealthyPercent", 100),
        max_percent=configuration.get("maximumPercent", 200),
    )


def _read_deployment(described: Mapping[str, Any]) -> ReleaseDeployment:
    return ReleaseDeployment(
        id=described.get("id", ""),
        status=described.get("status", ""),
        revision=described.get("taskDefinition", ""),
        rollout_state=described.get("rolloutState"),
        rollout_reason=described.get("rolloutStateReason", ""),
        desired=described.get("desiredCount", 0),
        running=described.get("runningCount", 0),
        pending=described.get("pendingCount", 0),
        failed=described.get("failedTasks", 0),
        created_at=described.get("createdAt"),
    )


def label_of(arn: str) -> str:
    """Name a revision as people do, by its ARN or name: ``shop:12``."""
    return arn.rpartition("/")[2]


def family_of(arn: str) -> str:
    """Name the family of a revision by its ARN or name."""
    return label_of(arn).partition(":")[0]
