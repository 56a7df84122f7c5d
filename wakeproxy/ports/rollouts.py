"""What rollouts need of AWS, as protocols in domain types; the engine needs none of it.

Every method raises `FleetError` when AWS did not answer, and its kinds `ThrottledError` and `AccessDeniedError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wakeproxy.core.image import Image
from wakeproxy.core.observation import Task
from wakeproxy.core.release import Placement, Release
from wakeproxy.core.service import EcsService
from wakeproxy.core.taskdef import Revision


class Definitions(Protocol):
    """Task definitions."""

    async def read(self, name: str) -> Revision:
        """Read a revision with its tags, by ``FAMILY`` (its newest active one), ``FAMILY:REVISION`` or ARN.

        Raises:
            UnknownRevisionError: there is none.
        """
        ...

    async def register(self, revision: Revision) -> Revision:
        """Register a document and its tags as the next revision of its family; it is told back as it became."""
        ...

    async def list_active(self, family: str) -> Sequence[str]:
        """List the ARNs of a family's active revisions, the newest first."""
        ...

    async def deregister(self, arn: str) -> None:
        """Make a revision inactive."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What to change of a service; what is ``None`` is left as it is."""

    revision: str | None = None
    """The ARN of a task definition's revision."""
    is_forced: bool = False
    """Whether a deployment is begun although nothing changed."""
    desired_count: int | None = None
    min_percent: int | None = None
    max_percent: int | None = None


class Releases(Protocol):
    """Services as rollouts see them."""

    async def read(self, ecs: EcsService) -> Release:
        """Read a service.

        Raises:
            ServiceGoneError: ECS knows no such service, or no such cluster.
        """
        ...

    async def change(self, ecs: EcsService, change: Change) -> Release:
        """Change a service by one call, and say how it stands since.

        Raises:
            ServiceGoneError: ECS knows no such service, or no such cluster.
        """
        ...

    async def list_tasks(self, ecs: EcsService, deployment: str) -> Sequence[Task]:
        """List the tasks that a deployment started, those stopped within the last hour too; any number of them."""
        ...

    async def find_in_use(self, family: str) -> frozenset[str]:
        """Find the ARNs of all revisions of a family that a service, deployment or task of any cluster uses."""
        ...


class Images(Protocol):
    """Images in registries that AWS keeps (ECR)."""

    async def find_digest(self, image: Image) -> str | None:
        """Find the digest that an image has now, ``sha256:...``; ``None`` where it lies in no registry of AWS's.

        Raises:
            UnknownImageError: its registry has no such repository, or it no such tag or digest.
        """
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a revision names and tasks will not find."""

    subject: str
    """What it is and where it is named: ``containerDefinitions[web].secrets[DB_PASSWORD]``."""
    sentence: str
    """What is wrong, and what to do about it."""
    is_certain: bool
    """Whether it surely is missing; otherwise it could only not be looked up."""


class Requirements(Protocol):
    """What tasks need of the account before they can start."""

    async def inspect(self, revision: Revision) -> Sequence[Finding]:
        """Look up all that a revision names: images in ECR, roles, secrets and parameters, log groups.

        Nothing is raised: what could not be looked up, for whatever reason, is a finding that is not certain.
        """
        ...


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Tasks to run once, outside any service."""

    cluster: str
    revision: str
    """The ARN of a task definition's revision."""
    count: int
    placement: Placement
    started_by: str
    """Who started them, as ``DescribeTasks`` shows it: at most 128 letters, digits, hyphens and underscores."""


class Runs(Protocol):
    """Tasks that run once, outside any service."""

    async def start(self, order: RunOrder) -> Sequence[str]:
        """Start tasks; their ARNs.

        Raises:
            FleetError: not all of them could be started; it names those that were.
        """
        ...

    async def look(self, cluster: str, tasks: Sequence[str]) -> Sequence[Task]:
        """Look at tasks, any number of them; one that ECS does not show, or not yet, is left out."""
        ...


@dataclass(frozen=True, slots=True)
class LogStream:
    """Where one container of one task logs to."""

    group: str
    name: str
    region: str | None = None
    """``None`` for the Region of everything else."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a log stream."""

    at: datetime
    text: str


class Logs(Protocol):
    """What containers said."""

    async def read(self, stream: LogStream, *, since: str | None) -> tuple[Sequence[LogLine], str | None]:
        """Read what follows a place in a stream, from its beginning without one; and the place where to go on.

        A stream that is not there yet has nothing.
        """
        ...
