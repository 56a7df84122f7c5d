"""How AWS is reached, and the clients of its services that the adapters work with, whichever way they were opened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from types_aiobotocore_application_autoscaling import ApplicationAutoScalingClient
    from types_aiobotocore_cloudwatch import CloudWatchClient
    from types_aiobotocore_dynamodb import DynamoDBClient
    from types_aiobotocore_ec2 import EC2Client
    from types_aiobotocore_ecs import ECSClient
    from types_aiobotocore_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient

    from wakeproxy.aws.calls import Calls

_Client = TypeVar("_Client")


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach AWS; what is ``None`` comes from the usual chain of environment, profile and role."""

    region: str
    endpoint_url: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    takes_any_keys: bool = False
    """The endpoint is a sandbox: no credentials are looked for, any will do."""
    share: float | None = None
    """The part of AWS's request rates that the process takes at most; ``None`` is no bound, as before a sandbox."""
    has_dynamodb: bool = False
    """Whether DynamoDB is called."""


class Lazy(Generic[_Client]):
    """A client that is opened when somebody first wants it: it reads a large file, and most have no use for it."""

    def __init__(self, open_client: Callable[[], Awaitable[_Client]]) -> None:
        self._open = open_client
        self._opened: _Client | None = None
        self._opening = asyncio.Lock()

    async def get(self) -> _Client:
        """Open the client, or take the one that is open."""
        async with self._opening:
            if self._opened is None:
                self._opened = await self._open()
        return self._opened


class Others:
    """Clients that few have a use for, of any service and Region, each opened when it is first wanted.

    Their answers are read where they are asked for, so they are of no type here.
    """

    def __init__(self, open_client: Callable[[str, str], Awaitable[Any]], *, region: str) -> None:
        self._open = open_client
        self._region = region
        self._known: dict[tuple[str, str], Lazy[Any]] = {}

    async def get(self, service: str, *, region: str | None = None) -> Any:
        """Open the client of a service, by its name in the client library; in the Region of all else without one."""
        key = (service, region or self._region)
        return await self._known.setdefault(key, Lazy(partial(self._open, *key))).get()


@dataclass(frozen=True, slots=True)
class Clients:
    """Opened clients, and what all their calls go through."""

    ecs: ECSClient
    ec2: EC2Client
    scaling: ApplicationAutoScalingClient
    cloudwatch: Lazy[CloudWatchClient]
    tagging: Lazy[ResourceGroupsTaggingAPIClient]
    calls: Calls
    dynamodb: DynamoDBClient | None = None
    others: Others | None = None
    """``None`` where there is no client library."""
