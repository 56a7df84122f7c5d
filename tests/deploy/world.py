"""A model of ECS's deployments in virtual time, and the fakes of the ports of rollouts over it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes import EPOCH, FakeFleet, clock
from wakeproxy.core.image import Image
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Container, ServiceEvent, Task
from wakeproxy.core.release import Release, ReleaseDeployment, label_of
from wakeproxy.core.service import EcsService, Service
from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.outcome import Result
from wakeproxy.deploy.planning import plan_rollout
from wakeproxy.deploy.request import Request
from wakeproxy.deploy.rollout import Rollout
from wakeproxy.deploy.telling import Event, Kind
from wakeproxy.deploy.verifying import Verifier
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import FleetError, UnknownImageError, UnknownRevisionError
from wakeproxy.ports.rollouts import Change, Finding

ECS = EcsService("apps", "shop")
SHOP = Service(ServiceName("shop"), ECS)
_ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/"
START_TAKES = timedelta(seconds=30)
MISSING = "CannotPullContainerError: pull image manifest has been retried 5 time(s): registry.example/none: not found"


def arn(label: str) -> str:
    return _ARN + label


def document(image: str, **more: Any) -> Mapping[str, Any]:
    container = {"name": "web", "image": image, "essential": True}
    return {"family": "shop", "containerDefinitions": [container], **more}


@dataclass
class Definitions:
    """Revisions of families, in memory."""

    revisions: list[Revision] = field(default_factory=list)
    error: FleetError | None = None

    def add(self, image: str, **more: Any) -> str:
        number = 1 + sum(one.family == "shop" for one in self.revisions)
        self.revisions.append(Revision(document(image, **more), arn=arn(f"shop:{number}")))
        return self.revisions[-1].arn

    async def read(self, name: str) -> Revision:
        label = label_of(name)
        for one in reversed(self.revisions):
            if one.label == label or (one.family == label and one.is_active):
                return one
        raise UnknownRevisionError(f"There is no {name}.")

    async def register(self, revision: Revision) -> Revision:
        if self.error:
            raise self.error
        number = 1 + sum(one.family == revision.family for one in self.revisions)
        self.revisions.append(replace(revision, arn=arn(f"{revision.family}:{number}")))
        return self.revisions[-1]

    async def list_active(self, family: str) -> Sequence[str]:
        return [one.arn for one in reversed(self.revisions) if one.family == family and one.is_active]

    async def deregister(self, arn: str) -> None:
        self.revisions = [replace(one, is_active=False) if one.arn == arn else one for one in self.revisions]


@dataclass
class Begun:
    """One deployment, and when it began."""

    id: str
    revision: str
    at: datetime
    failed_at: datetime | None = None
    reason: str = ""


@dataclass
class Releases:
    """One service: a deployment's tasks run after half a minute, unless its image does not start."""

    definitions: Definitions
    desired: int = 2
    begun: list[Begun] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    reads: int = 0
    breaker_after: timedelta | None = None
    """When the circuit breaker fails a deployment that does not start."""
    error: FleetError | None = None
    stop_code: str = "TaskFailedToStart"
    stopped_reason: str = MISSING
    status: str = "ACTIVE"
    controller: str = "ECS"
    in_use: frozenset[str] = frozenset()
    events: tuple[ServiceEvent, ...] = ()
    hidden_for: timedelta = timedelta()
    """So long after its beginning a deployment is not shown."""
    tasks_error: FleetError | None = None
    usage_error: FleetError | None = None
    fleet: FakeFleet | None = None
    """Where the service wakes and sleeps, if it does."""

    @property
    def wanted(self) -> int:
        """The desired count."""
        return self.fleet.services[ECS].desired if self.fleet else self.desired

    def begin(self, revision: str, reason: str = "") -> None:
        self.begun.insert(0, Begun(f"ecs-svc/{len(self.begun) + 1}", revision, clock(), reason=reason))

    @property
    def revision(self) -> str:
        self._trip()
        return self.begun[0].revision

    async def read(self, ecs: EcsService) -> Release:
        del ecs
        self.reads += 1
        if self.error:
            raise self.error
        return self._describe()

    async def change(self, ecs: EcsService, change: Change) -> Release:
        del ecs
        if self.error:
            raise self.error
        self.changes.append(change)
        self.desired = self.desired if change.desired_count is None else change.desired_count
        if change.is_forced or (change.revision and change.revision != self.revision):
            self.begin(change.revision or self.revision)
        return self._describe(is_answer=True)

    async def list_tasks(self, ecs: EcsService, deployment: str) -> Sequence[Task]:
        if self.tasks_error:
            raise self.tasks_error
        begun = next(one for one in self.begun if one.id == deployment)
        if self._starts(begun):
            return []
        return [
            Task(
                f"{ecs}/task-{n}", deployment, "STOPPED", "STOPPED", created_at=begun.at, stopped_at=clock(),
                stop_code=self.stop_code, stopped_reason=self.stopped_reason,
                containers=(Container("web", "x", exit_code=1),),
            )
            for n in range(self._count_failed(begun))
        ]  # fmt: skip

    async def find_in_use(self, family: str) -> frozenset[str]:
        del family
        if self.usage_error:
            raise self.usage_error
        return self.in_use

    def _starts(self, begun: Begun) -> bool:
        revision = next(one for one in self.definitions.revisions if one.arn == begun.revision)
        return "none" not in revision.images["web"]

    def _count_failed(self, begun: Begun) -> int:
        return 0 if self._starts(begun) or not self.wanted else int((clock() - begun.at) / timedelta(seconds=20))

    def _trip(self) -> None:
        begun = self.begun[0]
        after = self.breaker_after
        if after and self.wanted and not self._starts(begun) and clock() - begun.at >= after:
            begun.failed_at = clock()
            earlier = self.begun[1].revision
            self.begin(earlier, reason="ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.")

    def _describe(self, *, is_answer: bool = False) -> Release:
        self._trip()
        shown = self.begun
        if not is_answer and clock() - shown[0].at < self.hidden_for:
            shown = shown[1:]
        primary = self._render(shown[0], is_primary=True)
        is_over = primary.rollout_state == "COMPLETED"
        others = [] if is_over else [self._render(one, is_primary=False) for one in shown[1:2]]
        return Release(
            ECS, self.status, shown[0].revision, desired=self.wanted, running=primary.running,
            deployments=(primary, *others), events=self.events, controller=self.controller,
            has_breaker=self.breaker_after is not None,
        )  # fmt: skip

    def _render(self, begun: Begun, *, is_primary: bool) -> ReleaseDeployment:
        is_up = self._starts(begun) and (clock() - begun.at >= START_TAKES or not self.wanted)
        state = "FAILED" if begun.failed_at else "COMPLETED" if is_up or not self.wanted else "IN_PROGRESS"
        running, pending = self.wanted if is_up else 0, 0
        if self.fleet and is_primary:
            seen = self.fleet.services[ECS].describe(clock(), lag=timedelta())
            running, pending, state = seen.running, seen.pending, "COMPLETED"
        return ReleaseDeployment(
            begun.id, "PRIMARY" if is_primary else "ACTIVE", begun.revision, state, begun.reason,
            desired=self.wanted, running=running, pending=pending,
            failed=self._count_failed(begun), created_at=begun.at,
        )  # fmt: skip


@dataclass
class Images:
    """A registry of ECR's: digests by tag; whatever else is in it is in none."""

    digests: Mapping[str, str] = field(default_factory=dict)

    async def find_digest(self, image: Image) -> str | None:
        if "dkr.ecr" not in image.name:
            return None
        if str(image) not in self.digests:
            raise UnknownImageError(f"There is no {image}.")
        return self.digests[str(image)]


@dataclass
class Requirements:
    """What is found missing."""

    findings: tuple[Finding, ...] = ()
    inspected: list[Revision] = field(default_factory=list)

    async def inspect(self, revision: Revision) -> Sequence[Finding]:
        self.inspected.append(revision)
        return self.findings


class World:
    """A service `shop` with the revision `shop:1`, and all that rollouts work with."""

    def __init__(self, *, desired: int = 2, verifier: Verifier | None = None) -> None:
        self.definitions = Definitions()
        self.definitions.add("registry.example/shop:1")
        self.releases = Releases(self.definitions, desired)
        self.releases.begun.append(Begun("ecs-svc/1", arn("shop:1"), EPOCH - timedelta(days=1)))
        self.images = Images()
        self.requirements = Requirements()
        self.verifier = verifier
        self.told: list[Event] = []

    @property
    def yard(self) -> Yard:
        return Yard(self.definitions, self.releases, self.images, self.requirements, self.verifier, clock)

    async def roll_out(self, request: Request, service: Service = SHOP) -> Result:
        plan = await plan_rollout(self.yard, service, request, self.told.append)
        return await Rollout(self.yard, plan, request.conduct, self.told.append).run()

    def texts(self, kind: Kind) -> list[str]:
        return [one.text for one in self.told if one.kind is kind]


async def pass_time(seconds: float) -> None:
    await asyncio.sleep(seconds)
