"""Who calls: keys from the environment, as a Lambda has them, or fetched and renewed.

A Lambda that was restored from a snapshot (SnapStart), as well as a task on ECS, is given an address to fetch its keys
from instead ("Container credential provider" in the AWS SDKs and tools reference).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final, Protocol

from wakeproxy.aws.errors import ApiError, CallError, CredentialsError
from wakeproxy.aws.signed.connections import Connections
from wakeproxy.aws.signed.endpoints import Endpoint, parse_endpoint
from wakeproxy.aws.signed.signature import Keys

FULL_URI: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
RELATIVE_URI: Final = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
_CONTAINER_HOST: Final = "169.254.170.2"
_ALLOWED: Final = frozenset({_CONTAINER_HOST, "169.254.170.23", "fd00:ec2::23", "localhost"})
"""Where keys may be fetched from without TLS, besides this machine's own addresses."""
_RENEWED_BEFORE: Final = timedelta(minutes=5)
_OK: Final = 200


class Credentials(Protocol):
    """Somebody's keys."""

    async def get(self) -> Keys:
        """Find the keys to sign with now.

        Raises:
            CredentialsError: there are none.
        """
        ...


class GivenKeys:
    """Keys that are known."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def get(self) -> Keys:
        """Give them."""
        return self._keys


class NoKeys:
    """Nobody's."""

    async def get(self) -> Keys:
        """Say what is missing."""
        raise CredentialsError(f"neither AWS_ACCESS_KEY_ID nor {FULL_URI} is in the environment")


class FetchedKeys:
    """Keys that are fetched when first needed, and again before they expire."""

    def __init__(self, fetch: Callable[[], Awaitable[Keys]], clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetching = asyncio.Lock()
        self._keys: Keys | None = None

    async def get(self) -> Keys:
        """Give those that are there, or fetch them; keys that cannot be renewed are used as long as they last."""
        async with self._fetching:
            if self._keys is None or self._ends_within(self._keys, _RENEWED_BEFORE):
                try:
                    self._keys = await self._fetch()
                except (CallError, ApiError):
                    if self._keys is None or self._ends_within(self._keys, timedelta()):
                        raise
            return self._keys

    def _ends_within(self, keys: Keys, span: timedelta) -> bool:
        return keys.expires_at is not None and keys.expires_at - self._clock() <= span


def find_keys(environ: Mapping[str, str]) -> Keys | None:
    """Read keys off the environment; ``None`` where there are none.

    Raises:
        CredentialsError: there is half of one.
    """
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key:
        return None
    if not secret:
        raise CredentialsError("AWS_ACCESS_KEY_ID is in the environment without AWS_SECRET_ACCESS_KEY")
    return Keys(key, secret, environ.get("AWS_SESSION_TOKEN") or None)


def container_endpoint(environ: Mapping[str, str]) -> Endpoint | None:
    """Say where keys are fetched from; ``None`` where nothing names a place.

    Raises:
        CredentialsError: it is a place where they would not be safe.
    """
    if path := environ.get(RELATIVE_URI):
        return Endpoint("http", _CONTAINER_HOST, 80, path)
    if not (url := environ.get(FULL_URI)):
        return None
    place = parse_endpoint(url, named=FULL_URI)
    if place.scheme == "https" or place.host in _ALLOWED or _is_loopback(place.host):
        return place
    raise CredentialsError(f"{FULL_URI} names {place.host}, which is neither this machine nor a container's host")


async def fetch_container_keys(connections: Connections, environ: Mapping[str, str]) -> Keys:
    """Fetch keys from where `container_endpoint` says.

    Raises:
        CredentialsError: there were none to be had.
    """
    headers = {"host": connections.endpoint.authority, "accept": "application/json"}
    if token := environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
        if not token.isprintable():
            raise CredentialsError("AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line end")
        headers["authorization"] = token
    try:
        answer = await connections.ask("GET", headers)
    except CallError as error:
        raise CredentialsError(f"keys cannot be fetched: {error}") from error
    if answer.status != _OK:
        raise CredentialsError(f"keys cannot be fetched: {connections.endpoint.authority} answers {answer.status}")
    try:
        told: Mapping[str, Any] = json.loads(answer.body)
        ends = datetime.fromisoformat(told["Expiration"]) if told.get("Expiration") else None
        return Keys(told["AccessKeyId"], told["SecretAccessKey"], told.get("Token"), ends)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CredentialsError(f"what {connections.endpoint.authority} answers are no keys") from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
