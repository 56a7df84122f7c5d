"""The same deed for several services at once: one that fails keeps no other from its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from wakeproxy.cli.output import say
from wakeproxy.core.service import Service
from wakeproxy.errors import WakeproxyError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[_T]):
    """What became of one: a value or an error."""

    service: Service
    value: _T | None = None
    error: WakeproxyError | None = None


async def do_each(services: Sequence[Service], deed: Callable[[Service], Awaitable[_T]]) -> Sequence[Outcome[_T]]:
    """Do it for all; errors are told on stderr and kept."""
    return await asyncio.gather(*(_do(service, deed) for service in services))


async def _do(service: Service, deed: Callable[[Service], Awaitable[_T]]) -> Outcome[_T]:
    try:
        return Outcome(service, value=await deed(service))
    except WakeproxyError as error:
        say(f"{service.name}: {error}")
        return Outcome(service, error=error)


def list_failures(outcomes: Iterable[Outcome[_T]]) -> dict[str, str]:
    """Say of each that failed why."""
    return {one.service.name: str(one.error) for one in outcomes if one.error is not None}


def gravest(outcomes: Iterable[Outcome[_T]], *others: int) -> int:
    """Choose the exit status: the highest, which is the one that somebody must look into."""
    return max((*(one.error.exit_status for one in outcomes if one.error is not None), *others, 0))
