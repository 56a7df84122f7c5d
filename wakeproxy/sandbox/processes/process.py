"""One container's process: its lines, its exit, and its orderly or sudden end."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from wakeproxy.sandbox.timeline import Timeline

CHUNK = 65536
LONGEST_LINE = 256 * 1024
"""CloudWatch Logs' bound on an event."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and in which surroundings."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


class Process:
    """A command running in a session of its own; reports on the timeline."""

    def __init__(self, timeline: Timeline, command: Command, on_line: Callable[[str], None]) -> None:
        """Start it.

        Raises:
            OSError: the program cannot be run.

        """
        self._timeline = timeline
        self._on_line = on_line
        self._on_exit: Callable[[int], None] | None = None
        self._rest = b""
        self._popen = subprocess.Popen(  # noqa: S603 - running the containers' commands is what a sandbox is for
            list(command.argv),
            env=dict(command.environment),
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )
        self._exit_fd = os.pidfd_open(self.pid)
        os.set_blocking(self._output.fileno(), False)
        timeline.watch(self._output.fileno(), self._read)
        timeline.watch(self._exit_fd, self._reap)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def on_exit(self, action: Callable[[int], None]) -> None:
        """Call `action` with the exit code, as ECS counts it, once the process has ended."""
        self._on_exit = action

    def terminate(self) -> None:
        """Ask it to end, as ECS does: SIGTERM to the container's first process only."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and what it started in its own process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._signal(signal.SIGKILL)

    @property
    def _output(self) -> IO[bytes]:
        output = self._popen.stdout
        assert output is not None
        return output

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(number)

    def _read(self) -> None:
        if self._output.closed:
            return  # its end was noticed in the same turn, and all it said was read then
        try:
            chunk = os.read(self._output.fileno(), CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._timeline.unwatch(self._output.fileno())
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))

    def _reap(self) -> None:
        code = self._popen.wait()
        self.kill()  # a container's other processes end with its first one
        for fd in (self._exit_fd, self._output.fileno()):
            self._timeline.unwatch(fd)
        os.close(self._exit_fd)
        self._read_out()
        self._output.close()
        if self._on_exit is not None:
            self._on_exit(code if code >= 0 else 128 - code)

    def _read_out(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._output.fileno(), CHUNK):
                self._rest += chunk
        for line in self._rest.splitlines():
            self._on_line(line.decode(errors="replace"))
