"""Visitors: a request at a front as `front.visitor` answers it, and somebody who comes again until he is served."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.simulation.members import HOLD_FOR, Front
from tests.simulation.scene import Scene, Told
from tests.simulation.virtual import WORLD
from wakeproxy.core.answers import may_retry
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint

_REFUSALS: Final = 4
_COMES_AGAIN_AFTER: Final = 1.0


class Outcome(StrEnum):
    """How one request ended."""

    SERVED = "is served"
    BROKEN = "is broken off by the app"
    GONE = "is told that the app is gone"
    FAILED = "is told that the wake failed"
    NOT_YET = "is told to wait"
    LOST = "loses the front"


@dataclass(slots=True)
class Use:
    """One request that counts as use, for as long as a front has it."""

    front: Front
    name: ServiceName
    began_at: float
    ended_at: float | None = None
    is_served: bool = False
    """The app has it; before, it is held."""


@dataclass(slots=True)
class Visitor:
    """Somebody who wants to be served."""

    number: int
    name: ServiceName
    came_at: float
    lasts: float
    served_at: float | None = None
    failed_at: float = 0.0
    """When a wake last failed that he waited for."""
    told_to_wait_until: float = 0.0
    """Before then, he was told, it is of no use to ask."""


@dataclass(slots=True)
class Visits:
    """All visitors of a schedule, and all uses they were."""

    scene: Scene
    uses: list[Use] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    _open: dict[Front, list[asyncio.Future[Outcome]]] = field(default_factory=dict)

    def lose(self, front: Front) -> None:
        """Break off all requests at a front that died."""
        now = self.scene.loop.time()
        for use in self.uses:
            if use.front is front and use.ended_at is None:
                use.ended_at = now
        for answer in self._open.pop(front, ()):
            if not answer.done():
                answer.set_result(Outcome.LOST)

    async def come(self, visitor: Visitor, choose: Callable[[], Front | None]) -> None:
        """Come, and come again until served."""
        while True:
            front = choose()
            outcome = Outcome.LOST if front is None else await self._request(front, visitor)
            self.scene.emit(Told(f"visitor {visitor.number}", f"{outcome} ({visitor.name})"))
            if outcome is Outcome.SERVED:
                visitor.served_at = self.scene.loop.time()
                return
            await asyncio.sleep(_COMES_AGAIN_AFTER)

    async def _request(self, front: Front, visitor: Visitor) -> Outcome:
        answer: asyncio.Future[Outcome] = self.scene.loop.create_future()
        self._open.setdefault(front, []).append(answer)
        self.scene.emit(Told(f"visitor {visitor.number}", f"asks {front.member.name} for {visitor.name}"))

        async def handle() -> None:
            outcome = await self._handle(front, visitor)
            if not answer.done():
                self.scene.loop.call_soon(answer.set_result, outcome, context=WORLD)

        front.process.start(handle())
        return await answer

    # In the front's process.

    async def _handle(self, front: Front, visitor: Visitor) -> Outcome:
        """Answer one request; `front.visitor.Visitor.answer` and what follows from it."""
        began, refusals, waker = self.scene.loop.time(), 0, front.engine.waker
        while True:
            sight = waker.look(visitor.name)
            if sight.phase is Phase.FAILED and not may_retry(sight, front.member.clock()):
                assert sight.retry_at is not None
                left = (sight.retry_at - front.member.clock()).total_seconds()
                visitor.told_to_wait_until = self.scene.loop.time() + left
                return Outcome.FAILED
            if sight.phase is not Phase.AWAKE:
                waker.ask(visitor.name)
                left = HOLD_FOR - (self.scene.loop.time() - began)
                outcome = await self._hold(front, visitor, left)
                if outcome is not None:
                    return outcome
                continue
            endpoint = self.scene.rng.choice(sight.endpoints)
            outcome = await self._pass_on(front, visitor, endpoint)
            if outcome is not Outcome.GONE:
                return outcome
            waker.refuse(visitor.name, endpoint)
            refusals += 1
            if refusals >= _REFUSALS:
                return outcome

    async def _hold(self, front: Front, visitor: Visitor, left: float) -> Outcome | None:
        use = self._begin(front, visitor.name)
        try:
            sight = await front.holds.wait(front.services[visitor.name], seconds=max(left, 0.0))
        finally:
            self._end(use)
        if sight is None:
            return Outcome.NOT_YET
        if sight.phase is not Phase.FAILED:
            return None
        visitor.failed_at = self.scene.loop.time()
        return Outcome.FAILED

    async def _pass_on(self, front: Front, visitor: Visitor, endpoint: Endpoint) -> Outcome:
        use = self._begin(front, visitor.name)
        try:
            await asyncio.sleep(0.001)
            is_cut_off = self.scene.loop.time() < front.member.apps_lost_until
            if is_cut_off or not front.cloud.listens(endpoint):
                return Outcome.GONE
            use.is_served = True
            if await front.cloud.connect(endpoint, lasts=visitor.lasts):
                return Outcome.SERVED
            front.engine.waker.look_again(visitor.name)
            return Outcome.BROKEN
        finally:
            self._end(use)

    def _begin(self, front: Front, name: ServiceName) -> Use:
        use = Use(front, name, self.scene.loop.time())
        self.uses.append(use)
        front.traffic.begin(name)
        return use

    def _end(self, use: Use) -> None:
        if use.ended_at is None:
            use.ended_at = self.scene.loop.time()
        use.front.traffic.end(use.name)
