"""Data classes' methods, compiled beforehand: what ``.pyc`` files are for everything else in a module.

`dataclasses` writes the methods of a class as text, and has it compiled whenever the module is loaded, in every process
anew. That is up to half of what loading wakeproxy costs, and in a Lambda a visitor waits for it. So a bundle may bring
the compiled code along. It is found by its text: whatever is not there word by word is compiled as ever, so that a file
of another version is slower and never wrong.

    python -m wakeproxy.precompiled FILE MODULE...    # for the very Python that is to use it

    precompiled.use(FILE)                                       # before anything else is imported
"""

import dataclasses
import marshal
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import CodeType

NAME: Final = "dataclasses.marshal"
"""What the file is called where it lies beside a handler."""
_NAMESPACE: Final = vars(dataclasses)
"""Where `dataclasses` looks ``exec`` up, before it finds the built-in one."""
_FORMAT: Final = 2
"""Of `marshal`: later ones write what is shared once, and what is shared differs from run to run."""


def use(path: Path) -> bool:
    """Let `dataclasses` take code from a file that `compile_classes` filled; whether it is one of this Python's."""
    try:
        magic, known = marshal.loads(path.read_bytes())  # noqa: S302 - as trustworthy as the modules that it lies beside
    except (OSError, ValueError, EOFError, TypeError):
        return False
    if magic != MAGIC_NUMBER:
        return False

    def run(text: str, found: dict[str, Any], local: Mapping[str, object]) -> None:
        exec(known.get(text, text), found, local)  # noqa: S102 - as `dataclasses` does

    _NAMESPACE["exec"] = run
    return True


def compile_classes(path: Path, modules: list[str]) -> int:
    """Load modules, and keep the code of their data classes; how many pieces there are.

    Only what is loaded for the first time is seen, so this is a process's first deed.
    """
    kept: dict[str, CodeType] = {}

    def run(text: str, found: dict[str, Any], local: Mapping[str, object]) -> None:
        kept[text] = compile(text, "<string>", "exec")
        exec(kept[text], found, local)  # noqa: S102 - as `dataclasses` does

    _NAMESPACE["exec"] = run
    try:
        for name in modules:
            import_module(name)
    finally:
        del _NAMESPACE["exec"]
    path.write_bytes(marshal.dumps((MAGIC_NUMBER, dict(sorted(kept.items()))), _FORMAT))
    return len(kept)


if __name__ == "__main__":
    compile_classes(Path(sys.argv[1]), sys.argv[2:])
