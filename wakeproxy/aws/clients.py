"""The clients of AWS's services by the client library, each opened once; the only module that names it.

Whoever lives for one request calls by `signed` instead, for the library takes longer to load than its request may wait.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import aioboto3
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioAssumeRoleCredentialFetcher, AioDeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from wakeproxy.aws.access import Access, Clients, Lazy, Others
from wakeproxy.aws.calls import Calls
from wakeproxy.aws.errors import ApiError, CallError, CredentialsError, UnansweredError
from wakeproxy.aws.pace import Pace
from wakeproxy.aws.timestamps import read_timestamp
from wakeproxy.aws.trimming import trim
from wakeproxy.aws.verbatim import keep_verbatim
from wakeproxy.errors import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

__all__ = ["Access", "Clients", "open_clients"]

_Client = TypeVar("_Client")

_UNFOUND = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)


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
        core: Any = session._session  # noqa: SLF001 - aioboto3 offers no other way to reach what it wraps
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_timestamp)
        models = _keep_models(core.get_config_variable("data_path"))
        core.get_component("data_loader")._cache = models  # noqa: SLF001 - the same
        if access.takes_any_keys:
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
            _tell_in_our_words(found)
            return found

        async def open_later(name: Any, region: str = access.region) -> Any:
            try:
                client = session.client(name, region_name=region, endpoint_url=access.endpoint_url, config=_CONFIG)
                return await open_one(client)
            except BotoCoreError as error:  # such as of a name that cannot be a Region's
                raise CallError(str(error)) from error

        ecs_client = await open_one(ecs)
        trim(ecs_client)
        keep_verbatim(ecs_client)
        cloudwatch = Lazy(partial(open_later, "cloudwatch"))
        tagging = Lazy(partial(open_later, "resourcegroupstaggingapi"))
        others = Others(open_later, region=access.region)
        clients = Clients(
            ecs_client, await open_one(ec2), await open_one(scaling), cloudwatch, tagging, calls, others=others
        )
        if access.has_dynamodb:
            dynamodb = session.client("dynamodb", endpoint_url=access.endpoint_url, config=_IN_HASTE)
            clients = replace(clients, dynamodb=await open_one(dynamodb))
        yield clients


@cache
def _keep_models(_search_path: str | None) -> dict[tuple[Any, ...], Any]:
    """Keep what the library reads about AWS's APIs, which is no session's own: reading it is most of an opening."""
    return {}


def _tell_in_our_words(client: Any) -> None:
    """Let all calls of a client, pages of lists too, raise what the adapters know."""
    call = client._make_api_call  # noqa: SLF001 - every call goes through it, and none of its events can change an error

    async def make(operation: str, params: Any) -> Any:
        try:
            return await call(operation, params)
        except ClientError as error:
            raise ApiError(error.response, operation) from error
        except _UNFOUND as error:
            raise CredentialsError(str(error)) from error
        except HTTPClientError as error:
            raise UnansweredError(str(error)) from error
        except BotoCoreError as error:
            raise CallError(str(error)) from error

    client._make_api_call = make  # noqa: SLF001 - the same


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
