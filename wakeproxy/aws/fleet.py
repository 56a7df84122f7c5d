"""`Fleet` on ECS and EC2: services by tens, tasks by hundreds, and no task call for a service that wants none."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from cachetools import TTLCache

from wakeproxy.aws.faults import translated
from wakeproxy.core.observation import Observation, Task, interface_of, missing, read_service, read_task
from wakeproxy.core.service import Address, EcsService
from wakeproxy.errors import ServiceGoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from wakeproxy.aws.clients import Clients
    from wakeproxy.ports import Look

_T = TypeVar("_T")

# Limits of one call: ECS API reference (DescribeServices, DescribeTasks), EC2 API reference (values of one filter).
_SERVICES_A_CALL = 10
_TASKS_A_CALL = 100
_INTERFACES_A_CALL = 200

_TASKS_REMEMBERED = 20
"""Tasks of one service described again after they left the list, for only DescribeTasks tells why they stopped."""


class EcsFleet:
    """Observes and scales ECS services."""

    def __init__(self, clients: Clients, *, clock: Callable[[], datetime]) -> None:
        self._ecs = clients.ecs
        self._ec2 = clients.ec2
        self._task_pages = clients.ecs.get_paginator("list_tasks")
        """Made at start, for it reads its definition from a file."""
        self._clock = clock
        self._known: dict[EcsService, tuple[str, ...]] = {}
        self._public: TTLCache[str, str] = TTLCache(maxsize=10_000, ttl=3600)
        """A network interface keeps its public address for life."""

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        """Look at services of any number of clusters."""
        clusters: dict[str, list[Look]] = defaultdict(list)
        for look in dict.fromkeys(looks):  # several routes may lead to one service
            clusters[look.ecs.cluster].append(look)
        seen = await asyncio.gather(*(self._observe_cluster(name, those) for name, those in clusters.items()))
        return dict(chain.from_iterable(one.items() for one in seen))

    async def scale(self, ecs: EcsService, *, desired_count: int) -> None:
        """Set the desired count by ``UpdateService``, changing nothing else."""
        with translated(f"scale {ecs} to {desired_count}"):
            await self._ecs.update_service(cluster=ecs.cluster, service=ecs.service, desiredCount=desired_count)

    async def _observe_cluster(self, cluster: str, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        services = await self._describe_services(cluster, list(dict.fromkeys(look.ecs for look in looks)))
        wanting = [look for look in looks if services.get(look.ecs, {}).get("desiredCount")]
        tasks = await self._describe_tasks(cluster, wanting, services)
        now = self._clock()
        for look in looks:
            if look not in wanting:
                self._known.pop(look.ecs, None)
        return {
            look.ecs: read_service(services[look.ecs], tasks.get(look.ecs, ()), ecs=look.ecs, seen_at=now)
            if look.ecs in services
            else missing(look.ecs, seen_at=now)
            for look in looks
        }

    async def _describe_services(self, cluster: str, wanted: Sequence[EcsService]) -> dict[EcsService, Any]:
        async def describe(some: Sequence[EcsService]) -> list[Any]:
            with translated(f"read the services of cluster {cluster}"):
                names = [ecs.service for ecs in some]
                return list((await self._ecs.describe_services(cluster=cluster, services=names))["services"])

        try:
            pages = await asyncio.gather(*(describe(some) for some in _batched(wanted, _SERVICES_A_CALL)))
        except ServiceGoneError:
            return {}  # the whole cluster is missing, and so is every service of it
        return {EcsService(cluster, one["serviceName"]): one for page in pages for one in page}

    async def _describe_tasks(
        self, cluster: str, looks: Sequence[Look], services: Mapping[EcsService, Any]
    ) -> Mapping[EcsService, list[Task]]:
        listed = await asyncio.gather(*(self._list_tasks(look.ecs, services[look.ecs]) for look in looks))
        owner = {arn: look.ecs for look, arns in zip(looks, listed, strict=True) for arn in arns}
        pages = await asyncio.gather(*(self._describe(cluster, some) for some in _batched(tuple(owner), _TASKS_A_CALL)))
        described = list(chain.from_iterable(pages))
        public_for = {look.ecs for look in looks if look.address is Address.PUBLIC}
        public = await self._find_public(one for one in described if owner[one["taskArn"]] in public_for)
        tasks: dict[EcsService, list[Task]] = defaultdict(list)
        for one in described:
            tasks[owner[one["taskArn"]]].append(read_task(one, public))
        return tasks

    async def _list_tasks(self, ecs: EcsService, service: Mapping[str, Any]) -> Sequence[str]:
        """List the tasks worth describing: those wanted, those known before; stopped ones too if some are missing."""
        found = await self._list(ecs, "RUNNING")
        running = service.get("runningCount", 0) + service.get("pendingCount", 0)
        if running < service["desiredCount"] or any(one.get("failedTasks") for one in service.get("deployments", ())):
            found += await self._list(ecs, "STOPPED")
        arns = tuple(dict.fromkeys((*found, *self._known.get(ecs, ()))))
        self._known[ecs] = arns[:_TASKS_REMEMBERED]
        return arns

    async def _list(self, ecs: EcsService, status: Any) -> list[str]:
        with translated(f"list the tasks of {ecs}"):
            pages = self._task_pages.paginate(cluster=ecs.cluster, serviceName=ecs.service, desiredStatus=status)
            return [arn async for page in pages for arn in page["taskArns"]]

    async def _describe(self, cluster: str, arns: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        with translated(f"read the tasks of cluster {cluster}"):
            return (await self._ecs.describe_tasks(cluster=cluster, tasks=list(arns)))["tasks"]

    async def _find_public(self, described: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
        wanted = {found for one in described if (found := interface_of(one))}
        unknown = sorted(found for found in wanted if found not in self._public)
        for some in _batched(unknown, _INTERFACES_A_CALL):
            with translated("read the tasks' network interfaces"):
                # A filter, not a list of ids: an interface already gone is then left out instead of an error.
                answer = await self._ec2.describe_network_interfaces(
                    Filters=[{"Name": "network-interface-id", "Values": list(some)}]
                )
            for interface in answer["NetworkInterfaces"]:
                if address := interface.get("Association", {}).get("PublicIp"):
                    self._public[interface["NetworkInterfaceId"]] = address
        return {found: self._public[found] for found in wanted if found in self._public}


def _batched(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
