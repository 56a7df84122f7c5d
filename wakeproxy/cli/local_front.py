"""What a front on this machine knows and nobody else: what is in flight, and which machines asked.

It is asked at the admin listener that the config names. Where none runs, or it wants another token, nothing is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import aiohttp

from wakeproxy.settings import AdminSettings, Listen, Settings

_WITHIN = aiohttp.ClientTimeout(total=1.0)
"""It answers in milliseconds, or is not there; somebody waits for a table meanwhile."""


@dataclass(frozen=True, slots=True)
class Known:
    """What it knows of one service."""

    in_flight: int
    ignored: Mapping[str, int]
    """Requests that were nobody's visit, by rule."""


async def ask_local_front(settings: Settings) -> Mapping[str, Known]:
    """Ask once; by service."""
    admin = settings.admin
    if admin is None or not admin.listen.port:
        return {}
    try:
        async with (
            aiohttp.ClientSession(timeout=_WITHIN, headers=_fields(admin)) as session,
            session.get(f"http://{_reach(admin.listen)}/api/services", allow_redirects=False) as answer,
        ):
            answer.raise_for_status()
            return {str(one["service"]): _read(one) for one in (await answer.json())["services"]}
    except (aiohttp.ClientError, TimeoutError, AttributeError, LookupError, TypeError, ValueError):
        return {}  # nobody listens there, or somebody else


def _read(told: Any) -> Known:
    return Known(int(told["in_flight"]), {str(rule): int(count) for rule, count in told["ignored"].items()})


def _fields(admin: AdminSettings) -> Mapping[str, str]:
    return {} if admin.token is None else {"Authorization": f"Bearer {admin.token}"}


def _reach(listen: Listen) -> Listen:
    """Say where a listener is reached from its own machine: one that listens everywhere, on loopback."""
    try:
        address = ip_address(listen.host)
    except ValueError:
        return listen
    loopback = "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004 - the version of IP
    return Listen(loopback, listen.port) if address.is_unspecified else listen
