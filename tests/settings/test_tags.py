"""A service's keys as tags: each can be said, and every mistake is told by its tag."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from wakeproxy.settings import Settings
from wakeproxy.settings.findings import Findings
from wakeproxy.settings.keys import KEYS, Key
from wakeproxy.settings.tags import TAGS, is_wanted, read_tags, show_example, tag_of

Load = Callable[..., Settings]
# "Tagging your Amazon ECS resources", tag restrictions: the letters that all services take, and the longest value.
_VALUE = re.compile(r"[A-Za-z0-9 +\-=._:/@]{0,256}")
_NAME = re.compile(r"[A-Za-z0-9+\-=._:/@]{1,128}")
_NO_HOST = (
    "wakeproxy:hosts: 'a.example.com:80' is no host: write a name like shop.example.com or *.shop.example.com, "
    "without scheme or port."
)
OF_A_SERVICE = [key for key in KEYS if key.steps[0] == "services" and key.name != "ecs"]


def read(tags: Mapping[str, str]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    findings = Findings()
    values = read_tags(tags, findings)
    return {path: given.value for path, given in values.items()}, findings.tell()


def test_every_key_of_a_service_has_a_tag_of_its_own() -> None:
    assert list(TAGS.values()) == OF_A_SERVICE
    assert TAGS["wakeproxy:idle-after"].path == "services.*.idle_after"
    assert TAGS["wakeproxy:ready-path"].path == "services.*.ready.path"


@pytest.mark.parametrize("key", OF_A_SERVICE, ids=tag_of)
def test_every_example_says_the_same_as_a_tag_as_in_the_file(load: Load, key: Key) -> None:
    values, findings = read({tag_of(key): show_example(key)})

    assert findings == ()
    assert values == {key.path: _in_the_file(load, key)}


def _in_the_file(load: Load, key: Key) -> Any:
    """Read a key's example as the file would have it."""
    text = key.example
    for step in reversed(key.steps[2:]):
        text = f"{{{step}: {text}}}"
    settings = load(f"discover: true\ndefaults: {text}")
    assert settings.discover
    return settings.discover.defaults[key.path].value


@pytest.mark.parametrize("key", OF_A_SERVICE, ids=tag_of)
def test_every_tag_can_be_written_in_aws(key: Key) -> None:
    assert _NAME.fullmatch(tag_of(key))
    if key.name != "user_agents":  # their patterns hold a *, which no tag can
        assert _VALUE.fullmatch(show_example(key))


def test_lists_are_parted_by_spaces_and_wildcards_begin_with_an_underscore() -> None:
    values, findings = read({"wakeproxy:hosts": " a.example.com  _.b.example.com "})

    assert findings == ()
    assert [str(host) for host in values["services.*.hosts"]] == ["a.example.com", "*.b.example.com"]


def test_lists_whose_items_hold_spaces_are_parted_by_a_plus() -> None:
    values, findings = read({"wakeproxy:awake-hours": "Mon-Fri 08:00-18:00 UTC + Sat+Sun 10:00-12:00 Etc/GMT+1"})

    assert findings == ()
    assert len(values["services.*.awake_hours"]) == 2


def test_every_mistake_is_told_at_once_by_its_tag() -> None:
    _, findings = read(
        {
            "wakeproxy:enable": "maybe",
            "wakeproxy:idle-after": "15 minutes",
            "wakeproxy:idle-aftr": "15m",
            "wakeproxy:hosts": "a.example.com:80 _.b",
            "wakeproxy:ecs": "apps/shop",
            "wakeproxy:port": "",
            "wakeproxy:nonsense": "x",
            "Name": "whatever; it is not ours",
        }
    )

    assert findings == (
        "wakeproxy:ecs: there is no such tag; remove it, or see docs/discovery.md.",
        'wakeproxy:enable: "maybe" is neither true nor false; write one of these.',
        _NO_HOST,
        'wakeproxy:idle-after: "15 minutes" is no duration; write it like 15m (units: ms, s, m, h, d).',
        "wakeproxy:idle-aftr: there is no such tag; did you mean wakeproxy:idle-after?",
        "wakeproxy:nonsense: there is no such tag; remove it, or see docs/discovery.md.",
        "wakeproxy:port: is empty; it must be a whole number from 1 to 65535. Write one, or remove the key.",
    )


def test_a_list_must_hold_something_where_the_file_wants_it_to() -> None:
    _, findings = read({"wakeproxy:hosts": " "})

    assert len(findings) == 1


def test_null_stands_where_it_may_in_the_file() -> None:
    assert read({"wakeproxy:ready-path": "null"}) == ({"services.*.ready.path": None}, ())


def test_sablier_names_the_group_unless_we_do() -> None:
    assert read({"sablier.group": "previews"}) == ({"services.*.group": "previews"}, ())
    assert read({"sablier.group": "theirs", "wakeproxy:group": "ours"}) == ({"services.*.group": "ours"}, ())
    assert read({"sablier.group": "a b"})[1][0].startswith("sablier.group: 'a b' cannot be a service's name")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, False),
        ({"wakeproxy:hosts": "a.example.com"}, False),
        ({"wakeproxy:enable": "true"}, True),
        ({"wakeproxy:enable": " Yes "}, True),
        ({"wakeproxy:enable": "false"}, False),
        ({"wakeproxy:enable": "maybe"}, True),
        ({"wakeproxy:enable": ""}, True),
        ({"sablier.enable": "true"}, True),
        ({"sablier.enable": "1"}, False),
        ({"sablier.enable": "true", "wakeproxy:enable": "off"}, False),
    ],
)
def test_who_opts_in(tags: Mapping[str, str], *, expected: bool) -> None:
    assert is_wanted(tags) is expected
