"""Where a container's lines go: the last ones to memory, all of them to CloudWatch Logs if it uses awslogs."""

from collections import deque

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.errands import Errands
from wakeproxy.sandbox.model.cluster import Document
from wakeproxy.sandbox.model.task import Container, Task
from wakeproxy.sandbox.moto_host import Moto

KEPT = 200
"""Lines kept in memory per task, to be shown by the sandbox's own interface."""


class MissingLogGroupError(Exception):
    """The log stream cannot be made; `str()` is the task's stoppedReason."""


class LogStream:
    """One container's output."""

    def __init__(self, moto: Moto, errands: Errands, task: Task, container: Container) -> None:
        configuration = container.definition.get("logConfiguration") or {}
        self._moto, self._errands = moto, errands
        self._options: Document = configuration.get("options") or {}
        self._is_sent = configuration.get("logDriver") == "awslogs" and "awslogs-group" in self._options
        self._region = self._options.get("awslogs-region", task.region)
        prefix = self._options.get("awslogs-stream-prefix")
        self._stream = f"{prefix}/{container.name}/{task.id}" if prefix else container.id
        self._unsent: deque[Document] = deque()
        self.tail: deque[str] = deque(maxlen=KEPT)

    def open(self) -> None:
        """Make the stream, and the group if the container says so.

        Raises:
            MissingLogGroupError: the group does not exist.

        """
        if not self._is_sent:
            return
        if self._options.get("awslogs-create-group") == "true":
            self._ask("CreateLogGroup", logGroupName=self._group)
        status, answer = self._ask("CreateLogStream", logGroupName=self._group, logStreamName=self._stream)
        if status != 200 and "AlreadyExists" not in str(answer):  # noqa: PLR2004
            raise MissingLogGroupError(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
                f"failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
                f"exist. Log group: {self._group} : exit status 1"
            )

    def write(self, line: str) -> None:
        """Take one line."""
        self.tail.append(line)
        if self._is_sent and line:
            self._unsent.append({"timestamp": int(epoch() * 1000), "message": line})
            if len(self._unsent) == 1:
                self._errands.run(self._send)

    def _send(self) -> None:
        batch = []
        while self._unsent:
            batch.append(self._unsent.popleft())
        if batch:
            self._ask("PutLogEvents", logGroupName=self._group, logStreamName=self._stream, logEvents=batch)

    @property
    def _group(self) -> str:
        return str(self._options["awslogs-group"])

    def _ask(self, operation: str, **parameters: object) -> tuple[int, Document]:
        return self._moto.ask(self._region, "logs", operation, parameters)
