"""Every module is well-formed, and keeps what its own tests say, with the provider mocked."""

import subprocess
from pathlib import Path

import pytest

from tests.terraform.cli import MODULES, Terraform, find_terraform

FOLDERS = sorted({file.parent for file in MODULES.rglob("*.tf") if ".terraform" not in file.parts})


def _name(folder: Path) -> str:
    return str(folder.relative_to(MODULES))


def test_all_are_formatted() -> None:
    command = [find_terraform(), "fmt", "-check", "-recursive", "-no-color", str(MODULES)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.stdout == ""


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_it_is_valid_and_keeps_what_its_tests_say(folder: Path, tmp_path: Path) -> None:
    terraform = Terraform.copy(folder, tmp_path)
    terraform.run("validate")
    told = terraform.run("test")
    assert "0 failed" in told
    assert "0 passed" not in told
