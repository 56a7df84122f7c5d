"""Code of data classes that was compiled beforehand: it is used where it fits, and nothing is different by it."""

import subprocess
import sys
from pathlib import Path

import pytest

MODULES = ("wakeproxy.core.record", "wakeproxy.core.limits")
SHOW = """
import sys
from pathlib import Path
from wakeproxy import precompiled
used = precompiled.use(Path(sys.argv[1]))
import dataclasses
known = vars(dataclasses).get("exec")
from wakeproxy.core.record import Record
from wakeproxy.core.limits import Limits
one, other = Record(generation=3), Record(generation=3)
print(used, known is not None, one == other, hash(one) == hash(other), Limits(connections=7), sep="|")
try:
    one.generation = 4
except dataclasses.FrozenInstanceError as error:
    print(error)
@dataclasses.dataclass(frozen=True)
class New:
    told: int = 7
print(New(8))
"""


def run(*arguments: object) -> str:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "classes"
    run("-m", "wakeproxy.precompiled", path, *MODULES)
    return path


def test_classes_are_the_same_with_it_and_without(kept: Path, tmp_path: Path) -> None:
    with_it, without = run("-c", SHOW, kept), run("-c", SHOW, tmp_path / "none")

    assert with_it.startswith("True|True|True|True|Limits(")
    assert with_it.replace("True|True|", "False|False|", 1) == without
    assert "cannot assign to field 'generation'\nNew(told=8)\n" in with_it


def test_all_of_it_is_found_again_by_its_text(kept: Path) -> None:
    code = (
        "import sys, builtins\n"
        "from pathlib import Path\n"
        "from wakeproxy import precompiled\n"
        "assert precompiled.use(Path(sys.argv[1]))\n"
        "kinds = []\n"
        "exec_ = builtins.exec\n"
        "precompiled.exec = lambda code, *rest: (kinds.append(type(code).__name__), exec_(code, *rest))\n"
        f"import {', '.join(MODULES)}\n"
        "print(len(kinds), *set(kinds))\n"
    )
    count, *kinds = run("-c", code, kept).split()

    assert int(count) > 10
    assert kinds == ["code"]


def test_it_is_made_the_same_each_time(kept: Path, tmp_path: Path) -> None:
    run("-m", "wakeproxy.precompiled", tmp_path / "again", *MODULES)

    assert (tmp_path / "again").read_bytes() == kept.read_bytes()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"N", b"\xe7"])
def test_a_file_that_is_none_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd").write_bytes(content)

    assert run("-c", SHOW, tmp_path / "odd").startswith("False|False|True")
