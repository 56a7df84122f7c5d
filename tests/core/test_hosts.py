import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.core.names import Host, HostPattern, parse_host, parse_host_pattern
from wakeproxy.errors import UsageError

LABELS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("shop.example.com", "shop.example.com"),
        ("Shop.EXAMPLE.com", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("shop.example.com:8080", "shop.example.com"),
        ("shop.example.com.:8080", "shop.example.com"),
        ("shop.example.com:", "shop.example.com"),
        ("localhost", "localhost"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[2001:DB8::1]:443", "[2001:db8::1]"),
        ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_a_host_is_read_without_case_port_and_trailing_dot(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        ":80",
        ".example.com",
        "shop..example.com",
        "shop.example.com..",
        "-shop.example.com",
        "shop-.example.com",
        "user@shop.example.com",
        "user:secret@shop.example.com",
        "shop.example.com:80@evil.example",
        "//shop.example.com",
        "/\\shop.example.com",
        "http://shop.example.com",
        "shop.example.com/",
        "shop.example.com?x",
        "shop.example.com#x",
        "shop.example.com:80:80",
        "shop.example.com:123456",
        "shop.example.com:-1",
        "shop.example.com:http",
        "shop.example.com,evil.example",
        "shop.example.com evil.example",
        " shop.example.com",
        "shop.example.com\n",
        "shop.example.com\r\nX: 1",
        "shop.example.com\x00",
        "shop\x00.example.com",
        "shop%2eexample.com",
        "bücher.example",
        "shop.example。com",
        "shop。example.com",
        "\u212aiosk.example.com",  # the Kelvin sign, whose lower case is an ordinary k
        "shop.example.com:٨٠",
        "::1",
        "[::1",
        "::1]",
        "[::1]x",
        "[::1]:80:80",
        "[fe80::1%25eth0]",
        "[::g]",
        "[]",
        "[" + ":" * 46 + "]",
        "*",
        "*.example.com",
        "a" * 64 + ".example.com",
        "a." * 126 + "ab",
    ],
)
def test_what_is_not_exactly_one_host_is_refused(text: str) -> None:
    assert parse_host(text) is None


def test_a_host_has_at_most_253_letters() -> None:
    longest = "a." * 126 + "a"

    assert len(longest) == 253
    assert parse_host(longest) == longest


@given(HOSTS, st.integers(0, 65_535))
def test_a_port_never_changes_the_host(host: str, port: int) -> None:
    assert parse_host(f"{host}:{port}") == parse_host(host) == host


@given(st.text() | st.from_regex(r"[a-zA-Z0-9_.:@/\\\[\]\x00-]*"))
def test_whatever_is_sent_only_a_plain_host_comes_out(text: str) -> None:
    host = parse_host(text)

    assert host is None or re.fullmatch(r"[a-z0-9_.-]+|\[[0-9a-f.:]+\]", host)
    assert host is None or host in text.lower()


@given(st.text())
def test_a_host_read_twice_is_the_same_host(text: str) -> None:
    host = parse_host(text)

    assert host is None or parse_host(host) == host


@pytest.mark.parametrize(
    ("text", "host", "wildcard"),
    [
        ("shop.example.com", "shop.example.com", False),
        ("*.Shop.example.com", "shop.example.com", True),
        ("*.com", "com", True),
        ("localhost", "localhost", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("[::1]", "[::1]", False),
    ],
)
def test_a_pattern_is_a_host_or_all_hosts_below_it(text: str, host: str, *, wildcard: bool) -> None:
    pattern = parse_host_pattern(text)

    assert (pattern.host, pattern.wildcard) == (host, wildcard)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "*.",
        "*.*.example.com",
        "shop.*.example.com",
        "*shop.example.com",
        "https://shop.example.com",
        "shop.example.com/",
        "shop.example.com:80",
        "*.shop.example.com:80",
        "[::1]:80",
        "shop.example.com:",
    ],
)
def test_a_pattern_with_scheme_port_or_stray_star_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="without scheme or port") as refusal:
        parse_host_pattern(text)

    assert repr(text) in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_a_pattern_is_one_host_unless_it_says_otherwise() -> None:
    assert str(HostPattern(Host("example.com"))) == "example.com"


@given(HOSTS, st.booleans())
def test_a_pattern_prints_as_it_is_written(host: str, wildcard: bool) -> None:  # noqa: FBT001 - hypothesis passes it
    text = f"*.{host}" if wildcard else host

    assert str(parse_host_pattern(text)) == text
    assert parse_host_pattern(str(parse_host_pattern(text))) == HostPattern(parse_host_pattern(text).host, wildcard)
