"""Thousands of schedules, the same each time; ``python -m tests.simulation --seconds S`` goes on for longer."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.scene import Called, Event, Failed, Landed, Told
from tests.simulation.schedule import run_seed
from tests.simulation.telling import tell

ROOT = Path(__file__).parents[2]
PART = 250
PARTS = 8
MUTANTS_WITHIN = 400


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_schedule_keeps_every_promise(part: int) -> None:
    seen = Counter[str]()
    for seed in range(part * PART, (part + 1) * PART):
        verdict = run_seed(seed)
        assert verdict.is_good, "\n".join(tell(verdict, with_journal=False))
        seen.update(_kind_of(event) for _, event in verdict.journal)

    assert min(seen[kind] for kind in KINDS) > 0, seen


KINDS = (
    "raising",
    "lowering",
    "by hand",
    "failed call",
    "is served",
    "is told that the wake failed",
    "loses the apps",
    "loses AWS",
    "loses the ledger",
    "is broken off by the app",
    "is told to wait",
    "freezes",
    "is killed",
)
"""What has to happen somewhere, or the schedules would prove little."""


def _kind_of(event: Event) -> str:
    match event:
        case Called(_, _, count):
            return "raising" if count else "lowering"
        case Landed(by, _, _, _) if by == "a hand":
            return "by hand"
        case Failed():
            return "failed call"
        case Told(_, what):
            return what.partition(" (")[0].partition(",")[0]
        case _:
            return ""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_protocol_that_lacks_a_step_is_found_out(mutant: Mutant) -> None:
    seeds = range(mutant.first, mutant.first + MUTANTS_WITHIN)
    violations = (violation for seed in seeds for violation in run_seed(seed, mutant.protocol).violations)

    assert any(mutant.breaks in violation for violation in violations)


def test_a_seed_is_the_same_schedule_in_every_process() -> None:
    seeds = (73, 174)
    told = {_run("--trace", "--seed", str(seed), hash_seed=hash_seed) for seed in seeds for hash_seed in ("1", "2")}

    assert len(told) == len(seeds)


def _run(*arguments: str, hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
