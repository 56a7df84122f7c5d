"""Finds what gives a container its own address: the C shim, or its Python twin where no C compiler exists."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wakeproxy.sandbox.processes.scratch import sandbox_root

_SOURCE = Path(__file__).with_name("shim.c")
_PYTHON = Path(__file__).with_name("python_shim")
COMPILERS = ("cc", "gcc", "clang")

NO_COMPILER = (
    "the sandbox found no C compiler (cc, gcc or clang), so only Python programs get an address of their own; "
    "this one binds the machine's addresses. Install a C compiler and start the sandbox again."
)


@dataclass(frozen=True, slots=True)
class Shim:
    """How a task's processes are moved to the task's address."""

    library: Path | None

    def environment(self, task_ip: str, own: Mapping[str, str]) -> dict[str, str]:
        """What a container's environment gets added; `own` is what the container brings itself."""
        added = {"WAKEPROXY_TASK_IP": task_ip}
        if self.library is not None:
            return added | {"LD_PRELOAD": _joined(str(self.library), own.get("LD_PRELOAD"))}
        return added | {"PYTHONPATH": _joined(str(_PYTHON), own.get("PYTHONPATH"))}

    def can_move(self, program: str) -> bool:
        """Whether a program can be given its own address; shells and wrappers get the benefit of the doubt."""
        return self.library is not None or Path(program).name.startswith(("python", "sh", "bash", "dash", "env"))


def find_shim() -> Shim:
    """Compile the C shim, or take the library compiled from the same source before."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    digest = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]
    library = sandbox_root() / f"shim-{digest}-{os.uname().machine}.so"
    if library.exists() or (compiler is not None and _compile(compiler, library)):
        return Shim(library)
    return Shim(None)


def _compile(compiler: str, library: Path) -> bool:
    unfinished = library.with_suffix(f".{os.getpid()}")
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(unfinished), str(_SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own source, a found compiler
    if done.returncode == 0:
        unfinished.replace(library)
    return done.returncode == 0


def _joined(first: str, rest: str | None) -> str:
    return f"{first}:{rest}" if rest else first
