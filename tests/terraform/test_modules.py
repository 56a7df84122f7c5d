"""The modules are well-formed, and keep what their tests say, with the provider mocked: one process for all of them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.terraform import tables
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
    source = re.compile(r'source = "\./(?:modules|examples)/(\w+)"')
    sources = {name for file in TESTS for name in source.findall(file.read_text())}

    assert {folder.name for folder in FOLDERS} == sources | INSIDE


def test_every_exception_from_checkovs_rules_has_its_reason() -> None:
    skips = [
        line.strip() for file in MODULES.rglob("*.tf") for line in file.read_text().splitlines() if "checkov:" in line
    ]

    assert skips
    assert [skip for skip in skips if not re.fullmatch(r"#checkov:skip=CKV2?_AWS_\d+:[A-Z].{20,}[^ ;]", skip)] == []


@pytest.mark.timeout(600)
def test_they_are_valid_and_keep_what_their_tests_say(tmp_path: Path) -> None:
    terraform = Terraform.copy(MODULES, tmp_path)

    assert "The configuration is valid" in terraform.run("validate")
    told = terraform.run("test")

    count = sum(len(re.findall(r"^run ", file.read_text(), re.MULTILINE)) for file in TESTS)
    assert f"{count} passed, 0 failed." in told


@pytest.mark.parametrize("folder", tables.FOLDERS, ids=lambda folder: folder.name)
def test_a_readme_names_every_variable_and_output(folder: Path) -> None:
    assert tables.find((folder / "README.md").read_text()) == tables.render(folder), "python -m tests.terraform.tables"
