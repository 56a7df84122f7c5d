"""A process that is told to end hears of it, whichever of its threads the system tells."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.sandbox.clients import Until, state_of

COMMANDS = {
    "sandbox": ("wakeproxy.sandbox", "--port", "0"),
    "command": ("wakeproxy", "sandbox", "--port", "0", "--json"),
    "app": ("wakeproxy.sandbox.apps.hello", "0"),
}


def others(pid: int) -> list[int]:
    """The threads of a process besides its main one."""
    return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if int(task.name) != pid]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_signal_to_any_thread_ends_it(until: Until, command: tuple[str, ...]) -> None:
    with subprocess.Popen([sys.executable, "-m", *command], stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            until(lambda: state_of(process.pid) == "S")

            os.kill(min(until(lambda: others(process.pid))), signal.SIGTERM)

            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
