"""The modules are well-formed, and keep what their tests say, with the provider mocked: one process for all of them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.terraform.cli import MODULES, Terraform, find_terraform

FOLDERS = sorted(folder for kind in ("modules", "examples") for folder in (MODULES / kind).iterdir() if folder.is_dir())
TESTS = sorted((MODULES / "tests").glob("*.tftest.hcl"))
INSIDE = {"cluster", "demo"}
"""Of which others are made that have tests."""


def test_all_are_formatted() -> None:
    command = [find_terraform(), "fmt", "-check", "-recursive", "-no-color", str(MODULES)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.stdout == ""


def test_every_module_and_example_has_tests() -> None:
    sources = {
        Path(source).name for file in TESTS for source in re.findall(r'source = "\./(\w+/\w+)"', file.read_text())
    }

    assert {folder.name for folder in FOLDERS} == sources | INSIDE


@pytest.mark.timeout(600)
def test_they_keep_what_their_tests_say(tmp_path: Path) -> None:
    told = Terraform.copy(MODULES, tmp_path).run("test")

    count = sum(len(re.findall(r"^run ", file.read_text(), re.MULTILINE)) for file in TESTS)
    assert f"{count} passed, 0 failed." in told
