"""The clients of AWS's services, each opened once; the only module that names the client library."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import aioboto3
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioAssumeRoleCredentialFetcher, AioDeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError

from wakeproxy.aws.calls import Calls
from wakeproxy.aws.pace import Pace
from wakeproxy.aws.trimming import trim
from wakeproxy.errors import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from types_aiobotocore_application_autoscaling import ApplicationAutoScalingClient
    from types_aiobotocore_cloudwatch import CloudWatchClient
    from types_aiobotocore_dynamodb import DynamoDBClient
    from types_aiobotocore_ec2 import EC2Client
    from types_aiobotocore_ecs import ECSClient
    from types_aiobotocore_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient

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


# The engine retries by its own, shorter back-off: the library's first retry alone may sleep a second, in the middle
# of a visitor's wait.
_CONFIG = AioConfig(
    connect_timeout=3,
    read_timeout=10,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=50,
    tcp_keepalive=True,
)
# The ledger is asked while a visitor waits, and there is a way on without its answer. All tries of one call have 2 s
# (`dynamo_calls`), so that one must not take them all.
_IN_HASTE = _CONFIG.merge(AioConfig(connect_timeout=1, read_timeout=1))


@asynccontextmanager
async def open_clients(access: Access) -> AsyncIterator[Clients]:
    """Open all clients; they close when the context ends.

    Raises:
        AccessDeniedError: the profile does not exist or there are no credentials at all.
    """
    try:
        session = aioboto3.Session(profile_name=access.profile, region_name=access.region)
        if access.takes_any_keys:
            core: Any = session._session  # noqa: SLF001 - aioboto3 offers no other way to reach what it wraps
            core.set_credentials("sandbox", "sandbox")
        if access.role_arn:
            await _assume(session, access.role_arn, endpoint_url=access.endpoint_url)
        ecs = session.client("ecs", endpoint_url=access.endpoint_url, config=_CONFIG)
        ec2 = session.client("ec2", endpoint_url=access.endpoint_url, config=_CONFIG)
        scaling = session.client("application-autoscaling", endpoint_url=access.endpoint_url, config=_CONFIG)
    except BotoCoreError as error:
        raise AccessDeniedError(
            f"AWS credentials cannot be used: {error} Check aws.profile and aws.role_arn."
        ) from error
    calls = Calls(Pace(access.share))
    async with AsyncExitStack() as opened:

        async def open_one(client: AbstractAsyncContextManager[_Client]) -> _Client:
            found = await opened.enter_async_context(client)
            calls.watch(found)
            return found

        async def open_later(name: Any) -> Any:
            return await open_one(session.client(name, endpoint_url=access.endpoint_url, config=_CONFIG))

        ecs_client = await open_one(ecs)
        trim(ecs_client)
        cloudwatch = Lazy(partial(open_later, "cloudwatch"))
        tagging = Lazy(partial(open_later, "resourcegroupstaggingapi"))
        clients = Clients(ecs_client, await open_one(ec2), await open_one(scaling), cloudwatch, tagging, calls)
        if access.has_dynamodb:
            dynamodb = session.client("dynamodb", endpoint_url=access.endpoint_url, config=_IN_HASTE)
            clients = replace(clients, dynamodb=await open_one(dynamodb))
        yield clients


async def _assume(session: aioboto3.Session, role_arn: str, *, endpoint_url: str | None) -> None:
    """Let a session act as a role, by the credentials it has; they are fetched when first needed and renewed."""
    core: Any = session._session  # noqa: SLF001 - the same
    own = await core.get_credentials()
    if own is None:
        raise AccessDeniedError(
            f"There are no AWS credentials to assume {role_arn} with; set them, or no aws.role_arn."
        )
    fetcher = AioAssumeRoleCredentialFetcher(
        client_creator=partial(core.create_client, endpoint_url=endpoint_url, config=_CONFIG),
        source_credentials=own,
        role_arn=role_arn,
        extra_args={"RoleSessionName": "wakeproxy"},
    )
    core._credentials = AioDeferredRefreshableCredentials(  # noqa: SLF001 - the same
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
