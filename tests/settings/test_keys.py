"""The table of keys holds: each key is read, arrives, can be set in every way, and is what its field says."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from wakeproxy.core.service import IdlePolicy, IgnoreRules, Ready, Service
from wakeproxy.core.signals import SignalPolicy
from wakeproxy.settings import (
    AccessLogSettings,
    AdminSettings,
    AwsSettings,
    DiscoverSettings,
    KeyPair,
    Limits,
    ServerlessSettings,
    Settings,
    SleeperSettings,
    Timeouts,
    WatchSettings,
)
from wakeproxy.settings.keys import KEYS, Key

Load = Callable[..., Settings]
Find = Callable[..., tuple[str, ...]]

BARE = "services: {shop: {hosts: [a.example.com]}}"
# What cannot be said without another key is said with it.
NEEDED = {
    "tls.cert": "tls: {key: key.pem}",
    "tls.key": "tls: {cert: cert.pem}",
    "proxy_protocol": "trusted_proxies: [10.0.0.0/8]",
}
OTHERS = ", shop-db: {hosts: [db.example.com]}, shop-search: {hosts: [search.example.com]}"
NAMES_OTHERS = {"services.*.needs", "services.*.needs_optional"}
TOKEN = {"ADMIN_TOKEN": "t0ken"}


def _name(key: Key) -> str:
    return key.path


def _nest(path: list[str], value: str) -> str:
    return value if not path else f"{{{path[0]}: {_nest(path[1:], value)}}}"


def _least(key: Key) -> str:
    return "\n".join((_bare(key), *filter(None, [NEEDED.get(key.path)])))


def _bare(key: Key) -> str:
    return f"{BARE[:-1]}{_others(key)}}}"


def _others(key: Key) -> str:
    return OTHERS if key.path in NAMES_OTHERS else ""


def _with(key: Key, value: str) -> str:
    """Write a file of the least that is required, and one key more."""
    if key.section == "tls":
        return f"{BARE}\n{NEEDED[key.path][:-1]}, {key.name}: {value}}}\n"
    path = ["shop" if step == "*" else step for step in key.steps]
    if path[0] != "services":
        return f"{_least(key)}\n{path[0]}: {_nest(path[1:], value)}\n"
    hosts = "" if key.name == "hosts" else ", hosts: [a.example.com]"
    return f"services: {{shop: {{{path[2]}: {_nest(path[3:], value)}{hosts}}}{_others(key)}}}"


def _variable(key: Key) -> str:
    return "__".join(("WAKEPROXY", *("shop" if step == "*" else step for step in key.steps))).upper()


@pytest.mark.parametrize("key", KEYS, ids=_name)
def test_every_key_in_the_file_reaches_the_settings(load: Load, key: Key) -> None:
    assert load(_with(key, key.example), **TOKEN) != load(_bare(key))


@pytest.mark.parametrize("key", KEYS, ids=_name)
def test_every_key_in_the_environment_says_the_same_as_in_the_file(load: Load, key: Key) -> None:
    assert load(_least(key), **{_variable(key): key.example}, **TOKEN) == load(_with(key, key.example), **TOKEN)


OF_ALL = [key for key in KEYS if key.steps[0] == "services" and key.path not in NAMES_OTHERS]  # nor of oneself


@pytest.mark.parametrize("key", OF_ALL, ids=_name)
def test_every_key_of_a_service_can_be_a_default(load: Load, key: Key) -> None:
    hosts = "" if key.name == "hosts" else "hosts: [a.example.com]"
    text = f"defaults: {_nest(list(key.steps[2:]), key.example)}\nservices: {{shop: {{{hosts}}}}}"
    assert load(text) == load(_with(key, key.example))


@pytest.mark.parametrize("key", KEYS, ids=_name)
@pytest.mark.parametrize("value", ["{odd: 1}", "[[odd]]", "!Odd x"])
def test_no_key_takes_what_it_cannot_mean(find: Find, key: Key, value: str) -> None:
    shown = key.path.replace("*", "shop")
    assert any(f": {shown}" in finding for finding in find(_with(key, value), **TOKEN))


@pytest.mark.parametrize("key", KEYS, ids=_name)
def test_every_key_is_explained(key: Key) -> None:
    assert key.sentence.endswith(".")
    assert key.example


@pytest.mark.parametrize(
    ("section", "kind", "elsewhere"),
    [
        ("aws", AwsSettings, set()),
        ("admin", AdminSettings, {"token"}),
        ("limits", Limits, set()),
        ("timeouts", Timeouts, set()),
        ("tls", KeyPair, set()),
        ("access_log", AccessLogSettings, set()),
        ("sleeper", SleeperSettings, set()),
        ("watch", WatchSettings, set()),
        ("services.*.ready", Ready, {"lowest", "highest"}),
        ("services.*.ignore", IgnoreRules, set()),
        ("discover", DiscoverSettings, {"defaults", "themes"}),
        ("serverless", ServerlessSettings, set()),
        ("services.*", Service, {"name", "ready", "idle", "ignore", "needs", "needs_optional"}),
        ("services.*", IdlePolicy, {"signals"}),
        ("services.*.signals", SignalPolicy, set()),
        ("", Settings, {"aws", "services", "limits", "timeouts", "tls", "access_log", "sleeper", "watch"}),
    ],
)
def test_every_field_of_the_values_has_its_key(section: str, kind: type[Any], elsewhere: set[str]) -> None:
    assert is_dataclass(kind)
    keys = {key.name for key in KEYS if key.section == section}
    assert {field.name for field in fields(kind) if field.init} - elsewhere <= keys
