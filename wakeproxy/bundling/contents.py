"""What goes into a function's zip: found by importing its handler in a process of its own and looking what was loaded.

Whole rooms of ours and whole distributions of others are taken, for they load more of themselves later. Only pure
Python is, so that a zip runs on arm64 and x86_64 alike; libraries with compiled parts must do without them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path, PurePosixPath
from typing import Any, Final

import wakeproxy
from wakeproxy.errors import UsageError

_DATA: Final = ("tzdata",)
"""Loaded by nobody before the first awake hours; Lambda has no time zones of its own."""
_LEFT_OUT: Final = frozenset({"tests", "test", "testing", "__pycache__", "examples"})
_SUFFIXES_LEFT_OUT: Final = frozenset({".so", ".pyc", ".pyi", ".c", ".h", ".pyx", ".pxd", ".md", ".rst"})
_LICENSES: Final = ("LICENSE", "LICENCE", "COPYING", "NOTICE")
_OURS: Final = "wakeproxy"
_PROBE: Final = """
import json, sys
sys.path.insert(0, sys.argv[2])
__import__(sys.argv[1])
if sys.argv[1] == "wake":
    from wakeproxy.pages.page_kinds import ErrorPage
    from wakeproxy.pages.pages import Pages
    Pages.trust(folders={}).render("calm", ErrorPage(404, "a", "b"), nonce="c")
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
print(json.dumps({name: file for name, file in files.items() if file}))
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """Files by their paths in the zip, and which distributions of others they come from."""

    files: Mapping[str, Path]
    distributions: Mapping[str, str]
    """Versions by name."""


def lambdas_folder() -> Path:
    """Find the handlers: inside the installed package, or beside it in a checkout."""
    package = Path(wakeproxy.__file__).parent
    packed = package / "lambdas"
    return packed if packed.is_dir() else package.parent / "lambdas"


def list_contents(handler: str) -> Contents:
    """List what a handler's zip holds.

    Raises:
        UsageError: the handler cannot be imported here.
    """
    loaded = _load(handler)
    files = {f"{handler}.py": lambdas_folder() / f"{handler}.py"}
    files.update(_list_rooms(loaded))
    owners = packages_distributions()
    named = {name for module in loaded for name in owners.get(module.partition(".")[0], ())}
    found = {one.name: one for one in map(distribution, sorted({*named, *_DATA})) if one.name != _OURS}
    for one in found.values():
        files.update(_list_distribution(one))
    return Contents(files, {name: one.version for name, one in found.items()})


def _load(handler: str) -> Mapping[str, str]:
    """Import a handler in a fresh process: its modules and their files."""
    package = Path(wakeproxy.__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package.parent), *filter(None, sys.path)])}  # noqa: TID251 - a child's
    command = [sys.executable, "-S", "-c", _PROBE, handler, str(lambdas_folder())]  # without what sites add
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UsageError(f"The handler {handler} cannot be imported here: {last}; install what it needs.")
    loaded: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return loaded


def _list_rooms(loaded: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    package = Path(wakeproxy.__file__).parent
    rooms = {name.split(".")[1] for name in loaded if name.startswith(f"{_OURS}.")}
    for room in sorted(rooms):
        folder = package / room
        places = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
        yield from ((f"{_OURS}/{place.relative_to(package).as_posix()}", place) for place in places)
    yield f"{_OURS}/__init__.py", package / "__init__.py"
    if "pages" in rooms:
        packed = package / "templates"
        templates = packed if packed.is_dir() else package.parent / "templates"
        for place in templates.rglob("*"):
            if place.is_file():
                yield f"{_OURS}/templates/{place.relative_to(templates).as_posix()}", place


def _list_distribution(found: Distribution) -> Iterator[tuple[str, Path]]:
    for file in found.files or ():
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or not _is_wanted(path):
            continue
        yield path.as_posix(), Path(str(found.locate_file(file)))


def _is_wanted(path: PurePosixPath) -> bool:
    if path.parts[0].endswith(".dist-info"):
        return path.name.upper().startswith(_LICENSES)
    return not (_LEFT_OUT & set(path.parts[:-1]) or path.suffix in _SUFFIXES_LEFT_OUT)
