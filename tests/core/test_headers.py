import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.core.headers import Field, Hop, pass_request, pass_response, pass_upgrade

STRANGER = Hop("198.51.100.7", "https", "shop.example.com", 443)
TRUSTED = Hop("10.0.0.5", "http", "shop.example.com", 8080, is_trusted=True)
HOP_BY_HOP = [
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
]
LIES = [
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Forwarded-Proto", "gopher"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Port", "1"),
    ("Forwarded", "for=127.0.0.1"),
]


def values(fields: list[Field], name: str) -> list[str]:
    return [value for key, value in fields if key.lower() == name.lower()]


def test_a_visitors_own_fields_pass_in_their_order_and_case() -> None:
    sent = [("Host", "shop.example.com"), ("COOKIE", "a=1"), ("Accept", "*/*"), ("cookie", "b=2"), ("X-Own", "1")]

    assert pass_request(sent, STRANGER)[: len(sent)] == sent


def test_the_app_is_told_who_asked_and_how() -> None:
    assert pass_request([], STRANGER) == [
        ("X-Forwarded-For", "198.51.100.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "shop.example.com"),
        ("X-Forwarded-Port", "443"),
        ("Forwarded", 'for=198.51.100.7;host="shop.example.com";proto=https'),
        ("Via", "1.1 wakeproxy"),
    ]


def test_what_a_stranger_says_of_where_he_comes_from_changes_nothing() -> None:
    assert pass_request(LIES, STRANGER) == pass_request([], STRANGER)


def test_a_trusted_proxys_word_is_passed_on_with_the_proxy_added() -> None:
    told = [
        ("x-forwarded-for", "203.0.113.9"),
        ("X-Forwarded-For", "198.51.100.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "shop.public.example"),
        ("X-Forwarded-Port", "443"),
        ("Forwarded", "for=203.0.113.9"),
        ("forwarded", "for=198.51.100.7"),
    ]

    assert pass_request(told, TRUSTED) == [
        ("X-Forwarded-For", "203.0.113.9, 198.51.100.7, 10.0.0.5"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "shop.public.example"),
        ("X-Forwarded-Port", "443"),
        ("Forwarded", 'for=203.0.113.9, for=198.51.100.7, for=10.0.0.5;host="shop.example.com";proto=http'),
        ("Via", "1.1 wakeproxy"),
    ]


def test_a_trusted_proxy_that_says_nothing_counts_as_the_visitor() -> None:
    passed = pass_request([], TRUSTED)

    assert values(passed, "X-Forwarded-For") == ["10.0.0.5"]
    assert values(passed, "X-Forwarded-Proto") == ["http"]
    assert values(passed, "X-Forwarded-Host") == ["shop.example.com"]
    assert values(passed, "X-Forwarded-Port") == ["8080"]


def test_an_ipv6_address_stands_in_brackets_and_quotes_where_rfc_7239_wants_it() -> None:
    passed = pass_request([], Hop("2001:db8::1", "http", "shop.example.com", 80))

    assert values(passed, "X-Forwarded-For") == ["2001:db8::1"]
    assert values(passed, "Forwarded") == ['for="[2001:db8::1]";host="shop.example.com";proto=http']


def test_proxies_before_us_stay_named() -> None:
    assert values(pass_request([("Via", "1.1 other")], STRANGER), "Via") == ["1.1 other", "1.1 wakeproxy"]


@pytest.mark.parametrize("name", [*HOP_BY_HOP, *map(str.lower, HOP_BY_HOP), *map(str.upper, HOP_BY_HOP)])
def test_what_concerns_one_connection_only_ends_here(name: str) -> None:
    assert values(pass_request([(name, "x")], STRANGER), name) == []
    assert pass_response([(name, "x"), ("Server", "app")]) == [("Server", "app")]


def test_an_expectation_is_answered_here_and_not_passed_on() -> None:
    assert values(pass_request([("Expect", "100-continue")], STRANGER), "Expect") == []


def test_fields_a_connection_field_names_end_here() -> None:
    fields = [
        ("Connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("connection", "X-Other"),
        ("X-OTHER", "2"),
        ("X-Kept", "3"),
    ]

    assert pass_response(fields) == [("X-Kept", "3")]
    assert pass_request(fields, STRANGER)[0] == ("X-Kept", "3")


def test_a_connection_field_cannot_take_away_what_gives_the_message_its_meaning() -> None:
    fields = [("Host", "shop.example.com"), ("Content-Length", "3"), ("Content-Type", "text/plain")]
    hostile = ("Connection", "host, content-length, Content-Type")

    assert pass_request([hostile, *fields], STRANGER)[:3] == fields
    assert pass_response([hostile, *fields]) == fields


def test_a_connection_field_cannot_take_away_who_asked() -> None:
    hostile = [("Connection", "X-Forwarded-For, Forwarded, Via")]

    assert pass_request(hostile, STRANGER) == pass_request([], STRANGER)


def test_an_upgrade_is_passed_on_as_it_was_asked_for() -> None:
    asked = [("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "abc")]
    passed = pass_upgrade(asked, STRANGER)

    assert values(passed, "Connection") == ["Upgrade"]
    assert values(passed, "Upgrade") == ["websocket"]
    assert values(passed, "Sec-WebSocket-Key") == ["abc"]
    assert values(passed, "X-Forwarded-For") == ["198.51.100.7"]


def test_the_apps_fields_pass_back_in_their_order_and_number() -> None:
    answered = [
        ("Set-Cookie", "a=1"),
        ("Content-Type", "text/html"),
        ("Set-Cookie", "b=2"),
        ("X-Forwarded-For", "app's"),
    ]

    assert pass_response(answered) == answered


NAMES = st.sampled_from([*HOP_BY_HOP, "Host", "Cookie", "X-Own", "Expect", *[name for name, _ in LIES]])
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from(["", "x", "close", "cookie", "x-own, te", "Host,,Forwarded"])))


@given(FIELDS)
def test_whatever_is_sent_each_thing_we_say_of_the_visitor_is_said_once(fields: list[Field]) -> None:
    passed = pass_request(fields, STRANGER)

    assert [len(values(passed, name)) for name, _ in LIES] == [1] * len(LIES)
    assert not {name.lower() for name, _ in passed} & {name.lower() for name in HOP_BY_HOP}


@given(FIELDS)
def test_an_upgrade_says_one_connection_and_one_protocol(fields: list[Field]) -> None:
    passed = pass_upgrade(fields, STRANGER)

    assert values(passed, "Connection") == ["Upgrade"]
    assert len(values(passed, "Upgrade")) == 1
