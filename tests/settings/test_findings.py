"""Everything that is wrong is told at once, each with its place, its key and its remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from wakeproxy.errors import ConfigError
from wakeproxy.settings import load_settings
from wakeproxy.settings.findings import quote

Find = Callable[..., tuple[str, ...]]

_BROKEN = """\
listen: 8080
discover: maybe
idle_after: 15m
sleeper: {every: 60}
limits: {held_request: 5, head_bytes: 64KB, connections: 0}
defaults: {hold_for: 10m, idle_after: 1:30}
services:
  shop:
    hosts: 80
    port: 08080
    scheme: on
    idle-after: 15m
    needs: [shop-db]
    port: 8080
    display_name:
    show_reasons: maybe
    ready: 5
    ecs: [a, b]
  blog:
    hosts: []
    theme: clam
  a/b:
    hosts: [x.example.com]
"""

_EXPECTED = """\
wakeproxy.yaml:1: listen: "8080" is no address to listen on; write it like 0.0.0.0:8080 or [::]:8080.
wakeproxy.yaml:2: discover: "maybe" is neither true nor false; write one of these.
wakeproxy.yaml:3: idle_after: there is no such key; it belongs at services.NAME.idle_after.
wakeproxy.yaml:4: sleeper.every: 60 has no unit; write it like 15m (units: ms, s, m, h, d).
wakeproxy.yaml:5: limits.held_request: there is no such key; did you mean held_requests?
wakeproxy.yaml:5: limits.head_bytes: "64KB" is no size; write it like 64KiB (units: B, KiB, MiB, GiB).
wakeproxy.yaml:5: limits.connections: "0" is below 1, the least.
wakeproxy.yaml:6: defaults.hold_for: "10m" is above 5m, the most: clients and load balancers have given up by then.
wakeproxy.yaml:6: defaults.idle_after: "1:30" is a time of day to YAML, no duration; write it like 1h30m or 1m30s.
wakeproxy.yaml:9: services.shop.hosts: must be a list of hosts, not a number; write it like [shop.example.com, "*.shop.example.com"].
wakeproxy.yaml:10: services.shop.port: 08080 begins with 0, which can mean octal in YAML; write 8080.
wakeproxy.yaml:11: services.shop.scheme: "on" is not http or https; write one of these.
wakeproxy.yaml:12: services.shop.idle-after: there is no such key; did you mean idle_after?
wakeproxy.yaml:13: services.shop.needs: "shop-db" is no service here; did you mean shop?
wakeproxy.yaml:14: services.shop.port: is written twice; the first is at wakeproxy.yaml:10.
wakeproxy.yaml:15: services.shop.display_name: is empty; it must be a text. Write one, or remove the key.
wakeproxy.yaml:16: services.shop.show_reasons: "maybe" is neither true nor false; write one of these.
wakeproxy.yaml:17: services.shop.ready: must be a map of keys (path, status, every, timeout), not a number.
wakeproxy.yaml:18: services.shop.ecs: must be an ECS service, not a list.
wakeproxy.yaml:20: services.blog.hosts: is an empty list; write it like [shop.example.com, "*.shop.example.com"].
wakeproxy.yaml:21: services.blog.theme: "clam" is neither a built-in theme (calm, terminal, plain) nor a folder here; did you mean calm?
wakeproxy.yaml:22: services.a/b: 'a/b' cannot be a service's name: use letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 255 characters.
WAKEPROXY__AWS__CLUSTER: aws.cluster: "a b" is no cluster; write its name (letters, digits, - and _) or its ARN.
"""  # noqa: E501  findings are one line each


def test_all_findings_are_told_at_once_in_order(find: Find) -> None:
    assert find(_BROKEN, WAKEPROXY__AWS__CLUSTER="a b") == tuple(_EXPECTED.splitlines())


def test_a_value_that_is_replaced_must_be_right_too(find: Find) -> None:
    text = "aws: 5\nservices: {shop: {hosts: [a.example.com], port: x}}"
    assert [finding.split(":")[1] for finding in find(text, WAKEPROXY__SERVICES__SHOP__PORT="80")] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("", "names no service; write services: {shop: {hosts: [shop.example.com]}}, or discover: true."),
        ("services: {}", "names no service; write services: {shop: {hosts: [shop.example.com]}}, or discover: true."),
        ("services: [shop]", "services: must be services by name, not a list."),
        ("[a]", "must hold a map of keys, not a list; see docs/settings.md."),
        ("words", "must hold a map of keys, not text; see docs/settings.md."),
    ],
)
def test_a_file_without_services(find: Find, text: str, end: str) -> None:
    (finding,) = find(text)
    assert finding.endswith(end)


def test_a_missing_region_is_told_with_both_ways_to_set_it() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, environ={"WAKEPROXY__SERVICES__SHOP__HOSTS": "a.example.com"})
    assert caught.value.findings == (
        "environment: aws.region: is missing; write it like eu-central-1, or set AWS_REGION in the environment.",
    )


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file or directory\); create it"):
        load_settings(tmp_path / "wakeproxy.yaml", environ={})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        load_settings(tmp_path, environ={})


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wakeproxy.yaml"
    path.write_bytes("aws: {profile: ä}".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"is no UTF-8 text \(byte 15\); save it as UTF-8"):
        load_settings(path, environ={})


def test_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    path = tmp_path / "wakeproxy.yaml"
    path.write_bytes(b"\xef\xbb\xbfservices: {shop: {hosts: [a.example.com]}}")
    assert load_settings(path, environ={"AWS_REGION": "eu-west-1"}).services[0].name == "shop"


@pytest.mark.parametrize("text", ["\x1b[31m", "a\nb", "\u202eabc", "\ud800"])
def test_what_is_quoted_can_be_printed(text: str) -> None:
    assert quote(text).isprintable()


def test_what_is_quoted_ends(find: Find) -> None:
    (finding,) = find(f"services: {{shop: {{hosts: [a.example.com], idle_after: {'x' * 10_000}}}}}")
    assert len(finding) < 250


@pytest.mark.parametrize("text", ['" "', '""', '"a\\nb"', '"\\e[31m"'])
def test_a_text_can_be_read_and_printed(find: Find, text: str) -> None:
    (finding,) = find(f"services: {{shop: {{hosts: [a.example.com], display_name: {text}}}}}")
    assert "is empty or has letters that cannot be printed" in finding


def test_a_text_has_an_end(find: Find) -> None:
    assert find(f"services: {{shop: {{hosts: [a.example.com], display_name: {'x' * 200}}}}}") == ()
    (finding,) = find(f"services: {{shop: {{hosts: [a.example.com], display_name: {'x' * 201}}}}}")
    assert finding.endswith("is longer than 200 characters; shorten it.")
