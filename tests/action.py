"""The GitHub action, run as a runner would: its shell steps, each with the variables that it names."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ACTION: Mapping[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: Sequence[Mapping[str, Any]] = ACTION["runs"]["steps"]
_INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")


@dataclass(frozen=True)
class Done:
    """What became of the last step."""

    status: int
    err: str
    outputs: str


def run_steps(folder: Path, command: str, inputs: Mapping[str, str], environ: Mapping[str, str]) -> Done:
    """Run the steps; what they would install is there already, a script whose text is ``command``."""
    binaries = folder / "wakeproxy-action/bin"
    binaries.mkdir(parents=True)
    (binaries / "wakeproxy").write_text(command)
    (binaries / "wakeproxy").chmod(0o755)
    assert set(inputs) <= set(ACTION["inputs"])
    given = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()} | dict(inputs)
    surroundings = {
        "PATH": "/usr/bin:/bin",
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(folder / "outputs"),
        **environ,
    }
    done = [_run(step, folder, given, surroundings) for step in STEPS if "run" in step][-1]
    outputs = folder / "outputs"
    return Done(done.returncode, done.stderr, outputs.read_text() if outputs.exists() else "")


def _run(
    step: Mapping[str, Any], folder: Path, given: Mapping[str, str], surroundings: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    named = {key: _INPUT.fullmatch(value) for key, value in step.get("env", {}).items()}
    env = {key: given[found[1]] if found else sys.executable for key, found in named.items()}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={**surroundings, **env},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
