"""One execution environment: a process that serves one event at a time, and is frozen whenever it serves none.

Used by one thread at a time: whoever took it out of the pool.
"""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeproxy.sandbox.processes.guardian import kill_marked

RUNTIME = Path(__file__).with_name("runtime.py")
CHUNK = 256 * 1024
LONGEST_LOG = 1024 * 1024
"""Bytes of what one invocation prints; the rest is let go of."""
MARK = "WAKEPROXY_ENVIRONMENT"
"""The variable by which all processes of an environment are found."""
_MOST_MEMORY = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Start:
    """What an environment begins with."""

    root: Path
    search_path: str
    variables: Mapping[str, str]
    scratch: Path
    """A folder of its own for temporary files, which goes with it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of waiting for an environment."""

    kind: str
    """`ready`, `failed`, `answer`, `error` as the runtime says; `timeout`, or `exit`: the process ended."""
    document: bytes = b""
    status: int = 0
    """With `exit`: the exit status, or the signal's number below zero."""


class Environment:
    """A process of a function's."""

    def __init__(self, start: Start) -> None:
        """Start it; `begin` waits until it can take events."""
        self._mark = f"{MARK}={start.scratch.name}"
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._socket.settimeout(0)
        with theirs:
            self._popen = subprocess.Popen(  # noqa: S603 - running functions is what a sandbox is for
                [sys.executable, "-B", "-P", "-S", "-s", str(RUNTIME), str(theirs.fileno()), start.search_path],
                env={**start.variables, MARK: start.scratch.name},
                cwd=start.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                bufsize=0,
            )
        assert self._popen.stdout is not None
        self._output = self._popen.stdout
        os.set_blocking(self._output.fileno(), False)
        self._exit = os.pidfd_open(self._popen.pid)
        self._scratch = start.scratch
        self._received = b""
        self._printed = bytearray()
        self._is_hung_up = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def begin(self, deadline: float) -> Reply:
        """Wait until the function's module is imported; `deadline` is on the monotonic clock."""
        return self._exchange(b"", deadline)

    def invoke(self, head: Mapping[str, Any], event: bytes, deadline: float) -> Reply:
        """Thaw it, hand it an event, and wait for what comes of it."""
        self._signal(signal.SIGCONT)
        return self._exchange(json.dumps({**head, "size": len(event)}).encode() + b"\n" + event, deadline)

    def freeze(self) -> None:
        """Stop it and its children until the next event: nothing runs between two invocations."""
        self._signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End it and its children; whoever waits for a reply hears of its exit."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """End it with its children and daemons, and let go of what it holds; not while somebody waits for a reply."""
        self.kill()
        self._popen.wait()
        kill_marked(self._mark)
        for each in (self._socket, self._output):
            each.close()
        os.close(self._exit)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def most_memory(self) -> int:
        """Read the most memory it ever used, in MB; 0 if it is gone."""
        with contextlib.suppress(OSError):
            found = _MOST_MEMORY.search(Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8"))
            return -(-int(found[1]) // 1024) if found else 0
        return 0

    def take_lines(self) -> list[str]:
        """Take the lines it printed since they were last taken."""
        printed, self._printed = self._printed, bytearray()
        return printed.decode(errors="replace").splitlines()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _exchange(self, outgoing: bytes, deadline: float) -> Reply:
        """Send a frame and receive one, while what is printed is read so that nobody waits for a full pipe."""
        poll = select.poll()
        for descriptor in (self._socket, self._output, self._exit):
            poll.register(descriptor, select.POLLIN)
        while (reply := self._frame()) is None:
            if not self._is_hung_up:
                poll.modify(self._socket, select.POLLIN | (select.POLLOUT if outgoing else 0))
            left = deadline - time.monotonic()
            ready = dict(poll.poll(left * 1000)) if left > 0 else {}
            if not ready:
                self._read_output()
                return Reply("timeout")
            if self._output.fileno() in ready and not self._read_output():
                poll.unregister(self._output)
            if ready.get(self._socket.fileno(), 0) & select.POLLOUT:
                outgoing = self._send(outgoing)
            if self._socket.fileno() in ready and not self._receive():
                poll.unregister(self._socket)
            if self._exit in ready:
                self._receive()  # its last words may have come after the look at the socket
                reply = self._frame() or Reply("exit", status=self._popen.wait())
                break
        self._read_output()
        return reply

    def _send(self, outgoing: bytes) -> bytes:
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            return outgoing[self._socket.send(outgoing[:CHUNK]) :]
        return outgoing

    def _receive(self) -> bool:
        """Receive what there is; whether more may come."""
        with contextlib.suppress(BlockingIOError):
            try:
                while chunk := self._socket.recv(CHUNK):
                    self._received += chunk
            except ConnectionResetError:
                pass
            self._is_hung_up = True
        return not self._is_hung_up

    def _read_output(self) -> bool:
        """Read what was printed, as much as a pipe holds; whether more may come."""
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(self._output.fileno(), CHUNK)
            self._printed += chunk[: max(0, LONGEST_LOG - len(self._printed))]
            return bool(chunk)
        return True

    def _frame(self) -> Reply | None:
        line, newline, rest = self._received.partition(b"\n")
        if not newline:
            return None
        head = json.loads(line)
        if len(rest) < head["size"]:
            return None
        self._received = rest[head["size"] :]
        return Reply(head["kind"], rest[: head["size"]])
