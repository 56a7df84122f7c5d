"""What every request goes through is machine code in production, and the very same Python here."""

import os
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_TABLE = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
COMPILED = _TABLE["hooks"]["mypyc"]["include"]


@pytest.mark.parametrize("path", COMPILED)
def test_a_module_is_what_is_to_be_tested(path: str) -> None:
    """`make test-compiled` asks for machine code; a test that ran the source instead would prove nothing."""
    module = import_module(path.removesuffix(".py").replace("/", "."))

    assert (ROOT / path).is_file()
    assert module.__file__ is not None
    assert module.__file__.endswith(".so") is (os.environ.get("COMPILED") == "1")


def test_whoever_installs_without_a_compiler_gets_the_source() -> None:
    assert _TABLE["hooks"]["mypyc"]["enable-by-default"] is False
