"""Lines of the access log: nobody but us writes one, and what they hold can be read back."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.front.conftest import make_service
from wakeproxy.core.answers import Answer
from wakeproxy.core.machines import Rule
from wakeproxy.core.observation import Endpoint
from wakeproxy.front.journal import Entry, Refusal
from wakeproxy.front.log_lines import write_combined, write_json
from wakeproxy.front.turn import Turn
from wakeproxy.pages.asked import read_asked
from wakeproxy.wire.forwarding import Hop
from wakeproxy.wire.requests import read_request

AT = 1_767_323_045.678
"""2026-01-02 03:04:05.678 UTC."""
HOP = Hop("192.0.2.7", "https", 443)
COMBINED = re.compile(
    r'(\S+) - - \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d+) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"\n'
)
UGLY = [
    'quote " in it',
    "back \\ slash",
    'both \\" at once',
    "caf\xe9 \x85 \xa0",
    "tab\there",
    "\xe2\x80\xa8 a line separator's UTF-8",
    '"} {"status":200,"forged":"',
]


def make_entry(*fields: str, first: str = "GET /a?b=1 HTTP/1.1", **turn: Any) -> Entry:
    lines = "\r\n".join([first, "Host: shop.example.com", *fields])
    read = read_request(lines.encode("latin-1") + b"\r\n\r\n", most_fields=100)
    made = Turn(read, read_asked(read), 1.0)
    for name, value in {"code": 200, "sent": 1234, "head_bytes": 234, **turn}.items():
        setattr(made, name, value)
    return Entry(made, HOP, 0.25)


def test_a_line_of_json_tells_by_which_rule_a_request_was_nobodys_visit() -> None:
    entry = make_entry(service=make_service("shop"), answer=Answer.IGNORE, ignored=Rule.CRAWLER)

    assert json.loads(write_json(entry, "198.51.100.3", AT))["ignored"] == "crawler"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0.000000"),
        (0.0000004, "0.000000"),
        (0.25, "0.250000"),
        (0.9999996, "1.000000"),
        (1.0000004, "1.000000"),
        (59.000001, "59.000001"),
        (86_400.5, "86400.500000"),
    ],
)
def test_a_line_of_json_tells_microseconds(seconds: float, told: str) -> None:
    entry = make_entry()

    assert f'"seconds":{told},' in write_json(Entry(entry.turn, entry.hop, seconds), "198.51.100.3", AT)


def test_a_line_of_json_tells_everything_about_a_proxied_request() -> None:
    entry = make_entry(
        "User-Agent: curl/8",
        "Referer: https://elsewhere.example/",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        service=make_service("shop"),
        answer=Answer.PROXY,
        endpoint=Endpoint("task", "10.0.0.9", 8080),
        request_id=b"abc-1",
        is_held=True,
    )

    assert json.loads(write_json(entry, "198.51.100.3", AT)) == {
        "time": "2026-01-02T03:04:05.678Z",
        "client": "198.51.100.3",
        "method": "GET",
        "scheme": "https",
        "host": "shop.example.com",
        "path": "/a?b=1",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 1000,
        "seconds": 0.25,
        "answer": "proxy",
        "held": True,
        "whole": True,
        "service": "shop",
        "upstream": "10.0.0.9:8080",
        "request_id": "abc-1",
        "user_agent": "curl/8",
        "referer": "https://elsewhere.example/",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }


def test_what_a_request_does_not_have_is_left_out() -> None:
    told = json.loads(write_json(make_entry(), "198.51.100.3", AT))

    assert told["answer"] == "refused", "no service, no answer of one"
    assert not told.keys() & {"service", "upstream", "request_id", "user_agent", "referer", "trace_id"}


def test_a_visitor_who_left_before_an_answer_is_told_as_nginx_tells_it() -> None:
    entry = make_entry(code=0, sent=0, head_bytes=0, is_torn=True)

    told = json.loads(write_json(entry, "198.51.100.3", AT))

    assert (told["status"], told["bytes"], told["whole"]) == (499, 0, False)
    assert '" 499 - "' in write_combined(entry, "198.51.100.3", AT)


def test_a_request_to_ourselves_is_told_as_ours() -> None:
    assert json.loads(write_json(make_entry(first="GET /.wakeproxy/status HTTP/1.1"), "::1", AT))["answer"] == "own"


def test_an_upstream_of_ipv6_is_written_in_brackets() -> None:
    entry = make_entry(endpoint=Endpoint("task", "fd00::9", 8080))

    assert json.loads(write_json(entry, "::1", AT))["upstream"] == "[fd00::9]:8080"


def test_what_is_no_request_has_a_line_too() -> None:
    refusal = Refusal(HOP, 400, b"abc-2", 1.0)

    assert json.loads(write_json(refusal, "192.0.2.7", AT)) == {
        "time": "2026-01-02T03:04:05.678Z",
        "client": "192.0.2.7",
        "status": 400,
        "answer": "refused",
        "request_id": "abc-2",
    }
    assert write_combined(refusal, "192.0.2.7", AT) == '192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] "-" 400 - "-" "-"\n'


def test_the_combined_format_is_apaches() -> None:
    entry = make_entry("User-Agent: curl/8", "Referer: https://elsewhere.example/", first="POST /a?b=1 HTTP/1.0")

    assert write_combined(entry, "198.51.100.3", AT) == (
        '198.51.100.3 - - [02/Jan/2026:03:04:05 +0000] "POST /a?b=1 HTTP/1.0" 200 1000 '
        '"https://elsewhere.example/" "curl/8"\n'
    )


def test_the_combined_format_escapes_as_apache_does() -> None:
    line = write_combined(make_entry('User-Agent: a"b\\c\td\xe9'), "192.0.2.7", AT)

    assert r'"a\"b\\c\td\xe9"' in line


@pytest.mark.parametrize("ugly", UGLY)
def test_whatever_a_client_says_it_stays_within_its_own_field(ugly: str) -> None:
    entry = make_entry(f"User-Agent: {ugly}", f"Referer: {ugly}")

    in_json, combined = write_json(entry, "192.0.2.7", AT), write_combined(entry, "192.0.2.7", AT)

    assert in_json.isascii()
    assert in_json.splitlines(keepends=True) == [in_json]
    assert json.loads(in_json)["user_agent"] == json.loads(in_json)["referer"] == ugly
    assert combined.isascii()
    assert COMBINED.fullmatch(combined)


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=80))
def test_no_text_breaks_out_of_a_line(text: str) -> None:
    entry = make_entry(f"User-Agent: {text}")

    line = write_combined(entry, "192.0.2.7", AT)

    assert json.loads(write_json(entry, "192.0.2.7", AT))["user_agent"] == text.strip(" \t")
    assert line.isascii()
    assert COMBINED.fullmatch(line)


def test_credentials_are_never_written() -> None:
    entry = make_entry("Authorization: Bearer secret", "Cookie: session=secret", "Proxy-Authorization: Basic secret")

    assert "secret" not in write_json(entry, "192.0.2.7", AT) + write_combined(entry, "192.0.2.7", AT)


def test_a_traceparent_that_is_none_is_not_told() -> None:
    assert "trace_id" not in write_json(make_entry('traceparent: 00-"forged"-01'), "192.0.2.7", AT)
