"""Hosts, paths and statuses."""

import pytest

from wakeproxy.errors import UsageError
from wakeproxy.settings.web import (
    StatusRange,
    parse_host_name,
    parse_path,
    parse_prefix,
    parse_statuses,
    parse_target,
)


@pytest.mark.parametrize(
    ("text", "prefix"), [("/", "/"), ("/shop", "/shop"), ("/shop/", "/shop"), ("/a/b%20c", "/a/b%20c")]
)
def test_a_prefix_has_one_form(text: str, prefix: str) -> None:
    assert parse_prefix(text) == prefix


@pytest.mark.parametrize("text", ["", "shop", "/a?b", "/a#b", "/a b", "/ä", "/%zz", "//a", "/a//b", "/a/../b", "/."])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(UsageError):
        parse_path(text)


def test_a_file_that_begins_with_dots_is_a_path() -> None:
    assert parse_path("/.well-known/..x") == "/.well-known/..x"


def test_a_health_check_may_have_a_query() -> None:
    assert parse_target("/healthz?deep=1&x=%20") == "/healthz?deep=1&x=%20"


@pytest.mark.parametrize("text", ["/healthz?a b", "/healthz?a#b", "healthz", "/healthz?ä"])
def test_what_is_no_health_check(text: str) -> None:
    with pytest.raises(UsageError):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("200", StatusRange(200, 200)), ("200-399", StatusRange(200, 399)), ("401", StatusRange(401, 401))],
)
def test_statuses(text: str, found: StatusRange) -> None:
    assert parse_statuses(text) == found


@pytest.mark.parametrize(
    ("text", "remedy"), [("399-200", "write 200-399"), ("2xx", "200-399"), ("100", "200-399"), ("600", "200-399")]
)
def test_what_is_no_status(text: str, remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        parse_statuses(text)


def test_a_host_is_read_in_lower_case() -> None:
    assert str(parse_host_name("*.Shop.Example.COM")) == "*.shop.example.com"


@pytest.mark.parametrize("text", ["8080", "shop.example.com:80", "https://shop.example.com", "a.*.com", "*", ""])
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(UsageError):
        parse_host_name(text)
