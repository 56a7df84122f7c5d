"""The documentation: it names what there is."""

import re
from pathlib import Path

import pytest

from wakeproxy.cli.app import _COMMANDS
from wakeproxy.core.idleness import Kind, Rule

_ROOT = Path(__file__).parents[2]
_PAGES = [_ROOT / "README.md", *(_ROOT / "docs").rglob("*.md")]
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    assert f"`wakeproxy {name}" in (_ROOT / "docs/commands.md").read_text()


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_rules_of_the_sleeper_are_documented_in_their_order() -> None:
    rows = re.findall(r"^\| `([a-z ]+)` \|", (_ROOT / "docs/sleeping.md").read_text(), flags=re.MULTILINE)
    first = [str(rule) for rule in Rule]
    expected = [*first[:3], str(Kind.CRASH_LOOP), *first[3:], str(Kind.IDLE)]

    assert rows[: len(expected)] == expected
