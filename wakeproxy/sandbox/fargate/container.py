"""One container of a task, running: its command line, its process, its health, its orderly end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wakeproxy.sandbox.fargate.health import HealthCheck, HealthPlan
from wakeproxy.sandbox.fargate.images import command_of
from wakeproxy.sandbox.fargate.logs import LogStream
from wakeproxy.sandbox.fargate.order import Sight
from wakeproxy.sandbox.fargate.platform import Platform
from wakeproxy.sandbox.faults import Fault, FaultKind
from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.model.task import Container, Task
from wakeproxy.sandbox.processes.process import Command, Process
from wakeproxy.sandbox.processes.shim import NO_COMPILER

if TYPE_CHECKING:
    from wakeproxy.sandbox.timeline import Timer

TASK_MARK = "WAKEPROXY_TASK"
"""The environment variable by which all processes of a task are found; its value is the task's id."""
STOP_TIMEOUT = 30
"""Seconds from SIGTERM to SIGKILL unless the container says otherwise (AWS)."""
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom a container tells what."""

    exited: Callable[[], None]
    health_changed: Callable[[], None]


class RunningContainer:
    """A container and what runs of it."""

    def __init__(self, platform: Platform, task: Task, container: Container, reports: Reports) -> None:
        self.state = container
        self.log = LogStream(platform.moto, platform.errands, task, container)
        self._platform, self._task, self._reports = platform, task, reports
        self._process: Process | None = None
        self._health: HealthCheck | None = None
        self._timers: list[Timer] = []
        self._forced_exit: tuple[int, str | None] | None = None
        self._is_stopping = False

    @property
    def pid(self) -> int | None:
        """The id of its first process while it runs."""
        return self._process.pid if self._process and self.is_running else None

    @property
    def is_running(self) -> bool:
        """Whether it has started and not ended."""
        return self._process is not None and self.state.exit_code is None

    def sight(self) -> Sight:
        """What containers that depend on it see."""
        return Sight(self._process is not None, self.state.exit_code, self.state.health)

    def command_line(self) -> list[str] | None:
        """Find what it runs; `None` when nothing says so."""
        return command_of(self.state.definition, self._override().get("command"), pull=self._platform.pull)

    def start(self, secrets: Mapping[str, str]) -> None:
        """Start the command.

        Raises:
            OSError: it cannot be run.

        """
        argv = self.command_line() or []
        command = Command(argv, self._environment(secrets), self._folder())
        if not self._platform.house.shim.can_move(argv[0]):
            self.log.write(f"{argv[0]}: {NO_COMPILER}")
        self._process = Process(self._platform.timeline, command, self.log.write)
        self._process.on_exit(self._exited)
        self.state.last_status = "RUNNING"
        self._begin_health(command)
        self._arm_faults()

    def stop(self) -> None:
        """SIGTERM now, SIGKILL after the stop timeout; harmless when it does not run."""
        if self._process is None or not self.is_running or self._is_stopping:
            return
        self._is_stopping = True
        self._close_health()
        self._process.terminate()
        patience = self.state.definition.get("stopTimeout") or STOP_TIMEOUT
        self._timers.append(self._platform.timeline.after(patience, self._process.kill))

    def kill(self, exit_code: int | None = None, reason: str | None = None) -> None:
        """End it at once; with an exit code, as if it had ended so by itself."""
        if self._process is not None and self.is_running:
            if exit_code is not None:
                self._forced_exit = (exit_code, reason)
            self._process.kill()

    def _exited(self, code: int) -> None:
        forced, reason = self._forced_exit or (code, None)
        self.state.exit_code, self.state.last_status = forced, "STOPPED"
        self.state.reason = reason or self.state.reason
        self._close_health()
        for timer in self._timers:
            timer.cancel()
        self._reports.exited()

    def _begin_health(self, command: Command) -> None:
        if check := self.state.definition.get("healthCheck"):
            plan = HealthPlan.read(check, self._platform.timings.health_pace)
            checking = Command(plan.argv, command.environment, command.folder)
            self._health = HealthCheck(self._platform.timeline, plan, checking, self._set_health)

    def _close_health(self) -> None:
        if self._health is not None:
            self._health.close()
            self._health = None

    def _set_health(self, health: str) -> None:
        if self.state.health != health:
            self.state.health = health
            self._reports.health_changed()

    def _arm_faults(self) -> None:
        if not self.state.is_essential:
            return
        if crash := self._take(FaultKind.CRASH):
            self._after(crash.seconds, lambda: self.kill(crash.exit_code))
        if memory := self._take(FaultKind.OUT_OF_MEMORY):
            self._after(memory.seconds, lambda: self.kill(137, memory.message or OUT_OF_MEMORY))
        if sick := self._take(FaultKind.UNHEALTHY):
            self._after(sick.seconds, self._fall_ill)

    def _fall_ill(self) -> None:
        self._close_health()
        self._set_health("UNHEALTHY")

    def _take(self, kind: FaultKind) -> Fault | None:
        return self._platform.faults.take_for_task(kind, self._task.target)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._timers.append(self._platform.timeline.after(seconds, action))

    def _override(self) -> Document:
        overrides: list[Document] = self._task.launch.overrides.get("containerOverrides") or []
        return next((each for each in overrides if each.get("name") == self.state.name), {})

    def _environment(self, secrets: Mapping[str, str]) -> dict[str, str]:
        listed = [*(self.state.definition.get("environment") or []), *(self._override().get("environment") or [])]
        own = {each["name"]: each["value"] for each in listed} | dict(secrets)
        home = self._platform.house.folder(self._task.id)
        given = {"AWS_REGION": self._task.region, "AWS_DEFAULT_REGION": self._task.region, "HOME": str(home)}
        interface = self._task.interface
        surroundings = self._platform.house.environment(interface.private_ip if interface else "", {**given, **own})
        return surroundings | {TASK_MARK: self._task.id}

    def _folder(self) -> Path:
        wanted = Path(self.state.definition.get("workingDirectory") or "")
        return wanted if wanted.is_absolute() and wanted.is_dir() else self._platform.house.folder(self._task.id)
