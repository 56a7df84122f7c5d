"""The machine: who runs on which core, and what a process has used so far. Reads /proc; knows nothing of proxies."""

import errno
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_ENOUGH_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Cores:
    """One core for the proxy that is measured, another for everything around it."""

    proxy: int
    load: int

    @classmethod
    def choose(cls) -> Self:
        """Take the first and the last core that we may run on; on a machine with one they are the same."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[0], allowed[-1])


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Start processes in here, and they stay on that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other run of ours is under way, and keep others waiting: two would measure each other.

    The lock is a name in the abstract namespace of Unix sockets, which ends with its process and leaves no file.
    """
    with socket.socket(socket.AF_UNIX) as lock:
        told = False
        while True:
            try:
                lock.bind("\0wakeproxy-benchmarks-relay")
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            if not told:
                print("waiting for another run on this machine to end", file=sys.stderr, flush=True)
                told = True
            time.sleep(1)
        yield


def allow_files() -> int:
    """Raise the bound of open files, for us and for those we start, as far as we may; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < _ENOUGH_FILES:
        print(f"only {wanted} files may be open at once (ulimit -n): measures of many connections may fail")
    return wanted


def family(pid: int) -> list[int]:
    """List a process and all below it."""
    found = [pid]
    for parent in found:
        with suppress(FileNotFoundError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all below it, in steps of a hundredth of a second."""
    ticks = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # utime, stime: proc(5) counts them as 14 and 15
    return ticks / _TICKS


def core_seconds(core: int) -> float:
    """Time for which a core was busy, whoever used it; what the machine below us took away is counted too."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
            return (user + nice + system + irq + softirq + steal) / _TICKS
    raise AssertionError(core)


def resident(pid: int) -> int:
    """Resident memory of a process and all below it, in bytes."""
    pages = sum(int(Path(f"/proc/{member}/statm").read_text().split()[1]) for member in family(pid))
    return pages * resource.getpagesize()
