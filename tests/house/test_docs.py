"""The documentation: it names what there is."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wakeproxy.admin.metrics import render_metrics
from wakeproxy.cli.app import _COMMANDS
from wakeproxy.core.causes import Cause
from wakeproxy.core.counts import NO_ANSWERS, NO_SWEEPS, Counts
from wakeproxy.core.idleness import Kind, Rule
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.signals import SignalPolicy

_ROOT = Path(__file__).parents[2]
_PAGES = [_ROOT / "README.md", *(_ROOT / "docs").rglob("*.md")]
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_ANCHOR = re.compile(r"\]\(([^)#:\s]*)#([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"(?:`|^\$ )wakeproxy ([a-z][a-z-]*)", re.MULTILINE)
_METRIC = re.compile(r"\b(wakeproxy_[a-z_]+)(?:\{([^}]*)\})?")
_MODULE = re.compile(r"`((?:tests|terraform|lambdas|infra|tools)/[\w./-]+|wakeproxy/[\w./-]+(?:\.py|/))`")
_WORLD = Counts(
    requests={("shop", "proxy", 200): 1},
    seconds={"shop": NO_ANSWERS},
    in_flight={"shop": 1},
    held={"shop": 1},
    refused={"connections": 1},
    ignored={("shop", "monitor"): 1},
    upstream={"shop": 1},
    phases={"shop": Phase.AWAKE},
    wakes={("shop", "awake"): 1},
    wake_seconds={("shop", "total"): NO_ANSWERS},
    sleeps={("shop", "idle"): 1},
    sweep_seconds=NO_SWEEPS,
    asleep_seconds={"shop": 1.0},
    aws_calls={("ecs", "UpdateService", "ok"): 1},
    config_read_at=datetime(2026, 1, 1, tzinfo=UTC),
    found_at=datetime(2026, 1, 1, tzinfo=UTC),
)
"""Something of everything that is counted, so that each metric has all its labels."""


def _read_labels() -> dict[str, set[str]]:
    """Read the labels of every series that a front tells of, by its name."""
    body, _ = render_metrics(_WORLD)
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            for name in (family.name, sample.name):
                labels.setdefault(name, set()).update(sample.labels)
    return labels


def _anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)).strip().lower().replace(" ", "-")
        for title in _HEADING.findall(page.read_text())
    }


def _rows(page: str, header: str) -> list[str]:
    """Give the first cells of the table whose first column is called ``header``."""
    table = (_ROOT / "docs" / page).read_text().split(f"\n| {header} |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", table, flags=re.MULTILINE)


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


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_link_within_a_page_leads_to_a_heading(page: Path) -> None:
    links = [(path, anchor) for path, anchor in _ANCHOR.findall(page.read_text()) if not path or path.endswith(".md")]

    assert [
        f"{path}#{anchor}" for path, anchor in links if anchor not in _anchors(page.parent / path if path else page)
    ] == []


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    assert set(_COMMAND.findall(page.read_text())) - set(_COMMANDS) == set()


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_metric_that_is_named_exists_with_its_labels(page: Path) -> None:
    known = _read_labels()
    named = _METRIC.findall(page.read_text())
    labels = {(name, label) for name, inner in named for label in re.findall(r"(?:^|,)\s*([a-z_]+)", inner)}

    assert {name for name, _ in named} - set(known) == set()
    assert {(name, label) for name, label in labels if label not in known[name]} == set()


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_file_of_the_sources_that_is_named_exists(page: Path) -> None:
    assert [name for name in _MODULE.findall(page.read_text()) if not (_ROOT / name).exists()] == []


def test_the_runbook_knows_every_cause_of_a_wake_that_fails() -> None:
    assert sorted(_rows("runbooks.md", "cause")) == sorted(Cause)


def test_the_runbook_knows_every_rule_and_signal_that_leaves_a_service_awake() -> None:
    assert _rows("runbooks.md", "rule") == [str(rule) for rule in Rule]
    assert _rows("runbooks.md", "signal") == list(SignalPolicy.__dataclass_fields__)


@pytest.mark.parametrize("page", ["architecture.md", "cost.md", "runbooks.md", "threat-model.md", "slos.md"])
def test_every_page_about_running_it_is_led_to(page: str) -> None:
    assert f"(docs/{page})" in (_ROOT / "README.md").read_text()


def test_what_it_costs_follows_from_the_prices() -> None:
    page = (_ROOT / "docs/cost.md").read_text()
    price = {name: float(value) for name, value in re.findall(r"^\| `([a-z_]+)` \| ([\d.]+) \|", page, re.MULTILINE)}
    table = page.split("\n| form |", 1)[1]
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", table, re.MULTILINE)
    month, used = 730, 40
    running = 0.25 * price["cpu"] + 0.5 * price["memory"] + price["address"]
    balancer = month * (price["balancer"] + 2 * price["address"])
    expected = {
        "always on, one load balancer": (balancer, month * running),
        "serverless": (0, used * running),
        "one front": (month * running, used * running),
        "two fronts, load balancer": (2 * month * running + balancer, used * running),
    }

    assert f"running = task + address            = 0.0123425 + 0.005               = {running:.7f}" in page
    assert [row[0] for row in rows] == list(expected)
    for name, *told in rows:
        once, each = expected[name]
        assert [float(value) for value in told] == pytest.approx([once + each * n for n in (1, 10, 100)], abs=0.006)


def test_every_room_is_on_the_plan() -> None:
    contracts = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    rooms = {room.strip() for layer in layers for room in layer.split("|")} - {"__main__", "errors", "precompiled"}
    table = (_ROOT / "docs/architecture.md").read_text().split("\n| room |", 1)[1].split("\n\n", 1)[0]

    assert {room for row in table.splitlines()[2:] for room in re.findall(r"`([a-z_]+)`", row.split("|")[1])} == rooms
