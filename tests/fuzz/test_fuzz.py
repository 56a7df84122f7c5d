"""A short run of the fuzzer, the same each time; ``python -m tests.fuzz`` runs it for longer."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.target import KINDS, judge
from tests.wire import kept

ROOT = Path(__file__).parents[2]
RUNS = 4000


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this Python or machine")
def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--runs", str(RUNS), "--seed", "7", "--seconds", "60"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-3000:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [*kept.REQUESTS, *kept.ANSWERS], ids=kept.name)
def test_the_seeds_hold_whatever_they_are_taken_for(path: Path) -> None:
    for kind in range(KINDS):
        judge(bytes((kind,)) + path.read_bytes())
