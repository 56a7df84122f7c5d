"""The board: every service's sight, and who waits for it to change.

Looking is a dictionary access. Waiting costs one event per change, shared by all who wait, so ten thousand visitors
of one service are told by setting one event.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable

from wakeproxy.core.names import ServiceName
from wakeproxy.core.sight import Sight
from wakeproxy.errors import UnknownServiceError


class _Sights(dict[ServiceName, Sight]):
    """By name; a service that was removed sleeps, as far as a request that is under way to it is concerned."""

    def __missing__(self, name: ServiceName) -> Sight:
        return Sight(name)


class Board:
    """Keeps one sight per service and tells of changes."""

    def __init__(self, names: Iterable[ServiceName]) -> None:
        self.sights: dict[ServiceName, Sight] = _Sights()
        self.waiting: Counter[ServiceName] = Counter()
        self._changes: dict[ServiceName, asyncio.Event] = {}
        self._lives: dict[ServiceName, object] = {}
        """Tells a service from a later one of the same name."""
        self.on_change: list[Callable[[Sight], None]] = []
        """Are told of every change, at once."""
        for name in names:
            self.add(name)

    def add(self, name: ServiceName) -> None:
        """Keep another service's sight; it sleeps until something else is known."""
        self.sights[name] = Sight(name)
        self._lives[name] = object()

    def remove(self, name: ServiceName) -> None:
        """Forget a service, and tell everybody who waits for it."""
        del self.sights[name], self._lives[name]
        self._tell(name)

    def post(self, sight: Sight) -> None:
        """Replace a service's sight and tell everybody who waits for it; of one that was removed nothing is kept."""
        if sight.service not in self.sights or self.sights[sight.service] == sight:
            return
        self.sights[sight.service] = sight
        self._tell(sight.service)
        for tell in self.on_change:
            tell(sight)

    async def changed(self, name: ServiceName) -> Sight:
        """Wait for the next change of a service's sight.

        Raises:
            UnknownServiceError: the service was removed.
        """
        life = self._lives.get(name)
        if life is not None:
            await self._wait(name)
        if life is None or self._lives.get(name) is not life:
            raise UnknownServiceError(f"{name} is not served any more.")
        return self.sights[name]

    async def until(self, name: ServiceName, condition: Callable[[Sight], bool]) -> Sight:
        """Wait until a service's sight satisfies ``condition``; bound it with `asyncio.timeout`.

        Raises:
            UnknownServiceError: the service was removed.
        """
        sight = self.sights[name]
        while not condition(sight):
            sight = await self.changed(name)
        return sight

    async def follow(self, name: ServiceName) -> AsyncIterator[Sight]:
        """Yield a service's sight, now and at every change; changes in quick succession may be seen as one.

        Raises:
            UnknownServiceError: the service was removed.
        """
        sight = self.sights[name]
        while True:
            yield sight
            if self.sights[name] is sight:
                await self.changed(name)
            sight = self.sights[name]

    async def _wait(self, name: ServiceName) -> None:
        change = self._changes.setdefault(name, asyncio.Event())
        self.waiting[name] += 1
        try:
            await change.wait()
        finally:
            self.waiting[name] -= 1
            if not self.waiting[name]:
                del self.waiting[name]

    def _tell(self, name: ServiceName) -> None:
        change = self._changes.pop(name, None)
        if change is not None:
            change.set()
