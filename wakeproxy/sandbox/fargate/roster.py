"""Starts and ends tasks, for services and for RunTask, and remembers the lives of those under way."""

from collections.abc import Callable

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.fargate.life import Life, Watchers
from wakeproxy.sandbox.fargate.network import new_interface
from wakeproxy.sandbox.fargate.platform import Platform
from wakeproxy.sandbox.model.arns import arn, new_uuid
from wakeproxy.sandbox.model.region import Region
from wakeproxy.sandbox.model.render import render_task
from wakeproxy.sandbox.model.service import Service
from wakeproxy.sandbox.model.task import Container, Launch, Status, Task


class Roster:
    """All tasks that have not stopped."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._lives: dict[str, Life] = {}
        self._when_empty: Callable[[], None] | None = None

    def launch(self, region: Region, launch: Launch) -> Task:
        """Start a task of no service."""
        return self._begin(region, launch, Watchers(self._note, lambda _: None, lambda _: None))

    def launch_for(self, region: Region, service: Service, launch: Launch, changed: Callable[[Task], None]) -> Task:
        """Start a task of a service; `changed` hears of each change after it was noted."""
        announcer = self.platform.announcer

        def note(task: Task) -> None:
            if task.last_status is Status.STOPPED:
                service.tasks.remove(task)
            self._note(task)
            changed(task)

        watchers = Watchers(
            note, lambda task: announcer.register(service, task), lambda task: announcer.deregister(service, task)
        )
        task = self._begin(region, launch, watchers)
        service.tasks.append(task)
        return task

    def life(self, task: Task) -> Life | None:
        """The life of a task that has not stopped."""
        return self._lives.get(task.id)

    def stop(self, task: Task, code: str, reason: str) -> None:
        """Stop a task; harmless when it is stopping already."""
        if life := self.life(task):
            life.stop(code, reason)

    def stop_all(self, then: Callable[[], None]) -> None:
        """Kill every task's containers and call `then` once none is left."""
        self._when_empty = then
        for life in list(self._lives.values()):
            for container in life.containers:
                container.kill()
            life.stop("UserInitiated", "The sandbox stops")
        self._look_whether_empty()

    def _begin(self, region: Region, launch: Launch, watchers: Watchers) -> Task:
        task = Task(launch, region.name, dict(launch.tags))
        prefix = f"{launch.cluster.name}/{task.id}"
        task.containers = [
            Container(each, arn(region.name, "container", f"{prefix}/{new_uuid()}"))
            for each in launch.definition.containers
        ]
        if launch.network is not None and launch.definition.is_awsvpc:
            task.interface = new_interface(launch.network)
        region.tasks[task.id] = task
        region.forget_stopped(epoch())
        life = self._lives[task.id] = Life(self.platform, task, watchers)
        self.platform.timeline.after(0, life.begin)
        return task

    def _note(self, task: Task) -> None:
        task.past.append((self.platform.timeline.now(), render_task(task)))
        if task.last_status is Status.STOPPED:
            self._lives.pop(task.id, None)
            self._look_whether_empty()

    def _look_whether_empty(self) -> None:
        if self._when_empty is not None and not self._lives:
            self.platform.timeline.after(0, self._when_empty)
            self._when_empty = None
