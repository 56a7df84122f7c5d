"""A model of the ledger that processes share: its truth in memory, each call at the mercy of the weather."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from tests.fakes import MemoryLedger
from tests.simulation.scene import Claiming, Scene, Wrote
from tests.simulation.weather import Member, Weather
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import PastWake, Record, Use

_T = TypeVar("_T")


class Shelf:
    """`Ledger` as one process has it."""

    def __init__(self, scene: Scene, truth: MemoryLedger, weather: Weather, member: Member) -> None:
        self._scene = scene
        self._truth = truth
        self._weather = weather
        self._member = member

    async def read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        """Read records, as they are when the call arrives."""
        return await self._call(lambda: self._truth.read(names))

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Compare and set."""
        self._scene.emit(Claiming(self._member.name, name, after))
        return await self._call(lambda: self._truth.swap(name, before, after), name)

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Tell of a use."""
        return await self._call(lambda: self._truth.note_use(name, use), name)

    async def note_ready(self, name: ServiceName, generation: int, tasks: tuple[str, ...]) -> Record:
        """Tell of tasks."""
        return await self._call(lambda: self._truth.note_ready(name, generation, tasks), name)

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        """Write history."""
        await self._call(lambda: self._truth.add_wake(name, wake))

    async def wakes(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Sequence[PastWake]]:
        """Read history."""
        return await self._call(lambda: self._truth.wakes(names))

    async def close(self) -> None:
        """Nothing was opened."""

    async def _call(self, work: Callable[[], Coroutine[Any, Any, _T]], name: ServiceName | None = None) -> _T:
        """Have a call carried out when it arrives, if it does; ``name`` is of what it may write."""

        def serve() -> _T:
            before = self._truth.records.get(name, Record()) if name else None
            result = _finish(work())
            if name is not None and before is not None:
                after = self._truth.records.get(name, Record())
                if after != before:
                    self._scene.emit(Wrote(self._member.name, name, before, after))
            return result

        return await self._scene.call(serve, self._weather.ledger_fate(self._member))


def _finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Run to its end what waits for nothing but its turn."""
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        found: _T = end.value
        return found
