"""Outlives the sandbox by a moment to clean up after it, however it ended.

Run as a program, with nothing but the standard library, it waits until its standard input ends, which happens when the
sandbox stops or is killed. Then it kills every process that carries the sandbox's mark in its environment and removes
the sandbox's folder. A mark in the environment is inherited by children, grandchildren and daemons, so nothing that
left its process group or session escapes.
"""

import contextlib
import os
import shutil
import signal
import sys
import time

ROUNDS = 50
"""A process may fork between the look and the kill; two quiet rounds in a row end the hunt."""


def marked(mark: bytes) -> list[int]:
    """Ids of the processes, other than this one, whose environment holds `mark`."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - this program starts in 10 ms, without pathlib
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as environ:  # noqa: PTH123
            if mark in environ.read():
                found.append(int(name))
    return found


def kill_marked(mark: str) -> int:
    """Kill every process whose environment holds `mark`; returns how many there were."""
    killed: set[int] = set()
    quiet = 0
    for _ in range(ROUNDS):
        alive = [pid for pid in marked(mark.encode()) if not _is_zombie(pid)]
        quiet = 0 if alive else quiet + 1
        if quiet == 2:  # noqa: PLR2004 - see ROUNDS
            break
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed.update(alive)
        time.sleep(0.002)
    return len(killed)


def remove_tree(folder: str) -> None:
    """Remove a folder with all in it, read-only folders too."""
    for path, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            os.chmod(path, 0o700)  # noqa: PTH101 - see `marked`
    shutil.rmtree(folder, ignore_errors=True)


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123
            return stat.read().rpartition(b")")[2].split()[0] in {b"Z", b"X"}
    except OSError:
        return True


def main() -> None:
    """Wait for the end of standard input, then clean up `argv[1]`, a mark, and `argv[2]`, a folder."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    kill_marked(sys.argv[1])
    remove_tree(sys.argv[2])


if __name__ == "__main__":
    main()
