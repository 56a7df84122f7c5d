"""Invocations: an event taken to an environment, warm or cold, and what comes of it.

Runs in the threads of those who invoke: a synchronous caller's own, one for each asynchronous event.
"""

import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.errands import Errands
from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.guarded import run_guarded
from wakeproxy.sandbox.lambdas.environment import Environment, Reply, Start
from wakeproxy.sandbox.lambdas.function import Function, Likeness, read_function
from wakeproxy.sandbox.lambdas.log import EnvironmentLog, report_line
from wakeproxy.sandbox.lambdas.outcome import Outcome, judge
from wakeproxy.sandbox.lambdas.package import Packages, search_path
from wakeproxy.sandbox.lambdas.pool import Pool, Warm
from wakeproxy.sandbox.lambdas.surroundings import variables_of
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_host import Moto
from wakeproxy.sandbox.processes.house import House
from wakeproxy.sandbox.timeline import Timeline
from wakeproxy.sandbox.timings import Timings

INIT_LIMIT = 10.0
"""Seconds for the import of the function's module. AWS tries once more within the function's own time; so that time is
added here."""
LONGEST_PAUSE = 5
"""How many times as long as the first pause between two tries the longest is (AWS: a minute, and five)."""
MOST_TRIES = 72
"""After so many, a throttled event is let go of: on AWS's clock, after six hours."""
TAIL = 4096
"""Bytes of the log that a caller gets back who asked for it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What functions stand on."""

    moto: Moto
    house: House
    errands: Errands
    timeline: Timeline
    timings: Timings


@dataclass(frozen=True, slots=True)
class Later:
    """An event that nobody waits for."""

    region: str
    reference: str
    event: bytes
    finished: Callable[[], None]


class Lambdas:
    """Runs functions."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._packages = Packages(ground.house.folder("functions"))
        self._pool = Pool(ground.timeline)

    def close(self) -> None:
        """End every environment."""
        self._pool.close()

    def read(self, region: str, reference: str, qualifier: str | None = None) -> Function:
        """Look a function up by name or ARN.

        Raises:
            AwsError: ResourceNotFoundException.

        """
        return read_function(self._ground.moto, region, reference, qualifier)

    def heed_changes(self) -> None:
        """Let go of environments that no event will reach any more, after functions may have been changed."""
        self._pool.keep(self._is_current)

    def _is_current(self, likeness: Likeness) -> bool:
        region, name, version = likeness[0]
        try:
            return self.read(region, name, version).likeness == likeness
        except AwsError:
            return False

    def invoke(self, function: Function, event: bytes) -> Outcome:
        """Run one event and wait for what comes of it; `event` is JSON.

        Raises:
            AwsError: TooManyRequestsException; the runtime is none that runs here; the code is no zip.

        """
        if not function.runtime.startswith("python"):
            message = (
                f"The sandbox runs Python only, not {function.runtime or 'container images'!r}; see docs/sandbox.md."
            )
            raise AwsError("InvalidRuntimeException", message, status=502)
        if not self._pool.admit(function):
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", status=429)
        try:
            return self._run(function, event)
        except zipfile.BadZipFile as error:
            raise AwsError("InvalidZipFileException", f"Could not unzip uploaded file: {error}", status=502) from error
        finally:
            self._pool.leave(function)

    def invoke_later(
        self, region: str, reference: str, event: bytes, finished: Callable[[], None] = lambda: None
    ) -> None:
        """Run an event without anybody waiting for it, again if it fails, as often as the function says.

        `finished` is called when nothing more will come of it, in a thread of its own.
        """
        self._try(Later(region, reference, event, finished), 0)

    def _try(self, later: Later, tries: int) -> None:
        def again() -> None:
            pause = self._ground.timings.retry * min(2**tries, LONGEST_PAUSE)
            self._ground.timeline.after(pause, lambda: self._try(later, tries + 1))

        def work() -> None:
            has_failed = False
            with suppress(SandboxError):  # the function is gone, or the sandbox is stopping: nobody hears of either
                has_failed = self._has_failed(later, tries)
            with suppress(SandboxError):
                self._ground.timeline.post(again) if has_failed else later.finished()

        threading.Thread(target=run_guarded, args=[work], name="sandbox-lambda-event", daemon=True).start()

    def _has_failed(self, later: Later, tries: int) -> bool:
        """Run an asynchronous event; whether it is to be tried again."""
        function = self.read(later.region, later.reference)
        try:
            return bool(self.invoke(function, later.event).error) and tries < function.retries
        except AwsError as error:
            return error.code == "TooManyRequestsException" and tries < MOST_TRIES

    def _run(self, function: Function, event: bytes) -> Outcome:
        request = str(uuid.uuid4())
        warm, init, reply = self._pool.take(function), None, None
        if warm is None:
            began = time.monotonic()
            warm, reply = self._start(function)
            init = (time.monotonic() - began) * 1000
        began = time.monotonic()
        if reply is None:
            head = {"id": request, "arn": function.invoked_arn, "trace": _trace(request)}
            deadline = {"deadline": epoch() + function.timeout}
            reply = warm.environment.invoke(head | deadline, event, began + function.timeout)
        milliseconds = (time.monotonic() - began) * 1000
        payload, error, told = judge(reply, request, function.timeout)
        lines = [f"START RequestId: {request} Version: {function.version}", *warm.environment.take_lines(), *told]
        memory = (function.memory, warm.environment.most_memory())
        report = report_line(request, milliseconds=milliseconds, memory=memory, init=init, status=_status(reply, error))
        lines += [f"END RequestId: {request}", report]
        warm.log.write(lines)
        if reply.kind in {"answer", "error"}:
            self._pool.give_back(function, warm)
        else:
            self._pool.end(warm.environment)
        return Outcome(request, payload, error, "\n".join(lines))

    def _start(self, function: Function) -> tuple[Warm, Reply | None]:
        """Start an environment; with the reply that ends the invocation, if it does not come up."""
        log = EnvironmentLog(self._ground.moto, self._ground.errands, function)
        root, layers = self._packages.task_root(function), [self._packages.layer(each) for each in function.layers]
        path = search_path(root, layers, self._packages.brought())
        own = variables_of(self._ground.moto, function, log, root)
        folder = self._ground.house.folder(f"lambda-{uuid.uuid4().hex}")
        variables = self._ground.house.bare_environment({"TMPDIR": str(folder), "HOME": str(folder), **own})
        environment = self._pool.start(lambda: Environment(Start(root, path, variables, folder)))
        log.write([f"INIT_START Runtime Version: {function.runtime}"])
        reply = environment.begin(time.monotonic() + INIT_LIMIT + function.timeout)
        return Warm(environment, log), None if reply.kind == "ready" else reply


def _status(reply: Reply, error: str) -> str:
    """What a report says of an invocation that did not end well."""
    if reply.kind == "timeout":
        return "timeout"
    return f"error\tError Type: {error}" if error else ""


def _trace(request: str) -> str:
    digits = request.replace("-", "")
    return f"Root=1-{digits[:8]}-{digits[8:]};Parent={digits[:16]};Sampled=0"
