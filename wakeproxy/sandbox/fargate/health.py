"""A container's health check: runs its command as ECS does and counts what it says."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.processes.process import Command, Process
from wakeproxy.sandbox.timeline import Timeline, Timer


@dataclass(frozen=True, slots=True)
class HealthPlan:
    """A health check with ECS's defaults, its pauses already at the sandbox's pace."""

    argv: Sequence[str]
    interval: float
    timeout: float
    retries: int
    start_period: float

    @classmethod
    def read(cls, check: Document, pace: float) -> "HealthPlan":
        """Read `healthCheck`: CMD runs the words, CMD-SHELL (or one word alone) a shell."""
        kind, *words = check["command"]
        argv = words if kind == "CMD" else ["/bin/sh", "-c", *(words or [kind])]
        interval, start = check.get("interval") or 30, check.get("startPeriod") or 0
        return cls(argv, interval * pace, check.get("timeout") or 5, check.get("retries") or 3, start * pace)


class HealthCheck:
    """Runs one container's check until closed, and reports each change of its health."""

    def __init__(
        self, timeline: Timeline, plan: HealthPlan, command: Command, on_change: Callable[[str], None]
    ) -> None:
        """Begin; the first run comes one interval after the start, as Docker does it."""
        self._timeline, self._plan, self._command, self._on_change = timeline, plan, command, on_change
        self._failures = 0
        self._began_at = timeline.now()
        self._process: Process | None = None
        self._timer: Timer = timeline.after(plan.interval, self._run)
        self._is_open = True

    def close(self) -> None:
        """Check no more."""
        self._is_open = False
        self._timer.cancel()
        if self._process is not None:
            self._process.kill()

    def _run(self) -> None:
        try:
            self._process = Process(self._timeline, self._command, on_line=lambda _: None)
        except (OSError, subprocess.SubprocessError):
            self._judge(127)
        else:
            self._process.on_exit(self._judge)
            self._timer = self._timeline.after(self._plan.timeout, self._process.kill)

    def _judge(self, exit_code: int) -> None:
        self._timer.cancel()
        if not self._is_open:
            return
        if exit_code == 0:
            self._failures = 0
            self._on_change("HEALTHY")
        elif self._timeline.now() - self._began_at >= self._plan.start_period:
            self._failures += 1
            if self._failures >= self._plan.retries:
                self._on_change("UNHEALTHY")
        if self._is_open:
            self._timer = self._timeline.after(self._plan.interval, self._run)
