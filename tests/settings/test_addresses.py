"""Listeners, networks, endpoints and ledgers: what is taken, what is refused, and what is never repeated."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from wakeproxy.errors import UsageError
from wakeproxy.settings import MEMORY, DynamoUrl, Listen, SqliteUrl
from wakeproxy.settings.addresses import parse_endpoint, parse_ledger, parse_listen, parse_network, parse_origin


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("0.0.0.0:8080", "0.0.0.0", 8080),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::]:65535", "::", 65535),
        ("[::1]:80", "::1", 80),
        ("localhost:9901", "localhost", 9901),
        ("front.internal:80", "front.internal", 80),
    ],
)
def test_a_listener_is_shown_as_it_is_read(text: str, host: str, port: int) -> None:
    assert parse_listen(text) == Listen(host, port)
    assert str(Listen(host, port)) == text


@pytest.mark.parametrize(
    "text",
    ["8080", ":8080", "::1:80", "0.0.0.0", "0.0.0.0:", "0.0.0.0:http", "999.0.0.1:80", "[nope]:80", "[::::]:80",
     "a b:80", "0.0.0.0:65536", "http://0.0.0.0:80", "-a:80", "0.0.0.0:080000"],
)  # fmt: skip
def test_what_is_no_listener(text: str) -> None:
    with pytest.raises(UsageError):
        parse_listen(text)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.78.0.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, is_loopback: bool) -> None:  # noqa: FBT001  a table's column
    assert Listen(host, 80).is_loopback is is_loopback


@pytest.mark.parametrize("text", ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"])
def test_a_network_is_read(text: str) -> None:
    assert parse_network(text) == ip_network(text)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("10.0.0.1/8", "write 10.0.0.0/8"),
        ("10.0.0.0/33", "write it like"),
        ("example.com", "write it like"),
        ("", "write it like"),
    ],
)
def test_what_is_no_network(text: str, remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        parse_network(text)


@pytest.mark.parametrize("text", ["http://127.0.0.1:4566", "https://ecs.eu-west-1.amazonaws.com", "http://[::1]:1/x"])
def test_an_endpoint_is_taken_as_it_is(text: str) -> None:
    assert parse_endpoint(text) == text


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:4566", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://a b", "http://[::1", "http://a?x",
     "http://a\nb", "http://ä"],
)  # fmt: skip
def test_what_is_no_endpoint(text: str) -> None:
    with pytest.raises(UsageError, match="no endpoint"):
        parse_endpoint(text)


def test_a_password_in_an_endpoint_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint("ftp://me:hunter2@example.com")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["https://app.example.com", "http://10.0.0.7:8080", "https://app.example.com/"])
def test_an_origin_is_taken_without_the_slash_at_its_end(text: str) -> None:
    assert parse_origin(text) == text.rstrip("/")


@pytest.mark.parametrize("text", ["app.example.com", "ftp://a", "https://a/b", "https://a?b", "https://", ""])
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(UsageError, match="no URL without a path"):
        parse_origin(text)


def test_a_password_in_an_origin_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse_origin("https://me:hunter2@example.com")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///wakeproxy.db", Path("wakeproxy.db")),
        ("sqlite:////var/lib/w.db", Path("/var/lib/w.db")),
        ("sqlite:///:memory:", MEMORY),
    ],
)
def test_a_ledger_is_shown_as_it_is_read(text: str, path: Path) -> None:
    assert parse_ledger(text) == SqliteUrl(path)
    assert str(parse_ledger(text)) == text


@pytest.mark.parametrize("text", ["wakeproxy.db", "sqlite://w.db", "sqlite:///", "sqlite:///a/", "postgres://x", ""])
def test_what_is_no_ledger(text: str) -> None:
    with pytest.raises(UsageError, match=r"four slashes for an absolute path, or dynamodb://TABLE\."):
        parse_ledger(text)


@pytest.mark.parametrize("table", ["wakeproxy", "a.b", "_A-9", "x" * 255])
def test_a_ledger_may_be_a_table(table: str) -> None:
    assert parse_ledger(f"dynamodb://{table}") == DynamoUrl(table)
    assert str(parse_ledger(f"dynamodb://{table}")) == f"dynamodb://{table}"


@pytest.mark.parametrize(
    "text",
    ["dynamodb://", "dynamodb://ab", f"dynamodb://{'x' * 256}", "dynamodb://a b c", "dynamodb://täble",
     "dynamodb:table", "dynamodb:///table", "dynamodb://table/", "dynamodb://arn:aws:dynamodb:eu-west-1:123456789012:table/wakeproxy"],
)  # fmt: skip
def test_what_is_no_table(text: str) -> None:
    with pytest.raises(UsageError, match=r"names no DynamoDB table; write dynamodb://TABLE, with 3 to 255 letters"):
        parse_ledger(text)
