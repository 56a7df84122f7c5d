"""Proving a zip: unpacked and imported in a process that finds nothing else, as Lambda would."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZipFile

from wakeproxy.errors import UsageError

_TRY: Final = """
import sys
sys.path = [sys.argv[2], *(path for path in sys.path if "site-packages" not in path)]
__import__(sys.argv[1])
"""


def prove_bundle(zipped: Path, handler: str) -> None:
    """Import a handler from its zip alone.

    Raises:
        UsageError: it needs something that is not there, such as the compiled part of a library.
    """
    with TemporaryDirectory(prefix="wakeproxy-proof-") as folder:
        with ZipFile(zipped) as packed:
            packed.extractall(folder)
        command = [sys.executable, "-I", "-S", "-c", _TRY, handler, folder]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UsageError(f"{zipped} does not work by itself: {last}; a zip can hold pure Python only.")
