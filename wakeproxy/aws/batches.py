"""Much work in small pieces, a few at once: what a thousand calls need beside the thousand calls of others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from wakeproxy.aws.pace import is_urgent
from wakeproxy.core.pieces import batched
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError

__all__ = ["AT_ONCE", "SERVICES_A_CALL", "VALUES_A_FILTER", "batched", "each"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

AT_ONCE: Final = 16
"""As many as keep AWS's rates busy at its slowest (20 a second, each within half a second). More would only wait, in
front of those who come later and want less."""

SERVICES_A_CALL: Final = 10
"""The most that ``DescribeServices`` takes (API reference of ECS)."""

VALUES_A_FILTER: Final = 200
"""The most values that one filter takes (API reference of EC2)."""

_PAUSES: Final = (0.5, 2.0)
"""Seconds before a patient call is made again."""

logger = logging.getLogger(__name__)


async def each(work: Callable[[_Item], Awaitable[_Result]], items: Iterable[_Item]) -> list[_Result]:
    """Do the work for every item, a few at a time; results are in the items' order.

    The first that fails for good ends the others, and its error is raised. Where nobody waits, what may pass is tried
    again: of a thousand calls one fails now and then, and must not cost the others.
    """
    places = asyncio.Semaphore(AT_ONCE)
    pauses = () if is_urgent() else _PAUSES

    async def do(item: _Item) -> _Result:
        async with places:
            for pause in pauses:
                try:
                    return await work(item)
                except (AccessDeniedError, ServiceGoneError):
                    raise
                except FleetError as error:
                    logger.debug("it is tried again in %g s: %s", pause, error)
                await asyncio.sleep(pause)
            return await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(do(item)) for item in items]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from failed.exceptions[0].__cause__
    return [task.result() for task in running]
