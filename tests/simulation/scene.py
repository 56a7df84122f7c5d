"""What all of a schedule share: the loop, the dice, calls that go wrong, and the journal of what happened."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from tests.simulation.virtual import WORLD, VirtualLoop
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record
from wakeproxy.core.service import EcsService

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Calling:
    """Somebody is about to call ``UpdateService``, and may stop or die before he does."""

    by: str
    ecs: EcsService
    count: int


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody calls ``UpdateService``."""

    by: str
    ecs: EcsService
    count: int


@dataclass(frozen=True, slots=True)
class Landed:
    """A call of ``UpdateService`` was carried out, when it was made or late, the first time or again."""

    by: str
    ecs: EcsService
    before: int
    count: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A caller is told that his call failed, whatever became of it."""

    by: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Claiming:
    """Somebody asks the ledger to replace a record."""

    by: str
    name: ServiceName
    after: Record


@dataclass(frozen=True, slots=True)
class Wrote:
    """The ledger took a write."""

    by: str
    name: ServiceName
    before: Record
    after: Record


@dataclass(frozen=True, slots=True)
class Told:
    """Anything else worth reading in a trace."""

    by: str
    what: str


Event = Calling | Called | Landed | Failed | Claiming | Wrote | Told


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one call, in seconds after it was made."""

    arrives: tuple[float, ...]
    """When it is carried out: not at all, once, or again."""
    ends: float
    """When its caller hears of it."""
    error: Exception | None = None
    """What he hears, whatever came of it."""


class Scene:
    """One schedule's loop, dice and journal."""

    def __init__(self, seed: int) -> None:
        self.loop = VirtualLoop()
        self.rng = Random(seed)
        self.journal: list[tuple[float, Event]] = []
        self.listeners: list[Callable[[Event], None]] = []
        self.disturbed_at = 0.0
        """When the last thing went wrong, or will have."""
        self.violations: list[str] = []

    def emit(self, event: Event) -> None:
        """Write down what happens, and tell who listens."""
        self.journal.append((self.loop.time(), event))
        for listen in self.listeners:
            listen(event)

    def disturb(self, *, until: float = 0.0) -> None:
        """Take note that something is going wrong, until an instant."""
        self.disturbed_at = max(self.disturbed_at, until, self.loop.time())

    def accuse(self, violation: str) -> None:
        """Take note that a promise was broken, and end the schedule."""
        self.violations.append(f"{self.loop.time():.3f} s: {violation}")
        self.loop.halt()

    def later(self, seconds: float, do: Callable[..., object], *args: Any) -> None:
        """Do something after so many seconds, whoever is alive then."""
        self.loop.call_at(self.loop.time() + seconds, do, *args, context=WORLD)

    async def call(self, serve: Callable[[], _T], fate: Fate) -> _T:
        """Have a call carried out as fate has it.

        Raises:
            Exception: what fate says.
        """
        answer = self.loop.create_future()
        results: list[_T] = []

        def arrive() -> None:
            results.append(serve())

        def end() -> None:
            if answer.done():
                return
            if fate.error is not None:
                answer.set_exception(fate.error)
            else:
                answer.set_result(results[0] if results else serve())

        for seconds in fate.arrives:
            self.later(seconds, arrive)
        self.later(fate.ends, end)
        result: _T = await answer
        return result
