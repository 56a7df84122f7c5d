"""The watcher: looks at AWS for everybody, in batches, quickly at what wakes and slowly at the rest.

How often AWS is asked depends on the services and their phases, never on how many wait. One watcher per cluster, so
that a cluster that cannot be read hides no other.

Looks are of two kinds. What wakes, and what somebody poked at, is looked at for somebody who waits; all else is
routine, some services after the others, with calls that let those of wakes go first. So however many services there
are, and however long the routine takes, a wake is looked at in time.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, assert_never

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.service import Service
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.waker import Waker
from wakeproxy.errors import FleetError, ThrottledError
from wakeproxy.ports import Fleet, Look

logger = logging.getLogger(__name__)

_SLOWEST = 16.0
_BEATS = 8
"""Looks fall on so many beats of a phase's pace, for one call looks at ten services: those that drifted apart meet
again, and a large fleet is still not asked about all at once."""
_GRAIN = 0.001
"""A timer may fire a moment before the instant it was set for; what is due within a millisecond is due."""
_ROUTINE: Final = 160
"""Services of one routine look: as many as sixteen calls tell of, a second's worth at AWS's rates."""
_AT_REST_A_SECOND: Final = 90
"""Services asleep that are looked at in a second, at most, all clusters together: AWS tells of 200 (20 calls of ten),
and a sweep wants its part."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How long after a look the next one follows, by phase."""

    waking: timedelta = timedelta(milliseconds=500)
    awake: timedelta = timedelta(seconds=15)
    asleep: timedelta = timedelta(seconds=30)

    def stretched(self, services: int) -> "Cadence":
        """Look at what is asleep as seldom as AWS's rates ask for when there are so many services."""
        return replace(self, asleep=max(self.asleep, timedelta(seconds=services / _AT_REST_A_SECOND)))

    def after(self, phase: Phase) -> float:
        """Seconds to the next look at a service in ``phase``."""
        match phase:
            case Phase.WAKING | Phase.DRAINING:
                return self.waking.total_seconds()
            case Phase.AWAKE:
                return self.awake.total_seconds()
            case Phase.ASLEEP | Phase.FAILED:
                return self.asleep.total_seconds()
            case _:
                assert_never(phase)


class Watcher:
    """Looks at one cluster's services, each when it is due or when somebody pokes."""

    def __init__(self, services: Iterable[Service], *, fleet: Fleet, waker: Waker, cadence: Cadence) -> None:
        self._services = {service.name: service for service in services}
        self._fleet = fleet
        self._patient = fleet.patient()
        self._waker = waker
        self._cadence = cadence
        self._due_at: dict[ServiceName, float] = dict.fromkeys(self._services, 0.0)
        self._looked_at: dict[ServiceName, float] = dict.fromkeys(self._services, float("-inf"))
        self._poked: set[ServiceName] = set()
        self._moved = asyncio.Event()
        """Something is due earlier than it was, or the routine has time again."""
        self._routine = Tasks("watcher")
        self._is_busy = False
        """A routine look is under way."""
        self._slowness = 1.0
        self.error: FleetError | None = None
        """Why AWS could not be asked the last time; ``None`` when it answered."""

    def replace(self, services: Iterable[Service], cadence: Cadence) -> None:
        """Look at these services from now on; those that are new, or looked at in another way, at once."""
        self._cadence = cadence
        before, self._services = self._services, {service.name: service for service in services}
        stays = {name for name, one in self._services.items() if name in before and _is_same_look(one, before[name])}
        self._due_at = {name: self._due_at[name] if name in stays else 0.0 for name in self._services}
        self._looked_at = {name: self._looked_at.get(name, float("-inf")) for name in self._services}
        self._poked &= self._services.keys()
        self._moved.set()

    def poke(self, name: ServiceName) -> None:
        """Look at a service at once, or as soon as its last look is as old as a wake's looks are apart.

        Nobody who pokes, and be it for every refused request, makes AWS be asked more often than a wake does.
        """
        self._poked.add(name)
        due_at = self._looked_at[name] + self._pace(Phase.WAKING)
        if due_at < self._due_at[name]:
            self._due_at[name] = due_at
            self._moved.set()

    async def turn(self) -> None:
        """Wait until something is due, then look at all that somebody waits for; the rest is begun beside it."""
        loop = asyncio.get_running_loop()
        try:
            await self._wait(self._next_at() - loop.time())
            until = loop.time() + _GRAIN
            due = sorted((at, name) for name, at in self._due_at.items() if at <= until)
            urgent = [self._services[name] for _, name in due if self._is_urgent(name)]
            routine = [self._services[name] for _, name in due if not self._is_urgent(name)]
            if routine and not self._is_busy:
                self._is_busy = True
                self._routine.start(self._stroll(routine[:_ROUTINE]), name="routine")
            if urgent:
                await self._look(urgent, self._fleet)
        except asyncio.CancelledError:
            await self._routine.stop()
            raise

    async def _stroll(self, due: list[Service]) -> None:
        try:
            await self._look(due, self._patient)
        finally:
            self._is_busy = False
            self._moved.set()

    def _is_urgent(self, name: ServiceName) -> bool:
        return name in self._poked or self._waker.look(name).phase is Phase.WAKING

    def _next_at(self) -> float:
        """When the next look is due; while the routine is at work, only what is urgent counts."""
        found = float("inf")
        for name, at in self._due_at.items():
            if at < found and (not self._is_busy or self._is_urgent(name)):  # the cheap question first: there are many
                found = at
        return found

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await self._moved.wait()
        self._moved.clear()

    async def _look(self, due: list[Service], fleet: Fleet) -> None:
        began = asyncio.get_running_loop().time()
        for service in due:
            self._due_at[service.name], self._looked_at[service.name] = float("inf"), began
            self._poked.discard(service.name)
        try:
            seen = await fleet.observe([Look(service.ecs, service.address) for service in due])
        except FleetError as error:
            self._fail(self._latest(due, began), error)
        else:
            self.error, self._slowness = None, max(self._slowness / 2, 1.0)
            for service in self._latest(due, began):
                self._waker.see(service.name, seen[service.ecs])
        finally:
            self._set_due(self._latest(due, began), began)

    def _latest(self, due: Iterable[Service], began: float) -> list[Service]:
        """Those looked at that were neither replaced nor looked at anew meanwhile."""
        now = self._services
        return [
            service
            for service in due
            if self._looked_at.get(service.name) == began
            and service.name in now
            and _is_same_look(service, now[service.name])
        ]

    def _set_due(self, due: Iterable[Service], began: float) -> None:
        """Say when to look next, unless somebody poked during the look."""
        for service in due:
            pace = self._pace(self._waker.look(service.name).phase)
            beat = pace / _BEATS
            next_at = round((began + pace) / beat) * beat
            self._due_at[service.name] = min(self._due_at[service.name], next_at)

    def _pace(self, phase: Phase) -> float:
        return self._cadence.after(phase) * self._slowness

    def _fail(self, due: list[Service], error: FleetError) -> None:
        if type(error) is not type(self.error):
            logger.warning("cannot look at %d services: %s", len(due), error)
        self.error = error
        if isinstance(error, ThrottledError):
            self._slowness = min(self._slowness * 2, _SLOWEST)
        for service in due:
            self._waker.fail_to_see(service.name, error)


def _is_same_look(one: Service, other: Service) -> bool:
    return (one.ecs, one.address) == (other.ecs, other.address)
