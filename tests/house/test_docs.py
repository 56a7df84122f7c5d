"""The documentation: it names what there is."""

import re
from pathlib import Path

import pytest

from wakeproxy.cli.app import _COMMANDS

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
