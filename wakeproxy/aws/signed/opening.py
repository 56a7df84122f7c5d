"""All clients, opened: nothing is read, looked up or called before somebody asks for it."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from wakeproxy.aws.access import Access, Clients, Lazy
from wakeproxy.aws.calls import Calls
from wakeproxy.aws.errors import CredentialsError
from wakeproxy.aws.pace import Pace
from wakeproxy.aws.signed.client import Caller, SignedClient
from wakeproxy.aws.signed.connections import Connections, Patience
from wakeproxy.aws.signed.credentials import (
    Credentials,
    FetchedKeys,
    GivenKeys,
    NoKeys,
    container_endpoint,
    fetch_container_keys,
    find_keys,
)
from wakeproxy.aws.signed.endpoints import find_endpoint, parse_endpoint
from wakeproxy.aws.signed.services import CLOUDWATCH, DYNAMODB, EC2, ECS, SCALING, STS, TAGGING, ServiceApi
from wakeproxy.aws.signed.signature import Keys
from wakeproxy.errors import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

# The same as the client library's clients are given (`aws.clients`), for the same reasons.
_PATIENCE: Final = Patience(connect=3, silence=10)
_IN_HASTE: Final = Patience(connect=1, silence=1)


@asynccontextmanager
async def open_signed_clients(
    access: Access, environ: Mapping[str, str], *, clock: Callable[[], datetime]
) -> AsyncIterator[Clients]:
    """Open all clients; they close when the context ends.

    Args:
        access: as the client library's opener takes it; there are no profiles here, for there are no files.
        environ: where keys, endpoints and a bundle of certificates (``AWS_CA_BUNDLE``) are looked for.
        clock: the time in UTC, which signatures are dated by.

    Raises:
        AccessDeniedError: a profile is asked for, or there is nobody to assume the role.
    """
    if access.profile:
        raise AccessDeniedError(
            f"AWS credentials cannot be used: there is no profile {access.profile} where no files are. "
            "Remove aws.profile, and give the function a role."
        )
    opening = _Opening(access, environ, clock)
    try:
        yield opening.clients()
    finally:
        opening.close()


class _Opening:
    """What the clients of one process share."""

    def __init__(self, access: Access, environ: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        self._access = access
        self._environ = environ
        self._clock = clock
        self._trust = cache(partial(ssl.create_default_context, cafile=environ.get("AWS_CA_BUNDLE") or None))
        self._opened: list[Connections] = []
        self._calls = Calls(Pace(access.share))

    def close(self) -> None:
        """End all connections."""
        for each in self._opened:
            each.close()

    def clients(self) -> Clients:
        """Make the clients."""
        try:
            credentials = self._credentials()
        except CredentialsError as error:
            raise AccessDeniedError(f"AWS credentials cannot be used: {error}.") from error

        def open_one(api: ServiceApi, patience: Patience = _PATIENCE) -> Any:
            return self._open(api, credentials, patience)

        async def open_later(api: ServiceApi) -> Any:
            return open_one(api)

        return Clients(
            ecs=open_one(ECS),
            ec2=open_one(EC2),
            scaling=open_one(SCALING),
            cloudwatch=Lazy(partial(open_later, CLOUDWATCH)),
            tagging=Lazy(partial(open_later, TAGGING)),
            calls=self._calls,
            dynamodb=open_one(DYNAMODB, _IN_HASTE) if self._access.has_dynamodb else None,
        )

    def _open(self, api: ServiceApi, credentials: Credentials, patience: Patience) -> SignedClient:
        region = self._access.region
        if self._access.endpoint_url:
            endpoint = parse_endpoint(self._access.endpoint_url, named="aws.endpoint_url")
        else:
            service = api.id.upper().replace("-", "_")
            endpoint = find_endpoint(api.host, region=region, environ=self._environ, service=service)
        connections = Connections(endpoint, patience, self._trust)
        self._opened.append(connections)
        return SignedClient(api, region, connections, Caller(credentials, self._calls, self._clock))

    def _credentials(self) -> Credentials:
        role = self._access.role_arn
        own = self._own_credentials()
        if not role:
            return own
        if isinstance(own, NoKeys):
            raise AccessDeniedError(
                f"There are no AWS credentials to assume {role} with; set them, or no aws.role_arn."
            )
        return FetchedKeys(partial(_assume, self._open(STS, own, _PATIENCE), role), self._clock)

    def _own_credentials(self) -> Credentials:
        if self._access.takes_any_keys:
            return GivenKeys(Keys("sandbox", "sandbox"))
        if keys := find_keys(self._environ):
            return GivenKeys(keys)
        if place := container_endpoint(self._environ):
            connections = Connections(place, _PATIENCE, self._trust)
            self._opened.append(connections)
            return FetchedKeys(partial(fetch_container_keys, connections, self._environ), self._clock)
        return NoKeys()


async def _assume(sts: SignedClient, role_arn: str) -> Keys:
    """Fetch the keys of a role."""
    told = (await sts.assume_role(RoleArn=role_arn, RoleSessionName="wakeproxy"))["Credentials"]
    return Keys(told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"], told["Expiration"])
