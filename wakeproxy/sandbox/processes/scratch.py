"""The sandbox's folder of temporary files, and the removal of what dead sandboxes left.

A folder belongs to the living as long as somebody holds the lock in it, and the kernel drops a lock with its holder.
"""

import contextlib
import fcntl
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.processes.guardian import kill_marked, remove_tree

MARK = "WAKEPROXY_SANDBOX"
"""The environment variable by which a sandbox's processes are found; its value is unique to the sandbox."""


def sandbox_root() -> Path:
    """The folder of this user's sandboxes, which nobody else may write to."""
    root = Path(tempfile.gettempdir()) / f"wakeproxy-sandbox-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise SandboxError(f"{root} is not a folder that only you can write to; remove it, or set TMPDIR.")
    return root


class Scratch:
    """One sandbox's folder."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    @property
    def mark(self) -> str:
        """The `NAME=value` that every process of this sandbox has in its environment."""
        return f"{MARK}={self.folder.name}"

    @classmethod
    def claim(cls) -> "Scratch":
        """Make a new folder, after clearing away those of dead sandboxes."""
        root = sandbox_root()
        with _alone_in(root):
            _remove_stale(root)
            folder = root / f"run-{secrets.token_hex(8)}"
            folder.mkdir(mode=0o700)
            lock = _try_lock(folder)
        if lock is None:
            raise SandboxError(f"{folder} cannot be locked; set TMPDIR to a folder of a file system that has locks.")
        return cls(folder, lock)

    def release(self) -> None:
        """Remove the folder."""
        os.close(self._lock)
        remove_tree(str(self.folder))


@contextlib.contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    """Wait until no other sandbox makes or clears folders: one that has no lock yet looks like a dead one's."""
    opened = os.open(root, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _remove_stale(root: Path) -> None:
    for folder in root.glob("run-*"):
        lock = _try_lock(folder)
        if lock is not None:
            kill_marked(f"{MARK}={folder.name}")
            remove_tree(str(folder))
            os.close(lock)


def _try_lock(folder: Path) -> int | None:
    with contextlib.suppress(OSError):
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return lock
    return None
