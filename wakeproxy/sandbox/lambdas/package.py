"""Where functions' code lies: each zip unpacked once, read-only, in the folder of the sandbox.

And what the Python runtime brings along besides Python itself, as AWS's does: the SDK, and nothing else of what happens
to be installed here. A zip that lacks one of its dependencies fails, as it would on AWS.
"""

import hashlib
import importlib.util
import io
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

from wakeproxy.sandbox.lambdas.function import Function, Layer

BROUGHT = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""The packages in AWS's Python runtimes (AWS: Lambda's runtimes, "Runtime-included SDK versions")."""


class Packages:
    """Folders of code."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def task_root(self, function: Function) -> Path:
        """Find the folder with a function's code, unpacked if it is not yet.

        Raises:
            zipfile.BadZipFile: what was uploaded is no zip.

        """
        return self._unpacked("code", function.digest, function.code)

    def layer(self, layer: Layer) -> Path:
        """Find the folder with a layer's content."""
        return self._unpacked("layer", layer.digest, layer.code)

    def brought(self) -> Path:
        """Find the folder of what the runtime brings along."""
        folder = self._folder / "runtime"
        with self._lock:
            if not folder.exists():
                folder.mkdir()
                for name in BROUGHT:
                    _link(folder, name)
        return folder

    def _unpacked(self, kind: str, digest: str, code: bytes) -> Path:
        folder = self._folder / f"{kind}-{hashlib.sha256(digest.encode()).hexdigest()[:16]}"
        with self._lock:
            if not folder.exists():
                unfinished = folder.with_suffix(".unfinished")
                _unpack(code, unfinished)
                unfinished.rename(folder)
        return folder


def search_path(root: Path, layers: Sequence[Path], brought: Path) -> str:
    """Join the folders that a function's modules are looked for in, as AWS orders them."""
    return ":".join(map(str, [root, *(layer / "python" for layer in layers), brought]))


def _unpack(code: bytes, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            is_program = bool(entry.external_attr >> 16 & 0o111)
            if path.is_file():
                path.chmod(0o555 if is_program else 0o444)
    for path in [folder, *filter(Path.is_dir, folder.rglob("*"))]:
        path.chmod(0o555)


def _link(folder: Path, name: str) -> None:
    found = importlib.util.find_spec(name)
    if found is not None and found.origin is not None:
        path = Path(found.origin)
        path = path.parent if path.name == "__init__.py" else path
        (folder / path.name).symlink_to(path)
