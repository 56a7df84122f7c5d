"""What the containers of tasks say, followed in CloudWatch Logs: each line is told once."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.task_end import list_containers, task_id
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.errors import FleetError
from wakeproxy.ports.rollouts import LogLine, Logs, LogStream

_SHORT: Final = 8
"""Digits of a task's id that tell it from others of the same run."""


class TaskLogs:
    """Reads the logs of tasks that were made of one revision, again and again."""

    def __init__(self, logs: Logs, revision: Revision, tell: Tell, *, names_tasks: bool) -> None:
        """Take whether people are told which task a line is of, for there are several."""
        self._names_tasks = names_tasks
        self._logs = logs
        self._revision = revision
        self._tell = tell
        self._places: dict[LogStream, str | None] = {}
        self._unreadable: set[LogStream] = set()

    async def read(self, tasks: Sequence[str]) -> frozenset[str]:
        """Tell what is new, each container's lines in their order; which of the tasks had anything to say."""
        asked = [(arn, *one) for arn in tasks for one in find_streams(self._revision, arn)]
        said = await asyncio.gather(*(self._read(task_id(arn), name, stream) for arn, name, stream in asked))
        return frozenset(arn for (arn, *_), has_told in zip(asked, said, strict=True) if has_told)

    async def _read(self, task: str, container: str, stream: LogStream) -> bool:
        has_told = False
        while stream not in self._unreadable:
            since = self._places.get(stream)
            try:
                lines, place = await self._logs.read(stream, since=since)
            except FleetError as error:
                self._unreadable.add(stream)
                details = {"task": task, "container": container}
                self._tell(Event(Kind.WARNING, f"The log of container {container} cannot be read: {error}", details))
                break
            self._places[stream] = place
            for line in lines:
                self._tell(self._render(task, container, line))
            has_told = has_told or bool(lines)
            if place == since:  # a page may be empty although others follow
                break
        return has_told

    def _render(self, task: str, container: str, line: LogLine) -> Event:
        who = f"{container} {task[:_SHORT]}" if self._names_tasks else container
        details = {"task": task, "container": container, "said_at": line.at.isoformat(), "line": line.text}
        return Event(Kind.LOG, f"{who}: {line.text}", details)


def find_streams(revision: Revision, arn: str) -> Iterator[tuple[str, LogStream]]:
    """Find where a task's containers log to, by their names.

    The log driver ``awslogs`` names a stream ``prefix/container/task``; without a prefix, which only EC2 allows, it
    names it by the container's id in Docker, which ECS does not tell.
    """
    for container in list_containers(revision):
        logging = container.get("logConfiguration") or {}
        options = logging.get("options") or {}
        group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
        if logging.get("logDriver") == "awslogs" and group and prefix:
            name = container["name"]
            yield name, LogStream(group, f"{prefix}/{name}/{task_id(arn)}", options.get("awslogs-region"))
