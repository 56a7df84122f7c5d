"""Terraform with the real AWS provider: from this machine where it lies on it, from the internet elsewhere."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "terraform"
_INSTALL = "Terraform is not installed; see https://developer.hashicorp.com/terraform/install (1.10 or newer)."
_DEEPEST = 4
"""So many folders below the root plugin folders are looked for; below that is nobody's shared plugin folder."""


@cache
def find_terraform() -> str:
    """Find the program; without it the test fails in CI and is skipped elsewhere."""
    found = shutil.which("terraform")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(_INSTALL)
    return found


@cache
def _find_mirror() -> Path | None:
    """Find a folder of providers that was put on this machine for offline use."""
    own = Path.home() / ".terraform.d/plugins"
    candidates = [own, *(folder.parent for folder in _walk(Path("/"), _DEEPEST))]
    return next((one for one in candidates if (one / "registry.terraform.io/hashicorp/aws").is_dir()), None)


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        below = [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for one in below:
        if one.name == "registry.terraform.io":
            yield one
        elif depth > 1 and str(one) not in {"/proc", "/sys", "/dev"}:
            yield from _walk(one, depth - 1)


@dataclass(frozen=True)
class Terraform:
    """A copy of a configuration, and what is done with it; state and plugins stay in the copy."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def copy(cls, source: Path, target: Path, *, is_real: bool = False, **environment: str) -> "Terraform":
        """Copy all of the modules, so that they find each other, and initialise the one at ``source``.

        The contract that they render lies beside them, and zips of Lambdas: real ones, or such as do next to nothing.
        """
        folder = target / "terraform"
        ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*")
        shutil.copytree(MODULES, folder, ignore=ignored, dirs_exist_ok=True)
        shutil.copytree(ROOT / "infra", target / "infra", dirs_exist_ok=True)
        (_bundle if is_real else _write_zips)(target / "dist/lambdas")
        made = cls(folder / source.relative_to(MODULES), {**_offline(target), **environment})
        made.run("init", "-input=false", "-backend=false")
        return made

    def run(self, *arguments: str) -> str:
        """Run a command to its end, and give what it printed; a failure is shown whole."""
        command = [find_terraform(), *arguments, "-no-color"]
        done = subprocess.run(
            command, cwd=self.folder, env=dict(self.environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def _bundle(folder: Path) -> None:
    command = [sys.executable, "-m", "wakeproxy", "bundle", "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _write_zips(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("wake", "sleep"):
        with ZipFile(folder / f"{name}.zip", "w") as file:
            file.writestr(ZipInfo(f"{name}.py"), "def handler(event, context):\n    return {'statusCode': 204}\n")


def _offline(folder: Path) -> dict[str, str]:
    """Make an environment of nobody's own settings, that takes providers from this machine where they lie on it."""
    config = folder / "terraform.rc"
    mirror = _find_mirror()
    where = f'path = "{mirror}" include = ["registry.terraform.io/*/*"]'
    config.write_text("" if mirror is None else f"provider_installation {{ filesystem_mirror {{ {where} }} }}")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TF_CLI_CONFIG_FILE": str(config),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
    }
