"""`Directory` on the Resource Groups Tagging API: all clusters of a Region at once, a hundred services a call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from wakeproxy.aws.faults import translated
from wakeproxy.core.service import EcsService
from wakeproxy.ports import Tagged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from types_aiobotocore_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient

    from wakeproxy.aws.access import Clients

logger = logging.getLogger(__name__)

_A_PAGE: Final = 100
"""ResourcesPerPage: "the maximum value is 100" (API reference, GetResources)."""


class TagDirectory:
    """Finds ECS services that have one of some tags; its client is opened when it is first asked."""

    def __init__(self, clients: Clients, tags: Sequence[str]) -> None:
        self._tagging = clients.tagging
        self._tags = tags
        self._told: set[str] = set()

    async def find(self) -> Sequence[Tagged]:
        """Find them, each once; several filters in one call would have to hold together, so each tag is asked for."""
        client = await self._tagging.get()
        found: dict[EcsService, Tagged] = {}
        for tag in self._tags:
            async for one in self._list(client, tag):
                found[one.ecs] = one
        return tuple(found.values())

    async def _list(self, client: ResourceGroupsTaggingAPIClient, tag: str) -> AsyncIterator[Tagged]:
        with translated("find services by their tags"):
            pages = client.get_paginator("get_resources").paginate(
                ResourceTypeFilters=["ecs:service"],
                TagFilters=[{"Key": tag}],
                PaginationConfig={"PageSize": _A_PAGE},
            )
            async for page in pages:
                for resource in page["ResourceTagMappingList"]:
                    ecs = self._read_arn(resource["ResourceARN"])
                    if ecs is not None:
                        yield Tagged(ecs, {one["Key"]: one["Value"] for one in resource["Tags"]})

    def _read_arn(self, arn: str) -> EcsService | None:
        """Read cluster and service off ``arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE``."""
        match arn.split(":", 5)[-1].split("/"):
            case ["service", cluster, service]:
                return EcsService(cluster, service)
            case _:
                if arn not in self._told:
                    self._told.add(arn)
                    logger.warning("%s is not served: its ARN, of the short format, does not name its cluster", arn)
                return None
