"""What a function's environment writes to CloudWatch Logs, in the words of AWS's Lambda."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.errands import Errands
from wakeproxy.sandbox.lambdas.function import Function
from wakeproxy.sandbox.moto_host import Moto

_BATCH = 1000
"""Events a call; CloudWatch Logs takes 10,000, and a megabyte."""


class EnvironmentLog:
    """The log stream of one environment."""

    def __init__(self, moto: Moto, errands: Errands, function: Function) -> None:
        self._moto, self._errands, self._region = moto, errands, function.region
        self.group = f"/aws/lambda/{function.name}"
        day = datetime.fromtimestamp(epoch(), UTC)
        self.stream = f"{day:%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        self._is_open = False

    def write(self, lines: Sequence[str]) -> None:
        """Send lines, as of now; group and stream are made for the first of them."""
        events = [{"timestamp": int(epoch() * 1000), "message": line} for line in lines if line]
        self._errands.run(partial(self._send, events))

    def _send(self, events: list[dict[str, object]]) -> None:
        if not self._is_open:
            self._ask("CreateLogGroup", logGroupName=self.group)
            self._ask("CreateLogStream", logGroupName=self.group, logStreamName=self.stream)
            self._is_open = True
        for first in range(0, len(events), _BATCH):
            batch = events[first : first + _BATCH]
            self._ask("PutLogEvents", logGroupName=self.group, logStreamName=self.stream, logEvents=batch)

    def _ask(self, operation: str, **parameters: object) -> None:
        self._moto.ask(self._region, "logs", operation, parameters)


def report_line(request: str, *, milliseconds: float, memory: tuple[int, int], init: float | None, status: str) -> str:
    """Write the line that ends an invocation; `memory` is the setting and the most that was used, in MB.

    `init` is how many milliseconds a cold start took, `None` for a warm one; `status` is empty when all went well.
    """
    setting, used = memory
    parts = [f"REPORT RequestId: {request}", f"Duration: {milliseconds:.2f} ms"]
    parts += [
        f"Billed Duration: {int(milliseconds) + 1} ms",
        f"Memory Size: {setting} MB",
        f"Max Memory Used: {used} MB",
    ]
    parts += [f"Init Duration: {init:.2f} ms"] if init is not None else []
    return "\t".join([*parts, *([f"Status: {status}"] if status else []), ""])
