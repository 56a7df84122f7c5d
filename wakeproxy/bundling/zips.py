"""Writing zips: compiled for this very Python, in one order, with one date, so that equal sources make equal bytes."""

import compileall
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from wakeproxy.bundling.contents import Contents
from wakeproxy.precompiled import NAME

LONGEST: Final = 5 * 1024 * 1024
"""Bytes of a zip; a larger one is loaded noticeably later, and a visitor waits for it."""
_TASK_ROOT: Final = "/var/task"
"""Where Lambda unpacks it: what tracebacks name."""
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3


@dataclass(frozen=True, slots=True)
class Bundled:
    """A zip that was written."""

    path: Path
    size: int
    unpacked: int
    files: int
    sha256: str
    distributions: Mapping[str, str]

    @property
    def is_too_large(self) -> bool:
        """Whether it is larger than a visitor should wait for."""
        return self.size > LONGEST


def write_bundle(contents: Contents, to: Path) -> Bundled:
    """Compile and write a zip; its folder is made if it is missing."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with _stage(contents) as folder:
        places = sorted(place for place in folder.rglob("*") if place.is_file())
        unpacked = 0
        with ZipFile(to, "w", ZIP_DEFLATED, compresslevel=9) as zipped:
            for place in places:
                data = place.read_bytes()
                unpacked += len(data)
                info = ZipInfo(place.relative_to(folder).as_posix(), _DATE)
                info.compress_type, info.external_attr, info.create_system = ZIP_DEFLATED, _MODE, _UNIX
                zipped.writestr(info, data, compresslevel=9)
    digest = hashlib.sha256(to.read_bytes()).hexdigest()
    return Bundled(to, to.stat().st_size, unpacked, len(places), digest, contents.distributions)


@contextmanager
def _stage(contents: Contents) -> Iterator[Path]:
    """Lay a zip's files out, compiled: sources stand beside, for another Python and for tracebacks."""
    with TemporaryDirectory(prefix="wakeproxy-bundle-") as temporary:
        folder = Path(temporary)
        for name, source in contents.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
        _compile(folder)
        _compile_classes(folder)
        yield folder


def _compile(folder: Path) -> None:
    """Compile in a process of its own: what is written depends on what else a process has in memory."""
    options = ["-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", _TASK_ROOT]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}  # noqa: TID251 - a child's
    command = [sys.executable, "-m", compileall.__name__, *options, str(folder)]
    subprocess.run(command, env=environment, check=True)  # noqa: S603 - our own


def _compile_classes(folder: Path) -> None:
    """Compile what `dataclasses` would at every start, by importing the handler from what is to be zipped alone."""
    if not (folder / "wakeproxy" / "precompiled.py").exists():
        return
    handlers = [place.stem for place in folder.glob("*.py")]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}  # noqa: TID251 - a child's
    command = [sys.executable, "-S", "-m", "wakeproxy.precompiled", str(folder / NAME), *handlers]
    subprocess.run(command, env=environment, check=True, cwd=folder)  # noqa: S603 - our own
