"""What is taken up from one reading of the settings to the next, and what is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from wakeproxy.errors import ConfigError
from wakeproxy.settings import Overrides, Settings, Source, list_fixed_changes, take_up

Load = Callable[..., Settings]
BARE = "services: {shop: {hosts: [a.example.com]}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("listen: 127.0.0.1:80", ("listen",)),
        ("limits: {connections: 5, held_requests: 5}", ("limits.held_requests", "limits.connections")),
        ("timeouts: {drain: 1s}", ("timeouts.drain",)),
        ("aws: {profile: staging}", ("aws.profile",)),
        ("aws: {cluster: other}", ()),
        ("admin: off", ("admin",)),
        ("admin: {listen: 127.0.0.1:1, token_env: ADMIN_TOKEN}", ("admin.listen", "admin.token_env")),
        ("ledger: sqlite:///other.db", ("ledger",)),
        ("tls: {cert: cert.pem, key: key.pem}", ("tls",)),
        ("trusted_proxies: [10.0.0.0/8]", ("trusted_proxies",)),
        ("flush_interval: 1s", ("flush_interval",)),
        ("access_log: {format: json}", ("access_log.format",)),
        ("sleeper: {every: 5s}\nwatch: {awake: 5s}\ndiscover: true", ()),
        ("defaults: {idle_after: 1h}", ()),
    ],
)
def test_what_cannot_change_while_the_front_runs_is_named(load: Load, text: str, expected: tuple[str, ...]) -> None:
    assert list_fixed_changes(load(BARE), load(BARE + text, ADMIN_TOKEN="t0ken")) == expected


def test_another_pair_of_certificates_is_named_by_their_section(load: Load) -> None:
    one = load(f"{BARE}tls: {{cert: cert.pem, key: key.pem}}")
    two = load(f"{BARE}tls: {{cert: [cert.pem, cert.pem], key: [key.pem, key.pem]}}")

    assert list_fixed_changes(one, two) == ("tls",)


def test_what_can_change_is_taken_up_and_all_else_stays(load: Load) -> None:
    running, read = load(BARE), load("listen: 127.0.0.1:80\naws: {cluster: x}\nsleeper: {every: 5s}\ndiscover: true")
    taken = take_up(running, read)

    assert (taken.services, taken.discover, taken.sleeper) == (read.services, read.discover, read.sleeper)
    assert (taken.listen, taken.aws.cluster) == (running.listen, "x")
    assert list_fixed_changes(taken, read) == ("listen",)


def test_a_source_is_read_as_it_was_at_first(tmp_path: Path) -> None:
    path = tmp_path / "wakeproxy.yaml"
    path.write_text("aws: {region: eu-west-1}\n" + BARE)
    source = Source(path, Overrides(cluster="ours"))
    environ = {"WAKEPROXY__SERVICES__SHOP__PORT": "81"}
    first = source.load(environ)
    path.write_text("aws: {region: eu-west-1, cluster: theirs}\n" + BARE)
    second = source.load(environ)

    assert (second.aws.cluster, second.services[0].port) == (first.aws.cluster, first.services[0].port) == ("ours", 81)
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        source.load(environ)


def test_a_file_that_was_replaced_looks_different(tmp_path: Path) -> None:
    path, other = tmp_path / "wakeproxy.yaml", tmp_path / "other.yaml"
    source = Source(path)
    assert source.look() is None
    path.write_text(BARE)
    other.write_text(BARE)
    before = source.look()
    assert before == source.look()
    other.replace(path)

    assert source.look() not in {None, before}
    assert Source(None).look() is None


def test_a_link_is_looked_through(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(BARE)
    link = tmp_path / "wakeproxy.yaml"
    link.symlink_to("one")
    before = Source(link).look()
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(link)

    assert Source(link).look() != before
