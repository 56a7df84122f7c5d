"""`Releases` on ECS: one service at a time, with all its deployments, events and tasks."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from cachetools import LRUCache

from wakeproxy.aws.batches import batched
from wakeproxy.aws.faults import translated
from wakeproxy.aws.listing import PAGE
from wakeproxy.aws.persistence import persist, persist_each
from wakeproxy.aws.tasks import in_order
from wakeproxy.aws.trimming import keeping_events
from wakeproxy.aws.usage import find_in_use
from wakeproxy.core.observation import Task, read_task
from wakeproxy.core.release import Release, read_release
from wakeproxy.errors import ServiceGoneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_aiobotocore_ecs import ECSClient

    from wakeproxy.aws.access import Clients
    from wakeproxy.core.service import EcsService
    from wakeproxy.ports.rollouts import Change

_Status: TypeAlias = "Literal['RUNNING', 'STOPPED']"
_STATUSES: Final[tuple[_Status, ...]] = ("RUNNING", "STOPPED")
_REMEMBERED: Final = 10_000


class EcsReleases:
    """Reads and changes services for rollouts."""

    def __init__(self, clients: Clients) -> None:
        self._ecs = clients.ecs
        self._gone: LRUCache[str, Task] = LRUCache(_REMEMBERED)
        """Tasks that have stopped, of which nothing more will be told."""

    async def read(self, ecs: EcsService) -> Release:
        """Read a service; one that is being deleted is gone."""
        return read_release(await self._describe(ecs), ecs=ecs)

    async def change(self, ecs: EcsService, change: Change) -> Release:
        """Change a service by one call; forced, it is made again only after throttling, for it would deploy twice."""
        asked = _spell(change)
        if "deploymentConfiguration" in asked:
            # ECS does not say what becomes of members left out, such as a circuit breaker: they are sent as they are.
            known = (await self._describe(ecs)).get("deploymentConfiguration", {})
            asked["deploymentConfiguration"] = {**known, **asked["deploymentConfiguration"]}

        async def update() -> Any:
            with translated(f"change {ecs}"):
                answer = await self._ecs.update_service(cluster=ecs.cluster, service=ecs.service, **asked)
                return answer["service"]

        return read_release(await persist(update, is_repeatable=not change.is_forced), ecs=ecs)

    async def list_tasks(self, ecs: EcsService, deployment: str) -> Sequence[Task]:
        """List the tasks that a deployment started, the oldest first, in calls by hundreds."""

        async def find(status: _Status) -> list[str]:
            with translated(f"list the tasks of {ecs}"):
                # Beside startedBy, ECS admits the status alone: "cannot specify startedBy with other arguments".
                pages = self._ecs.get_paginator("list_tasks").paginate(
                    cluster=ecs.cluster, startedBy=deployment, desiredStatus=status
                )
                return [arn async for page in pages for arn in page["taskArns"]]

        found = await persist_each(find, _STATUSES)
        arns = dict.fromkeys(chain.from_iterable(found))
        known = [self._gone[arn] for arn in arns if arn in self._gone]
        others = await describe_tasks(self._ecs, ecs.cluster, [arn for arn in arns if arn not in self._gone])
        self._gone.update({task.arn: task for task in others if task.is_gone})
        return in_order([*known, *others])

    async def find_in_use(self, family: str) -> frozenset[str]:
        """Find what is in use, in calls that grow with the number of services in the Region."""
        return await find_in_use(self._ecs, family)

    async def _describe(self, ecs: EcsService) -> Any:
        async def describe() -> Any:
            with keeping_events(), translated(f"read {ecs}"):
                answer = await self._ecs.describe_services(cluster=ecs.cluster, services=[ecs.service])
                return answer["services"]

        found = await persist(describe)
        if not found or found[0]["status"] != "ACTIVE":
            state = f"it is {found[0]['status']}" if found else "ECS knows none of that name"
            raise ServiceGoneError(f"There is no service {ecs}: {state}. Check cluster, name and region.")
        return found[0]


async def describe_tasks(ecs: ECSClient, cluster: str, arns: Sequence[str]) -> list[Task]:
    """Describe tasks, any number of them, the oldest first; one that ECS does not show is left out."""

    async def describe(some: Sequence[str]) -> Sequence[Any]:
        with translated(f"read the tasks of cluster {cluster}"):
            return (await ecs.describe_tasks(cluster=cluster, tasks=list(some)))["tasks"]

    answers = await persist_each(describe, batched(arns, PAGE))
    return in_order([read_task(one, {}) for one in chain.from_iterable(answers)])


def _spell(change: Change) -> dict[str, Any]:
    """Write the parameters of ``UpdateService``, without those that are to be left alone."""
    percents = {"minimumHealthyPercent": change.min_percent, "maximumPercent": change.max_percent}
    asked = {
        "taskDefinition": change.revision,
        "forceNewDeployment": change.is_forced or None,
        "desiredCount": change.desired_count,
        "deploymentConfiguration": {key: value for key, value in percents.items() if value is not None} or None,
    }
    return {key: value for key, value in asked.items() if value is not None}
