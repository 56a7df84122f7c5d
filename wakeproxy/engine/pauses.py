"""Long lists, gone through with pauses in which whoever waits in the loop has its turn, visitors above all."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

_Item = TypeVar("_Item")

_AT_A_TIME: Final = 50
"""Services that are judged within a millisecond or two."""


async def with_pauses(items: Iterable[_Item]) -> AsyncIterator[_Item]:
    """Go through items, each of which takes some ten microseconds, and let others have their turn now and then."""
    for number, item in enumerate(items, start=1):
        yield item
        if not number % _AT_A_TIME:
            await asyncio.sleep(0)
