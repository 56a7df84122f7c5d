"""Which revisions of a family are in use, in all clusters: by services, by their deployments and task sets, by tasks.

Whoever asks is about to make the others inactive, so nothing is left out silently: what cannot be read is an error.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from wakeproxy.aws.batches import SERVICES_A_CALL, batched
from wakeproxy.aws.definitions import family_of
from wakeproxy.aws.faults import translated
from wakeproxy.aws.listing import PAGE
from wakeproxy.aws.persistence import persist, persist_each
from wakeproxy.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_aiobotocore_ecs import ECSClient

_MISSING: Final = "MISSING"
"""Why something that was listed is not described: it was deleted in between."""

_Piece: TypeAlias = "tuple[str, Sequence[str]]"
"""A cluster, and some of what is in it."""


async def find_in_use(ecs: ECSClient, family: str) -> frozenset[str]:
    """Find the ARNs of a family's revisions that something in the account's Region uses."""
    search = _Search(ecs, family)
    clusters = await persist(search.list_clusters)
    services = await persist_each(search.list_services, clusters)
    tasks = await persist_each(search.list_tasks, clusters)
    used = [
        *await persist_each(search.read_services, _cut(clusters, services, SERVICES_A_CALL)),
        *await persist_each(search.read_tasks, _cut(clusters, tasks, PAGE)),
    ]
    return frozenset(arn for arn in chain.from_iterable(used) if family_of(arn) == family)


def _cut(clusters: Sequence[str], found: Sequence[Sequence[str]], size: int) -> Iterator[_Piece]:
    for cluster, arns in zip(clusters, found, strict=True):
        for some in batched(arns, size):
            yield cluster, some


class _Search:
    """The calls of one search, each of which says what it asks."""

    def __init__(self, ecs: ECSClient, family: str) -> None:
        self._ecs = ecs
        self._family = family

    async def list_clusters(self) -> list[str]:
        with translated("list the clusters"):
            pages = self._ecs.get_paginator("list_clusters").paginate()
            return [arn async for page in pages for arn in page["clusterArns"]]

    async def list_services(self, cluster: str) -> list[str]:
        with translated(f"list the services of {cluster}"):
            pages = self._ecs.get_paginator("list_services").paginate(
                cluster=cluster, PaginationConfig={"PageSize": PAGE}
            )
            return [arn async for page in pages for arn in page["serviceArns"]]

    async def list_tasks(self, cluster: str) -> list[str]:
        with translated(f"list the tasks of {self._family} in {cluster}"):
            pages = self._ecs.get_paginator("list_tasks").paginate(
                cluster=cluster, family=self._family, desiredStatus="RUNNING"
            )
            return [arn async for page in pages for arn in page["taskArns"]]

    async def read_services(self, piece: _Piece) -> list[str]:
        cluster, arns = piece
        with translated(f"read the services of {cluster}"):
            answer = await self._ecs.describe_services(cluster=cluster, services=list(arns))
        _check(answer["failures"], cluster)
        return [arn for service in answer["services"] for arn in _used_by(service)]

    async def read_tasks(self, piece: _Piece) -> list[str]:
        cluster, arns = piece
        with translated(f"read the tasks of {cluster}"):
            answer = await self._ecs.describe_tasks(cluster=cluster, tasks=list(arns))
        _check(answer["failures"], cluster)
        return [task["taskDefinitionArn"] for task in answer["tasks"]]


def _used_by(service: Any) -> Iterator[str]:
    """List what a service uses; one that others roll out has task sets, and no task definition of its own."""
    for one in (service, *service.get("deployments", ()), *service.get("taskSets", ())):
        if arn := one.get("taskDefinition"):
            yield arn


def _check(failures: Sequence[Any], cluster: str) -> None:
    for failure in failures:
        if (reason := failure.get("reason")) != _MISSING:
            raise FleetError(
                f"ECS does not tell of {failure.get('arn')} of {cluster} ({reason}), so it is unknown what is in use."
            )
