"""The board: every service's sight, and who waits for it to change.

Looking is a dictionary access. Waiting costs one event per change, shared by all who wait, so ten thousand visitors
of one service are told by setting one event.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable

from wakeproxy.core.names import ServiceName
from wakeproxy.core.sight import Sight


class Board:
    """Keeps one sight per service and tells of changes."""

    def __init__(self, names: Iterable[ServiceName]) -> None:
        self.sights: dict[ServiceName, Sight] = {name: Sight(name) for name in names}
        self.waiting: Counter[ServiceName] = Counter()
        self._changes: dict[ServiceName, asyncio.Event] = {}
        self.on_change: list[Callable[[Sight], None]] = []
        """Are told of every change, at once."""

    def post(self, sight: Sight) -> None:
        """Replace a service's sight and tell everybody who waits for it."""
        if self.sights[sight.service] == sight:
            return
        self.sights[sight.service] = sight
        change = self._changes.pop(sight.service, None)
        if change is not None:
            change.set()
        for tell in self.on_change:
            tell(sight)

    async def changed(self, name: ServiceName) -> Sight:
        """Wait for the next change of a service's sight."""
        change = self._changes.setdefault(name, asyncio.Event())
        self.waiting[name] += 1
        try:
            await change.wait()
        finally:
            self.waiting[name] -= 1
        return self.sights[name]

    async def until(self, name: ServiceName, condition: Callable[[Sight], bool]) -> Sight:
        """Wait until a service's sight satisfies ``condition``; bound it with `asyncio.timeout`."""
        sight = self.sights[name]
        while not condition(sight):
            sight = await self.changed(name)
        return sight

    async def follow(self, name: ServiceName) -> AsyncIterator[Sight]:
        """Yield a service's sight, now and at every change; changes in quick succession may be seen as one."""
        sight = self.sights[name]
        while True:
            yield sight
            if self.sights[name] is sight:
                await self.changed(name)
            sight = self.sights[name]
