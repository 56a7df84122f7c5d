"""The calls of a rollout, made again where that is safe: one bad moment of AWS's must not end what takes minutes.

What AWS throttled it did not do, so it is always asked again. A call without an answer may have been carried out all
the same; it is made again only where doing it twice is as good as doing it once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from wakeproxy.aws.batches import each
from wakeproxy.aws.faults import is_unanswered
from wakeproxy.aws.pace import calling
from wakeproxy.errors import FleetError, ThrottledError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds before a call is made again; together as long as ECS takes to fill its slowest bucket (20 at 1 a second)."""

logger = logging.getLogger(__name__)


async def persist(call: Callable[[], Awaitable[_Result]], *, is_repeatable: bool = True) -> _Result:
    """Make a call until it is answered; its last error is raised.

    Args:
        call: what to do, with errors of ours; its calls to AWS are urgent, for somebody waits for the rollout.
        is_repeatable: whether it may be done twice.
    """
    with calling(is_urgent=True):
        for pause in _PAUSES:
            try:
                return await call()
            except FleetError as error:
                if not (isinstance(error, ThrottledError) or (is_repeatable and is_unanswered(error))):
                    raise
                logger.debug("it is tried again in %g s: %s", pause, error)
            await asyncio.sleep(pause)
        return await call()


async def persist_each(work: Callable[[_Item], Awaitable[_Result]], items: Iterable[_Item]) -> list[_Result]:
    """Do the work for every item, a few at a time, each until it is answered; results are in the items' order."""
    with calling(is_urgent=True):  # `each` leaves trying again to `persist`
        return await each(lambda item: persist(lambda: work(item)), items)
