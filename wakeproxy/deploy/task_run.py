"""Tasks that run once: started, and followed until all have stopped.

Knows ports only; must not know how tasks and lines are shown.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wakeproxy.core.observation import Task
from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.task_end import TaskEnd, judge_end, lost, task_id
from wakeproxy.deploy.task_logs import TaskLogs, find_streams
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.errors import WakeTimeoutError
from wakeproxy.ports.rollouts import Logs, RunOrder, Runs

_SHORTEST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 5.0
"""Seconds between two looks: what has run for minutes need not be looked at every second."""
_LOST_AFTER: Final = 60.0
"""Seconds in which ECS does not show a task: it shows new ones after moments, stopped ones for an hour."""
_QUIET_LOOKS: Final = 3
"""So many without a line end a stopped task's log: CloudWatch Logs shows a line some seconds after it was written."""
_NOT_STARTED: Final = ("PROVISIONING", "PENDING")


@dataclass(frozen=True, slots=True)
class RunPorts:
    """What running tasks needs."""

    runs: Runs
    logs: Logs


class TaskRun:
    """Tasks that were started together."""

    def __init__(self, ports: RunPorts, revision: Revision, order: RunOrder, tell: Tell) -> None:
        self._runs = ports.runs
        self._revision = revision
        self._order = order
        self._tell = tell
        self._logs = TaskLogs(ports.logs, revision, tell, names_tasks=order.count > 1)
        self._statuses: dict[str, str] = {}
        self._unseen_since: dict[str, float] = {}
        self._ends: dict[str, TaskEnd] = {}
        self._quiet: dict[str, int] = {}
        self._has_logs = any(True for _ in find_streams(revision, ""))
        self.tasks: tuple[str, ...] = ()
        """The ARNs of the tasks that were started."""

    @property
    def live(self) -> tuple[str, ...]:
        """The ids of the tasks that run, as far as is known."""
        return tuple(task_id(arn) for arn in self.tasks if arn not in self._ends)

    async def start(self) -> None:
        """Start the tasks.

        Raises:
            FleetError: not all of them could be started; it names those that were.
        """
        self.tasks = tuple(await self._runs.start(self._order))

    async def follow(self, timeout: timedelta) -> Sequence[TaskEnd]:  # noqa: ASYNC109 - the error says what still runs
        """Tell every stage and line as it comes, until all tasks have stopped.

        Raises:
            WakeTimeoutError: they have not within ``timeout``; they run on.
            FleetError: AWS does not say how they are; they run on.
        """
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._follow()
        except TimeoutError as error:
            took = f"{timeout.total_seconds():g} s"
            raise WakeTimeoutError(f"Not all tasks have stopped within {took}. {self.say_what_runs()}") from error
        return [self._ends[arn] for arn in self.tasks]

    def say_what_runs(self) -> str:
        """Say which tasks run on, and how they are stopped."""
        if not self.live:
            return "No task of this run is running."
        command = f"aws ecs stop-task --cluster {self._order.cluster} --task"
        return f"Still running: {', '.join(self.live)}. Stop a task with: {command} {self.live[0]}"

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop().time
        began_at = clock()
        while self.live or self._list_telling():
            if running := [arn for arn in self.tasks if arn not in self._ends]:
                self._note(await self._runs.look(self._order.cluster, running), running)
            await self._read_logs()
            if self.live or self._list_telling():
                await asyncio.sleep(_pause(clock() - began_at) if self.live else _SHORTEST_PAUSE)

    async def _read_logs(self) -> None:
        asked = self._list_telling()
        said = await self._logs.read(asked)
        for arn in asked:
            self._quiet[arn] = 0 if arn in said or arn not in self._ends else self._quiet.get(arn, 0) + 1

    def _list_telling(self) -> Sequence[str]:
        """List the tasks whose logs may tell more: before it runs, a container has none."""
        if not self._has_logs:
            return ()
        started = [arn for arn in self.tasks if self._statuses.get(arn, _NOT_STARTED[0]) not in _NOT_STARTED]
        return [arn for arn in started if self._quiet.get(arn, 0) < _QUIET_LOOKS]

    def _note(self, seen: Iterable[Task], asked: Sequence[str]) -> None:
        tasks = {task.arn: task for task in seen}
        now = asyncio.get_running_loop().time()
        for arn in asked:
            if arn in tasks:
                self._unseen_since.pop(arn, None)
                self._note_seen(tasks[arn])
            elif now - self._unseen_since.setdefault(arn, now) >= _LOST_AFTER:
                self._ends[arn] = lost(arn)

    def _note_seen(self, task: Task) -> None:
        if self._statuses.get(task.arn) != task.last_status:
            self._statuses[task.arn] = task.last_status
            name, status = task_id(task.arn), task.last_status
            self._tell(Event(Kind.TASK, f"task {name} is {status}", {"task": name, "status": status}))
        if task.is_gone:
            self._ends[task.arn] = judge_end(task, self._revision)


def _pause(elapsed: float) -> float:
    return min(max(elapsed / 60, _SHORTEST_PAUSE), _LONGEST_PAUSE)
