"""Where containers run: a folder, an environment for each, a guardian, and an end to all of them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from wakeproxy.sandbox.processes.scratch import Scratch
from wakeproxy.sandbox.processes.shim import Shim, find_shim

_GUARDIAN = Path(__file__).with_name("guardian.py")


class House:
    """The processes of one sandbox."""

    def __init__(self, aws: Mapping[str, str]) -> None:
        """Claim a folder and post the guardian; `aws` is the environment that leads AWS clients here."""
        self._scratch = Scratch.claim()
        self._aws = aws
        self.shim: Shim = find_shim()
        self._guardian = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", str(_GUARDIAN), self._scratch.mark, str(self._scratch.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def folder(self, task_id: str) -> Path:
        """A task's own folder: its home and, unless it says otherwise, where it runs."""
        folder = self._scratch.folder / task_id
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def environment(self, task_ip: str, own: Mapping[str, str]) -> dict[str, str]:
        """What a container sees: next to nothing of this machine, what ECS sets, and `own` from its definition."""
        name, _, value = self._scratch.mark.partition("=")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath, "/usr/local/bin"])
        clean = {"PATH": path, "LANG": "C.UTF-8", **self._aws, **own, name: value}
        return clean | self.shim.environment(task_ip, own)

    def bare_environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """What a process sees that listens on nothing: what leads AWS clients here, and `own`."""
        name, _, value = self._scratch.mark.partition("=")
        return {**self._aws, **own, name: value}

    def close(self) -> None:
        """Let the guardian kill what is left and remove the folder."""
        assert self._guardian.stdin is not None
        self._guardian.stdin.close()
        self._guardian.wait()
        self._scratch.release()
