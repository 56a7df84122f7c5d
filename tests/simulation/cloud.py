"""A model of ECS: what is true, what is seen of it, and what reaches it late or twice; and the apps in its tasks."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from tests.fakes import Course, FakeEcsService, FakeTask, clock
from tests.simulation.scene import Called, Calling, Failed, Landed, Scene
from tests.simulation.weather import Member, Weather
from wakeproxy.core.observation import Endpoint, Observation
from wakeproxy.core.service import EcsService, Ready
from wakeproxy.errors import FleetError
from wakeproxy.ports import Look

DRAINS_FOR: Final = 2.0
"""Seconds in which a task that was told to stop finishes what it has begun."""

_A_MOMENT: Final = 0.0005
_FORGETS_AFTER = timedelta(seconds=20)


class Cloud:
    """The services as they truly are, and who is connected to their tasks."""

    def __init__(self, scene: Scene, services: Iterable[EcsService], course: Course) -> None:
        self.scene = scene
        self.services = {ecs: FakeEcsService(ecs, course) for ecs in services}
        self._connections: dict[str, list[asyncio.Future[bool]]] = {}

    def land(self, by: str, ecs: EcsService, count: int) -> None:
        """Carry out a call of ``UpdateService``."""
        service = self.services[ecs]
        before = service.desired
        service.asked.append((clock(), count))
        wanted = [task for task in service.tasks if task.is_wanted(clock())]
        service.pass_time(clock())
        for task in wanted:
            if task.told_to_stop_at is not None:
                self.scene.later(DRAINS_FOR, self._break, task.arn)
        self.scene.emit(Landed(by, ecs, before, count))

    def describe(self, look: Look, *, lag: timedelta, seen_at: datetime) -> Observation:
        """Say what ECS says of a service: all of it as it was ``lag`` ago."""
        service, then = self.services[look.ecs], clock() - lag
        service.pass_time(clock())
        tasks = [_as_of(task, then) for task in service.tasks if task.made_at <= then and not _is_forgotten(task, then)]
        seen = FakeEcsService(look.ecs, asked=service.asked, tasks=tasks).describe(then, lag=timedelta())
        is_wanted = look.tasks and seen.desired > 0
        return replace(seen, seen_at=seen_at, tasks=seen.tasks if is_wanted else ())

    def listens(self, endpoint: Endpoint) -> bool:
        """Whether a task accepts connections."""
        return any(
            task.listens(clock())
            for service in self.services.values()
            for task in service.tasks
            if task.arn == endpoint.task
        )

    def connect(self, endpoint: Endpoint, *, lasts: float) -> asyncio.Future[bool]:
        """Have a request answered, which takes so long; ``False`` when the task ends before."""
        answer: asyncio.Future[bool] = self.scene.loop.create_future()
        self._connections.setdefault(endpoint.task, []).append(answer)
        self.scene.later(lasts, _settle, answer, True)  # noqa: FBT003 - a callback's argument
        return answer

    def _break(self, task: str) -> None:
        for answer in self._connections.pop(task, ()):
            _settle(answer, is_whole=False)


def _settle(answer: asyncio.Future[bool], is_whole: bool) -> None:  # noqa: FBT001 - a callback's argument
    if not answer.done():
        answer.set_result(is_whole)


def _as_of(task: FakeTask, then: datetime) -> FakeTask:
    told_at = task.told_to_stop_at
    return replace(task, told_to_stop_at=None) if told_at is not None and told_at > then else task


def _is_forgotten(task: FakeTask, then: datetime) -> bool:
    """Whether ECS tells nothing of a task any more, for it stopped long ago."""
    return task.told_to_stop_at is not None and then - task.told_to_stop_at > _FORGETS_AFTER


class CloudFleet:
    """`Fleet` as one process has it."""

    def __init__(self, cloud: Cloud, weather: Weather, member: Member) -> None:
        self._cloud = cloud
        self._scene = cloud.scene
        self._weather = weather
        self._member = member

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        """Look at services, as they were a while ago."""

        def serve() -> Mapping[EcsService, Observation]:
            lag, seen_at = self._weather.lag(), self._member.clock()
            return {look.ecs: self._cloud.describe(look, lag=lag, seen_at=seen_at) for look in looks}

        return await self._scene.call(serve, self._weather.look_fate(self._member))

    async def scale(self, ecs: EcsService, *, desired_count: int) -> None:
        """Call ``UpdateService``."""
        by = self._member.name
        self._scene.emit(Calling(by, ecs, desired_count))
        await asyncio.sleep(_A_MOMENT)
        self._scene.emit(Called(by, ecs, desired_count))
        fate = self._weather.scale_fate(self._member)

        def serve() -> None:
            if fate.arrives:
                self._cloud.land(by, ecs, desired_count)

        try:
            await self._scene.call(serve, fate)
        except FleetError as error:
            self._scene.emit(Failed(by, f"UpdateService({desired_count}) of {ecs}", str(error)))
            raise

    async def protected_until(self, observations: Sequence[Observation]) -> Mapping[EcsService, datetime]:
        """Nothing is protected."""
        del observations
        return await self._scene.call(dict, self._weather.look_fate(self._member))

    def patient(self) -> "CloudFleet":
        """Calls of both kinds fare alike."""
        return self

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for as long as the weather has it."""
        return self._turn()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        await asyncio.sleep(self._weather.turn())
        yield


class CloudProber:
    """`Prober` as one process has it."""

    def __init__(self, cloud: Cloud, member: Member) -> None:
        self._cloud = cloud
        self._member = member

    async def probe(self, endpoint: Endpoint, *, scheme: str, ready: Ready) -> bool:
        """Ask an app, if it can be reached."""
        del scheme
        if self._cloud.scene.loop.time() < self._member.apps_lost_until:
            await asyncio.sleep(ready.timeout.total_seconds())
            return False
        await asyncio.sleep(0.002)
        return self._cloud.listens(endpoint)
