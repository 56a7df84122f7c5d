"""Orders of tasks that run once: which revision, and where; a service's own place unless told otherwise."""

from dataclasses import dataclass, field

from wakeproxy.core.edits import Edits
from wakeproxy.core.release import Placement
from wakeproxy.core.service import EcsService
from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.request import Request
from wakeproxy.deploy.revising import inspect, register, revise
from wakeproxy.deploy.telling import Tell
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import ServiceGoneError
from wakeproxy.ports.rollouts import RunOrder

_FARGATE = "FARGATE"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be run."""

    cluster: str
    started_by: str
    service: EcsService | None = None
    """Whose revision is run, where its own tasks run."""
    task_definition: str | None = None
    """``FAMILY``, ``FAMILY:REVISION`` or an ARN; stronger than the service's."""
    request: Request = field(default_factory=Request)
    """How the revision is edited first."""
    placement: Placement = field(default_factory=Placement)
    """Stronger than the service's, each part by itself."""
    count: int = 1


async def order_tasks(yard: Yard, wish: Wish, tell: Tell) -> tuple[Revision, RunOrder]:
    """Find out what is to be run, and register it if it is not.

    Raises:
        ServiceGoneError: there is no such service.
        UnknownRevisionError: there is no such task definition.
        NothingToDoError: an edit matches nothing.
        PreflightError: tasks would not find what they need.
        UnknownImageError: an image is missing.
        UsageError: edits do not fit.
    """
    placement, name = wish.placement, wish.task_definition
    if wish.service is not None:
        release = await yard.releases.read(wish.service)
        if release.status != "ACTIVE":
            raise ServiceGoneError(f"{wish.service} is {release.status}: nothing can be run in its place.")
        placement, name = place(release.placement, wish.placement), name or release.revision
    assert name is not None, "a service or a task definition is named"
    revision = await register_edited(yard, name, wish.request, tell)
    return revision, RunOrder(wish.cluster, revision.arn, wish.count, placement, wish.started_by)


async def register_edited(yard: Yard, name: str, request: Request, tell: Tell) -> Revision:
    """Edit a task definition and register it; one that is registered and active stays as it is.

    Raises:
        UnknownRevisionError: there is no such task definition.
        NothingToDoError: an edit matches nothing.
        PreflightError: tasks would not find what they need.
        UnknownImageError: an image is missing.
        UsageError: edits do not fit.
    """
    if request == Request(Edits(container=request.edits.container), conduct=request.conduct):
        found = await yard.definitions.read(name)
        if found.is_active:
            return found
    revised = await revise(yard, name, request)
    await inspect(yard, revised.wanted, tell)
    return await register(yard, revised, tell)


def place(service: Placement, wanted: Placement) -> Placement:
    """Place tasks as a service's, but for what is wanted otherwise.

    A launch type rules out capacity providers, and a platform version is Fargate's alone (API reference of RunTask).
    """
    keeps_type = wanted.launch_type in {None, service.launch_type}
    is_fargate = keeps_type or wanted.launch_type == _FARGATE
    return Placement(
        launch_type=wanted.launch_type or service.launch_type,
        capacity_providers=() if wanted.launch_type else service.capacity_providers,
        platform_version=wanted.platform_version or (service.platform_version if is_fargate else None),
        network=wanted.network or service.network,
    )
