"""A task's life, stage by stage, as on Fargate. The only place where a task's lastStatus changes.

    PROVISIONING -> PENDING -> ACTIVATING -> RUNNING -> DEACTIVATING -> STOPPING -> DEPROVISIONING -> STOPPED

A task that is stopped before its containers started goes straight to DEPROVISIONING.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.fargate.container import TASK_MARK, Reports, RunningContainer
from wakeproxy.sandbox.fargate.images import digest_of, pull_error
from wakeproxy.sandbox.fargate.logs import MissingLogGroupError
from wakeproxy.sandbox.fargate.order import Verdict, judge_start
from wakeproxy.sandbox.fargate.platform import Platform
from wakeproxy.sandbox.fargate.secrets import MissingSecretError, read_secrets
from wakeproxy.sandbox.faults import FaultKind
from wakeproxy.sandbox.model.task import Status, Task
from wakeproxy.sandbox.processes.guardian import kill_marked

if TYPE_CHECKING:
    from wakeproxy.sandbox.timeline import Timer

ENI_TIMEOUT = "Timeout waiting for network interface provisioning to complete."
RETIRED = "ECS is performing maintenance on the underlying infrastructure hosting the task."
ESSENTIAL_EXITED = "Essential container in task exited"


@dataclass(frozen=True, slots=True)
class Watchers:
    """Whom a task tells what; each is called on the timeline."""

    changed: Callable[[Task], None]
    """Its status or health changed."""
    running: Callable[[Task], None]
    deactivating: Callable[[Task], None]


class Life:
    """One task, from PROVISIONING to STOPPED."""

    def __init__(self, platform: Platform, task: Task, watchers: Watchers) -> None:
        self.task = task
        self._platform, self._watchers = platform, watchers
        self._timings = platform.timings
        reports = Reports(exited=self._container_exited, health_changed=self._health_changed)
        self.containers = [RunningContainer(platform, task, each, reports) for each in task.containers]
        self._secrets: dict[str, dict[str, str]] = {}
        self._timer: Timer | None = None

    def begin(self) -> None:
        """Enter PROVISIONING."""
        self._enter(Status.PROVISIONING)
        self._next(self._timings.provisioning, self._attach)

    def stop(self, code: str, reason: str) -> None:
        """Stop the task for a reason; the first one counts."""
        if not self.task.is_live:
            return
        self.task.desired_status, self.task.stop_code, self.task.stopped_reason = "STOPPED", code, reason
        self.task.times["stoppingAt"] = epoch()
        self._watchers.changed(self.task)
        has_begun = self.task.last_status in {Status.ACTIVATING, Status.RUNNING}
        self._next(self._timings.notice, self._deactivate if has_begun else self._end_containers)

    def kill(self) -> None:
        """Take the essential containers away without warning, as a failing machine would."""
        for each in self.containers:
            if each.state.is_essential:
                each.kill()

    def _attach(self) -> None:
        if self._fault(FaultKind.ENI_TIMEOUT):
            self.stop("TaskFailedToStart", ENI_TIMEOUT)
            return
        if self.task.interface is not None:
            is_denied = self.task.interface.wants_public_ip and self._fault(FaultKind.NO_PUBLIC_IP)
            wants = self.task.interface.wants_public_ip and not is_denied
            self._platform.network.attach(self.task, with_public_ip=wants)
        self.task.times["connectivityAt"] = self.task.times["pullStartedAt"] = epoch()
        self._enter(Status.PENDING)
        self._next(self._timings.pull, self._pulled)

    def _pulled(self) -> None:
        if error := self._pull_error():
            self.stop("TaskFailedToStart", error)
            return
        self.task.times["pullStoppedAt"] = epoch()
        for each in self.task.containers:
            each.image_digest = digest_of(each.definition["image"])
        self._platform.errands.run(self._prepare)

    def _pull_error(self) -> str | None:
        if fault := self._platform.faults.take_for_task(FaultKind.PULL_ERROR, self.task.target):
            return self._blame(
                self.containers[0], pull_error(self.task.containers[0].definition["image"], fault.message)
            )
        for each in self.containers:
            if each.command_line() is None:
                return self._blame(each, pull_error(each.state.definition["image"]))
        return None

    @staticmethod
    def _blame(container: RunningContainer, reason: str) -> str:
        container.state.reason = reason
        return reason

    def _prepare(self) -> None:
        """Get secrets and log streams ready; an errand, for both ask other services."""
        try:
            for each in self.containers:
                secrets = each.state.definition.get("secrets") or []
                self._secrets[each.state.name] = read_secrets(self._platform.moto, self.task.region, secrets)
                each.log.open()
        except (MissingSecretError, MissingLogGroupError) as error:
            reason = str(error)
            self._platform.timeline.post(lambda: self.stop("TaskFailedToStart", reason))
        else:
            self._platform.timeline.post(self._start_containers)

    def _start_containers(self) -> None:
        """Start every container whose dependencies are met; ACTIVATING once all have started."""
        for each in self.containers:
            if self.task.is_live and not each.sight().has_started:
                self._start_if_due(each)
        has_all = all(each.sight().has_started for each in self.containers)
        if self.task.is_live and self.task.last_status is Status.PENDING and has_all:
            self._enter(Status.ACTIVATING)
            self._platform.network.open(self.task)
            self._next(self._timings.activating, self._run)

    def _start_if_due(self, container: RunningContainer) -> None:
        match self._judge(container):
            case Verdict.GO:
                self._start(container)
            case Verdict.NEVER:
                self.stop("TaskFailedToStart", "Task failed to start")
            case Verdict.WAIT:
                pass

    def _judge(self, container: RunningContainer) -> Verdict:
        sights = {each.state.name: each.sight() for each in self.containers}
        return judge_start(container.state.definition.get("dependsOn") or [], sights)

    def _start(self, container: RunningContainer) -> None:
        try:
            container.start(self._secrets[container.state.name])
        except OSError as error:
            reason = f"CannotStartContainerError: failed to start container process: {error.filename}: {error.strerror}"
            self.stop("TaskFailedToStart", self._blame(container, reason))

    def _run(self) -> None:
        self.task.times["startedAt"] = epoch()
        self._enter(Status.RUNNING)
        self._watchers.running(self.task)
        if fault := self._platform.faults.take_for_task(FaultKind.REPLACE, self.task.target):
            self._next(fault.seconds, lambda: self.stop("TerminationNotice", RETIRED))

    def _container_exited(self) -> None:
        if self.task.is_live:
            if any(each.state.is_essential and each.state.exit_code is not None for each in self.containers):
                self.stop("EssentialContainerExited", ESSENTIAL_EXITED)
            else:
                self._start_containers()
        elif self.task.last_status in {Status.PENDING, Status.STOPPING}:
            self._end_containers()

    def _health_changed(self) -> None:
        self.task.version += 1
        self._watchers.changed(self.task)
        self._start_containers()

    def _deactivate(self) -> None:
        self._enter(Status.DEACTIVATING)
        self._watchers.deactivating(self.task)
        self._platform.network.close(self.task)
        self._next(self._timings.deactivating, self._stopping)

    def _stopping(self) -> None:
        self._enter(Status.STOPPING)
        self._end_containers()

    def _end_containers(self) -> None:
        """Stop containers in the reverse order of their dependencies; go on when none runs."""
        if "executionStoppedAt" in self.task.times:
            return
        running = [each for each in self.containers if each.is_running]
        needed = {need["containerName"] for each in running for need in each.state.definition.get("dependsOn") or []}
        for each in running:
            if each.state.name not in needed:
                each.stop()
        if not running:
            self.task.times["executionStoppedAt"] = epoch()
            for container in self.task.containers:
                container.last_status = "STOPPED"
            self._enter(Status.DEPROVISIONING)
            self._next(self._timings.deprovisioning, self._end)

    def _end(self) -> None:
        self._platform.network.detach(self.task)
        self.task.times["stoppedAt"] = epoch()
        mark = f"{TASK_MARK}={self.task.id}"
        self._platform.errands.run(lambda: kill_marked(mark))
        self._enter(Status.STOPPED)

    def _fault(self, kind: FaultKind) -> bool:
        return self._platform.faults.take_for_task(kind, self.task.target) is not None

    def _enter(self, status: Status) -> None:
        self.task.last_status = status
        self.task.version += 1
        self._platform.announcer.task_changed(self.task)
        self._watchers.changed(self.task)

    def _next(self, seconds: float, step: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._platform.timeline.after(seconds, step)
