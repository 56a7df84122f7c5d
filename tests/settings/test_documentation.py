"""``docs/settings.md`` says what is true."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wakeproxy.settings import Settings
from wakeproxy.settings.keys import KEYS
from wakeproxy.settings.markdown import render_keys

_DOCUMENT = Path(__file__).parents[2] / "docs/settings.md"
_MARK = "do not edit below this line. -->\n\n"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_tables_are_those_of_the_keys() -> None:
    assert _DOCUMENT.read_text(encoding="utf-8").partition(_MARK)[2] == render_keys()


def test_the_command_prints_the_tables() -> None:
    command = [sys.executable, "-m", "wakeproxy.settings"]
    assert subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout == render_keys()


def test_every_key_is_named() -> None:
    text = _DOCUMENT.read_text(encoding="utf-8").partition(_MARK)[2]
    assert [key.path for key in KEYS if f"`{key.name}`" not in text and f".{key.name}`" not in text] == []


@pytest.mark.parametrize("block", _blocks("yaml"))
def test_every_example_is_right(load: Callable[..., Settings], block: str) -> None:
    assert load(block).services


def test_the_variables_of_the_example_are_right(load: Callable[..., Settings]) -> None:
    (block,) = _blocks("sh")
    pairs = re.findall(r"^(\w+)='?(.*?)'?(?: +#.*)?$", block, flags=re.MULTILINE)
    assert len(pairs) == len(block.splitlines())
    load("services: {shop: {}, shop-db: {hosts: [db.example.com]}}", **dict(pairs))


def test_the_findings_it_shows_are_told(find: Callable[..., tuple[str, ...]]) -> None:
    (block,) = _blocks("text")
    text = "\nservices:\n  shop:\n    hosts: [a.example.com]\n    idle_after: 15 minutes\n    themee: calm\n"
    assert find(text) == tuple(block.splitlines())
