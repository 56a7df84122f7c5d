"""Reads how many services are set up, by few calls: each task definition, subnet and security group once."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any

from wakeproxy.aws.batches import SERVICES_A_CALL, VALUES_A_FILTER, batched
from wakeproxy.aws.definitions import EcsDefinitions
from wakeproxy.aws.faults import translated
from wakeproxy.aws.persistence import persist_each
from wakeproxy.core.checkup import Surroundings, groups_of, subnets_of
from wakeproxy.core.release import Release, read_release
from wakeproxy.core.service import EcsService
from wakeproxy.errors import ServiceGoneError, WakeproxyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wakeproxy.aws.access import Clients
    from wakeproxy.core.taskdef import Revision


class AwsSurveys:
    """Reads services, what their tasks are started from, and the network they are in."""

    def __init__(self, clients: Clients) -> None:
        self._ecs = clients.ecs
        self._ec2 = clients.ec2
        self._definitions = EcsDefinitions(clients)

    async def read_releases(self, services: Iterable[EcsService]) -> Mapping[EcsService, Release]:
        """Read services of any number of clusters; those that ECS does not know as active are left out."""
        clusters: dict[str, dict[str, None]] = defaultdict(dict)
        for ecs in services:
            clusters[ecs.cluster][ecs.service] = None
        wanted = [(one, some) for one, names in clusters.items() for some in batched(list(names), SERVICES_A_CALL)]
        read = await persist_each(self._describe, wanted)
        return {one.ecs: one for one in chain.from_iterable(read) if one.status == "ACTIVE"}

    async def read_revisions(self, arns: Iterable[str]) -> Mapping[str, Revision | WakeproxyError]:
        """Read task definitions; of one that could not be read, the error."""

        async def read(arn: str) -> Revision | WakeproxyError:
            try:
                return await self._definitions.read(arn)
            except WakeproxyError as error:
                return error

        wanted = list(dict.fromkeys(arns))
        return dict(zip(wanted, await persist_each(read, wanted), strict=True))

    async def read_surroundings(self, releases: Sequence[Release]) -> Surroundings:
        """Read the subnets and security groups that services name; a filter leaves out those that there are not."""
        subnets = sorted({one for release in releases for one in subnets_of(release)})
        groups = sorted({one for release in releases for one in groups_of(release)})
        found = await persist_each(self._find_subnets, batched(subnets, VALUES_A_FILTER))
        read = await persist_each(self._read_groups, batched(groups, VALUES_A_FILTER))
        rules = {one["GroupId"]: tuple(one["IpPermissions"]) for one in chain.from_iterable(read)}
        return Surroundings(frozenset(chain.from_iterable(found)), rules)

    async def _describe(self, wanted: tuple[str, Sequence[str]]) -> Sequence[Release]:
        cluster, names = wanted
        try:
            with translated(f"read the services of cluster {cluster}"):
                answer = await self._ecs.describe_services(cluster=cluster, services=list(names))
                described: Sequence[Any] = answer["services"]
        except ServiceGoneError:
            return ()  # the whole cluster is missing
        return [read_release(one, ecs=EcsService(cluster, one["serviceName"])) for one in described]

    async def _find_subnets(self, some: Sequence[str]) -> Sequence[str]:
        with translated("read the services' subnets"):
            answer = await self._ec2.describe_subnets(Filters=[{"Name": "subnet-id", "Values": list(some)}])
            return [one["SubnetId"] for one in answer["Subnets"]]

    async def _read_groups(self, some: Sequence[str]) -> Sequence[Any]:
        with translated("read the services' security groups"):
            answer = await self._ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": list(some)}])
            return answer["SecurityGroups"]
