"""`Fleet` on ECS and EC2: services by tens, tasks by hundreds, and no task call for a service that wants none."""

from __future__ import annotations

from collections import defaultdict
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

from cachetools import TTLCache

from wakeproxy.aws.batches import SERVICES_A_CALL, VALUES_A_FILTER, batched, each
from wakeproxy.aws.faults import translated
from wakeproxy.aws.pace import calling
from wakeproxy.aws.protection import read_protection
from wakeproxy.aws.tasks import ServiceTasks, in_order
from wakeproxy.core.observation import Observation, Task, interface_of, missing, read_service, read_task
from wakeproxy.core.service import Address, EcsService
from wakeproxy.errors import ServiceGoneError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from wakeproxy.aws.access import Clients
    from wakeproxy.aws.tasks import Described
    from wakeproxy.ports import Look


class EcsFleet:
    """Observes and scales ECS services; its calls are urgent, for somebody waits, unless it is a `patient` view."""

    def __init__(self, clients: Clients, *, clock: Callable[[], datetime]) -> None:
        self._ecs = clients.ecs
        self._ec2 = clients.ec2
        self._pace = clients.calls.pace
        self._clock = clock
        self._tasks = ServiceTasks(clients.ecs)
        self._public: TTLCache[str, str] = TTLCache(maxsize=10_000, ttl=3600)
        """A network interface keeps its public address for life."""
        self._is_urgent = True

    def patient(self) -> Self:
        """View the same fleet with calls that let those of wakes go first."""
        view = copy(self)
        view._is_urgent = False  # noqa: SLF001 - it is one of us
        return view

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        """Look at services of any number of clusters."""
        clusters: dict[str, list[Look]] = defaultdict(list)
        for look in dict.fromkeys(looks):  # several routes may lead to one service
            clusters[look.ecs.cluster].append(look)
        with calling(is_urgent=self._is_urgent):
            seen = await each(self._observe_cluster, clusters.values())
        return dict(chain.from_iterable(one.items() for one in seen))

    async def scale(self, ecs: EcsService, *, desired_count: int) -> None:
        """Set the desired count by ``UpdateService``, changing nothing else."""
        with calling(is_urgent=self._is_urgent), translated(f"scale {ecs} to {desired_count}"):
            await self._ecs.update_service(cluster=ecs.cluster, service=ecs.service, desiredCount=desired_count)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until AWS's limits admit a `scale`; one within is made at once."""
        with calling(is_urgent=self._is_urgent):
            async with self._pace.turn("ecs", "UpdateService"):
                yield

    async def protected_until(self, observations: Sequence[Observation]) -> Mapping[EcsService, datetime]:
        """Ask about a hundred tasks a call."""
        with calling(is_urgent=self._is_urgent):
            return await read_protection(self._ecs, observations)

    async def _observe_cluster(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        cluster = looks[0].ecs.cluster
        seen = await self._describe_services(cluster, list(dict.fromkeys(look.ecs for look in looks)))
        for ecs, one in seen.items():
            if not one.desired:
                self._tasks.forget(ecs)
        wanted = {look.ecs: seen[look.ecs] for look in looks if look.tasks and seen[look.ecs].desired}
        if not wanted:
            return seen
        described = await self._tasks.find(cluster, wanted)
        public_for = {look.ecs for look in looks if look.address is Address.PUBLIC}
        public = await self._find_public(one for ecs in public_for for one in described.get(ecs, ()))
        now = self._clock()
        read = {
            ecs: replace(seen[ecs], seen_at=now, tasks=_read_tasks(those, public)) for ecs, those in described.items()
        }
        return {**seen, **read}

    async def _describe_services(self, cluster: str, wanted: Sequence[EcsService]) -> dict[EcsService, Observation]:
        async def describe(some: Sequence[EcsService]) -> list[Observation]:
            with translated(f"read the services of cluster {cluster}"):
                names = [ecs.service for ecs in some]
                answer = (await self._ecs.describe_services(cluster=cluster, services=names))["services"]
            return [self._read(EcsService(cluster, one["serviceName"]), one) for one in answer]

        try:
            answers = await each(describe, batched(wanted, SERVICES_A_CALL))
        except ServiceGoneError:
            answers = []  # the whole cluster is missing, and so is every service of it
        found = {one.ecs: one for one in chain.from_iterable(answers)}
        return {ecs: found.get(ecs) or missing(ecs, seen_at=self._clock()) for ecs in wanted}

    def _read(self, ecs: EcsService, described: Any) -> Observation:
        return read_service(described, (), ecs=ecs, seen_at=self._clock())

    async def _find_public(self, described: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
        wanted = {found for one in described if (found := interface_of(one))}
        unknown = sorted(found for found in wanted if found not in self._public)
        for some in batched(unknown, VALUES_A_FILTER):
            with translated("read the tasks' network interfaces"):
                # A filter, not a list of ids: an interface already gone is then left out instead of an error.
                answer = await self._ec2.describe_network_interfaces(
                    Filters=[{"Name": "network-interface-id", "Values": list(some)}]
                )
            for interface in answer["NetworkInterfaces"]:
                if address := interface.get("Association", {}).get("PublicIp"):
                    self._public[interface["NetworkInterfaceId"]] = address
        return {found: self._public[found] for found in wanted if found in self._public}


def _read_tasks(described: Iterable[Described], public: Mapping[str, str]) -> tuple[Task, ...]:
    return tuple(in_order(read_task(one, public) for one in described))
