"""The house rules that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wakeproxy.core.lifecycle import draw

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "wakeproxy").rglob("*.py"))
REQUIREMENTS = sorted((ROOT / "requirements").iterdir())
LOCKED = [path for path in REQUIREMENTS if path.suffix == ".txt"]
MADE = {"__pycache__", "build", "dist", "test-results"}

LONGEST_FILE, LONGEST_FUNCTION = 400, 60
# Where an error nobody foresaw may end: it is logged there, and whoever waits gets an answer.
TOPS = {
    "sandbox/guarded.py",
    "sandbox/lambdas/runtime.py",
    "engine/tasks.py",
    "front/exchange.py",
    "serverless/handling.py",
    "cli/app.py",
}
# In two pieces, so that this file does not find itself.
PROMISE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
DRAWING = re.compile(r"<!-- lifecycle -->\n(.*?)<!-- lifecycle -->", re.DOTALL)
HASHES = r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
PINNED = re.compile(rf"(?:[a-z0-9._-]+(?:\[[a-z0-9,-]+\])?==[^\s;]+(?: ; [^\\\n]+)?{HASHES})+")
PLACE = re.compile(r"://|^\s*(?:-i|-f|--[a-z-]*index[a-z-]*|--find-links|--trusted-host)\b", re.MULTILINE)


def named(path: Path) -> str:
    return path.relative_to(ROOT / "wakeproxy").as_posix()


def written_files(folder: Path) -> Iterator[Path]:
    """Every file that people wrote, without what tools leave behind."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in MADE:
            continue
        if path.is_dir():
            yield from written_files(path)
        else:
            yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = ast.walk(handler.type) if handler.type else iter([ast.Name("Exception")])
    return any(isinstance(name, ast.Name) and name.id == "Exception" for name in caught)


def count_catch_alls(path: Path) -> int:
    tree = ast.walk(ast.parse(path.read_text()))
    return sum(isinstance(node, ast.ExceptHandler) and catches_everything(node) for node in tree)


def test_every_wall_of_the_house_stands() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_drawing_of_the_lifecycle_is_the_tables_own() -> None:
    drawings = {path.name: DRAWING.findall(path.read_text()) for path in (ROOT / "docs").rglob("*.md")}

    assert drawings["lifecycle.md"]
    for name, drawn in drawings.items():
        assert drawn == [f"```mermaid\n{draw()}```\n"] * len(drawn), f"docs/{name} is out of date"


def test_nothing_is_left_for_later() -> None:
    found = []
    for path in written_files(ROOT):
        lines = path.read_bytes().decode(errors="replace").splitlines()
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in enumerate(lines, 1) if PROMISE.search(line)]

    assert found == []


def test_no_file_is_too_long_to_read() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in CODE}

    assert lengths
    assert {name: count for name, count in lengths.items() if count > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {f"{named(path)}:{node.name}": length(node) for path in CODE for node in functions(path)}

    assert lengths
    assert {name: count for name, count in lengths.items() if count > LONGEST_FUNCTION} == {}


def test_only_the_tops_catch_every_exception_and_each_only_once() -> None:
    counts = {named(path): count for path in CODE if (count := count_catch_alls(path))}

    assert counts == dict.fromkeys(counts.keys() & TOPS, 1)


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_name_no_place_to_download_from(path: Path) -> None:
    assert not PLACE.search(path.read_text())


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_every_locked_requirement_is_pinned_by_version_and_hash(path: Path) -> None:
    assert PINNED.fullmatch(path.read_text())


def test_there_are_locked_requirements_to_judge() -> None:
    assert {"runtime.txt", "demo.txt", "dev.txt"} <= {path.name for path in LOCKED}
