"""The tasks of many services, in as few calls as it takes: listed by service or by cluster, described by hundreds."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from cachetools import LRUCache, TTLCache

from wakeproxy.aws.batches import batched, each
from wakeproxy.aws.faults import translated
from wakeproxy.aws.listing import PAGE, calls_by_cluster, calls_by_service
from wakeproxy.core.service import EcsService

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from types_aiobotocore_ecs import ECSClient

    from wakeproxy.core.observation import Observation, Task

_REMEMBERED: Final = 20
"""Tasks of one service described again after they left the list, for only DescribeTasks tells why they stopped."""
_SERVICES_REMEMBERED: Final = 10_000
_SIZE_HOLDS: Final = 600.0
"""Seconds for which a cluster that was too large to be listed is taken to be so still."""
_OWNERS_REMEMBERED: Final = 20_000
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

Described = dict[str, Any]


class ServiceTasks:
    """Finds tasks, and remembers which there were and whose they are."""

    def __init__(self, ecs: ECSClient) -> None:
        self._ecs = ecs
        self._pages = ecs.get_paginator("list_tasks")
        """Made at start, for it reads its definition from a file."""
        self._known: LRUCache[EcsService, tuple[str, ...]] = LRUCache(_SERVICES_REMEMBERED)
        self._owners: LRUCache[str, str] = LRUCache(_OWNERS_REMEMBERED)
        """The group of each task seen in a cluster's list: ``service:NAME``, and others for what is no service's."""
        self._sizes: TTLCache[str, int] = TTLCache(1000, _SIZE_HOLDS)
        """How many tasks a cluster has, or had at least."""

    def forget(self, ecs: EcsService) -> None:
        """Forget the tasks of a service that wants none any more."""
        self._known.pop(ecs, None)

    async def find(self, cluster: str, seen: Mapping[EcsService, Observation]) -> Mapping[EcsService, list[Described]]:
        """Describe those tasks of a cluster's services that are worth it: the wanted, and those known before.

        Stopped ones too, of services that miss some.
        """
        running, described = await self._list_running(cluster, seen)
        missing = [ecs for ecs, one in seen.items() if _misses_tasks(one)]
        stopped = dict(zip(missing, await each(self._list_stopped, missing), strict=True))
        owner: dict[str, EcsService] = {}
        for ecs in seen:
            arns = tuple(dict.fromkeys((*running.get(ecs, ()), *stopped.get(ecs, ()), *self._known.get(ecs, ()))))
            self._known[ecs] = arns[:_REMEMBERED]
            owner |= dict.fromkeys(arns, ecs)
        described |= await self._describe(cluster, [arn for arn in owner if arn not in described])
        found: dict[EcsService, list[Described]] = {ecs: [] for ecs in seen}
        for arn, ecs in owner.items():
            if arn in described:
                found[ecs].append(described[arn])
        return found

    async def _list_running(
        self, cluster: str, seen: Mapping[EcsService, Observation]
    ) -> tuple[Mapping[EcsService, Sequence[str]], dict[str, Described]]:
        """List the tasks that should run, in the cheaper way; with those described that had to be."""
        counts = [one.running + one.pending for one in seen.values()]
        by_service = calls_by_service(counts)
        if calls_by_cluster(counts, in_cluster=self._sizes.get(cluster, 0)) < by_service:
            arns = await self._list_cluster(cluster, most=by_service)
            if arns is not None:
                return await self._sort(cluster, arns)
        listed = await each(self._list_by_service, seen)
        return dict(zip(seen, listed, strict=True)), {}

    async def _list_by_service(self, ecs: EcsService) -> list[str]:
        return await self._list(ecs, "RUNNING")

    async def _list_stopped(self, ecs: EcsService) -> list[str]:
        return await self._list(ecs, "STOPPED")

    async def _list(self, ecs: EcsService, status: Any) -> list[str]:
        with translated(f"list the tasks of {ecs}"):
            found = self._pages.paginate(cluster=ecs.cluster, serviceName=ecs.service, desiredStatus=status)
            return [arn async for page in found for arn in page["taskArns"]]

    async def _list_cluster(self, cluster: str, *, most: int) -> list[str] | None:
        """List all tasks of a cluster that should run; ``None`` if that takes more than so many calls."""
        arns: list[str] = []
        calls = 0
        with translated(f"list the tasks of cluster {cluster}"):
            async for page in self._pages.paginate(cluster=cluster, desiredStatus="RUNNING"):
                arns += page["taskArns"]
                calls += 1
                self._sizes[cluster] = len(arns)
                if calls == most and page.get("nextToken"):
                    self._sizes[cluster] = most * PAGE + 1
                    return None
        return arns

    async def _sort(
        self, cluster: str, arns: Sequence[str]
    ) -> tuple[Mapping[EcsService, Sequence[str]], dict[str, Described]]:
        """Say whose each task is; those seen for the first time are described."""
        described = await self._describe(cluster, [arn for arn in arns if arn not in self._owners])
        groups = {arn: one.get("group", "") for arn, one in described.items()}
        found: defaultdict[EcsService, list[str]] = defaultdict(list)
        for arn in arns:
            group = groups.get(arn) or self._owners.get(arn, "")
            self._owners[arn] = group
            kind, _, name = group.partition(":")
            if kind == "service":
                found[EcsService(cluster, name)].append(arn)
        return found, described

    async def _describe(self, cluster: str, arns: Sequence[str]) -> dict[str, Described]:
        async def describe(some: Sequence[str]) -> Sequence[Any]:
            with translated(f"read the tasks of cluster {cluster}"):
                return (await self._ecs.describe_tasks(cluster=cluster, tasks=list(some)))["tasks"]

        answers = await each(describe, batched(arns, PAGE))
        return {one["taskArn"]: one for one in chain.from_iterable(answers)}


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Put tasks in order, the oldest first, however they were found."""
    return sorted(tasks, key=lambda task: (task.created_at or _LONG_AGO, task.arn))


def _misses_tasks(seen: Observation) -> bool:
    return seen.running + seen.pending < seen.desired or any(one.failed_tasks for one in seen.deployments)
