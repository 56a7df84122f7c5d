"""Requests' heads: judged whole, or refused; what passes keeps its own bytes, case and order."""

from typing import Any

import pytest

from tests.wire.ours import MOST_FIELDS, verdict, write
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead, read_request

HOST = b"Host: shop.test"


def judge(first_line: bytes, *fields: bytes) -> RequestHead:
    return read_request(write(first_line, *fields), most_fields=MOST_FIELDS)


def get(*fields: bytes) -> RequestHead:
    return judge(b"GET / HTTP/1.1", HOST, *fields)


REFUSED: dict[str, tuple[int, bytes]] = {
    "no version": (400, b"GET /"),
    "an empty line": (400, b""),
    "two spaces before the target": (400, b"GET  / HTTP/1.1"),
    "two spaces after the target": (400, b"GET /  HTTP/1.1"),
    "a tab for a space": (400, b"GET\t/ HTTP/1.1"),
    "a space at the end": (400, b"GET / HTTP/1.1 "),
    "a space before": (400, b" GET / HTTP/1.1"),
    "a space in the target": (400, b"GET /a b HTTP/1.1"),
    "no method": (400, b" / HTTP/1.1"),
    "a method that is no token": (400, b"G(T / HTTP/1.1"),
    "a method too long": (400, b"G" * 33 + b" / HTTP/1.1"),
    "a fragment": (400, b"GET /a#b HTTP/1.1"),
    "bytes in the target": (400, b"GET /\xc3\xa9 HTTP/1.1"),
    "a lower case version": (400, b"GET / http/1.1"),
    "no protocol": (400, b"GET / 1.1"),
    "two digits in a version": (400, b"GET / HTTP/1.10"),
    "another protocol": (400, b"GET / ICY/1.1"),
    "a version of the past": (505, b"GET / HTTP/0.9"),
    "a version that never was": (505, b"GET / HTTP/1.2"),
    "HTTP/2 by name": (505, b"GET / HTTP/2.0"),
    "the preface of HTTP/2": (505, b"PRI * HTTP/2.0"),
    "CONNECT": (501, b"CONNECT shop.test:443 HTTP/1.1"),
    "TRACE": (501, b"TRACE / HTTP/1.1"),
    "an asterisk": (400, b"OPTIONS * HTTP/1.1"),
    "an authority": (400, b"GET shop.test HTTP/1.1"),
    "an absolute form of another host": (400, b"GET http://evil.test/ HTTP/1.1"),
    "an absolute form of a host that begins alike": (400, b"GET http://shop.test.evil/ HTTP/1.1"),
    "an absolute form with a port that Host has not": (400, b"GET http://shop.test:80/ HTTP/1.1"),
    "an absolute form with user information": (400, b"GET http://user@shop.test/ HTTP/1.1"),
    "an absolute form without a host": (400, b"GET http:/// HTTP/1.1"),
    "another scheme": (400, b"GET ftp://shop.test/ HTTP/1.1"),
    "a backslash": (400, b"GET \\\\shop.test\\ HTTP/1.1"),
}


@pytest.mark.parametrize(("status", "line"), REFUSED.values(), ids=REFUSED)
def test_a_first_line_that_is_not_plain_is_refused(status: int, line: bytes) -> None:
    assert verdict(write(line, HOST)) == status


REFUSED_FIELDS: dict[str, tuple[int, tuple[bytes, ...]]] = {
    "no host": (400, ()),
    "an empty host": (400, (b"Host:",)),
    "two hosts": (400, (HOST, b"Host: evil.test")),
    "the same host twice": (400, (HOST, HOST)),
    "two hosts in a list": (400, (b"Host: shop.test, evil.test",)),
    "user information": (400, (b"Host: user@shop.test",)),
    "a path": (400, (b"Host: shop.test/",)),
    "a host that is not ASCII": (400, (b"Host: \xe2\x84\xaa.test",)),
    "a port that is none": (400, (b"Host: shop.test:8o",)),
    "a port too long": (400, (b"Host: shop.test:123456",)),
    "white space before the colon": (400, (HOST, b"X : 1")),
    "a folded line": (400, (HOST, b"X: 1", b" 2")),
    "a line folded by a tab": (400, (HOST, b"X: 1", b"\t2")),
    "a line without a colon": (400, (HOST, b"X")),
    "an empty name": (400, (HOST, b": 1")),
    "a zero byte": (400, (HOST, b"X: a\0b")),
    "a bare carriage return": (400, (HOST, b"X: a\rY: b")),
    "a bare line feed": (400, (HOST, b"X: a\nY: b")),
    "two lengths": (400, (HOST, b"Content-Length: 3", b"Content-Length: 4")),
    "the same length twice": (400, (HOST, b"Content-Length: 3", b"Content-Length: 3")),
    "a list of lengths": (400, (HOST, b"Content-Length: 3, 3")),
    "a length with a sign": (400, (HOST, b"Content-Length: +3")),
    "an empty length": (400, (HOST, b"Content-Length:")),
    "a length and chunks": (400, (HOST, b"Content-Length: 3", b"Transfer-Encoding: chunked")),
    "chunks and a length": (400, (HOST, b"Transfer-Encoding: chunked", b"Content-Length: 3")),
    "an unknown coding": (501, (HOST, b"Transfer-Encoding: gzip")),
    "a coding before chunked": (501, (HOST, b"Transfer-Encoding: gzip, chunked")),
    "a coding after chunked": (501, (HOST, b"Transfer-Encoding: chunked, identity")),
    "chunked twice": (501, (HOST, b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked")),
    "chunked in quotes": (501, (HOST, b'Transfer-Encoding: "chunked"')),
    "chunked with a parameter": (501, (HOST, b"Transfer-Encoding: chunked;q=1")),
    "a tab before chunked": (501, (HOST, b"Transfer-Encoding:\tchunked")),
    "a tab after chunked": (501, (HOST, b"Transfer-Encoding: chunked\t")),
    "chunked misspelt": (501, (HOST, b"Transfer-Encoding: xchunked")),
    "an empty coding": (501, (HOST, b"Transfer-Encoding:")),
    "an expectation of another kind": (417, (HOST, b"Expect: 200-ok")),
    "two expectations": (417, (HOST, b"Expect: 100-continue, x")),
    "too many fields": (431, (HOST, *[b"X: 1"] * MOST_FIELDS)),
}


@pytest.mark.parametrize(("status", "fields"), REFUSED_FIELDS.values(), ids=REFUSED_FIELDS)
def test_fields_that_have_no_single_reading_are_refused(status: int, fields: tuple[bytes, ...]) -> None:
    assert verdict(write(b"POST / HTTP/1.1", *fields)) == status


def test_an_old_request_has_no_chunks() -> None:
    assert verdict(write(b"POST / HTTP/1.0", HOST, b"Transfer-Encoding: chunked")) == 400


def test_no_refusal_repeats_what_the_peer_said() -> None:
    for line in (b"GET /secret", b"SECRET / HTTP/9.9", b"GET http://secret/ HTTP/1.1"):
        with pytest.raises(BadMessageError) as caught:
            judge(line, HOST, b"Cookie: secret")
        assert "secret" not in str(caught.value).lower()


SERVED = [b"/", b"//evil.test/", b"/a?b", b"/?", b"/%00%0d%0a", b"/a\\b", b'/"<>^`{|}~', b"/a:b@c", b"/../x", b"/;a=b"]


@pytest.mark.parametrize("target", SERVED)
def test_a_path_passes_byte_for_byte(target: bytes) -> None:
    assert judge(b"GET " + target + b" HTTP/1.1", HOST).target == target


ABSOLUTE = [(b"", b"/"), (b"/", b"/"), (b"/a?b", b"/a?b"), (b"?b", b"/?b"), (b"//x", b"//x")]


@pytest.mark.parametrize("scheme", [b"http", b"HTTPS"])
@pytest.mark.parametrize(("rest", "target"), ABSOLUTE)
def test_an_absolute_form_that_agrees_with_host_becomes_its_path(scheme: bytes, rest: bytes, target: bytes) -> None:
    assert judge(b"GET " + scheme + b"://SHOP.test" + rest + b" HTTP/1.1", HOST).target == target


HOSTS: list[tuple[bytes, str, int | None]] = [
    (b"shop.test", "shop.test", None),
    (b"SHOP.Test.:8080", "shop.test", 8080),
    (b"shop.test:", "shop.test", None),
    (b"10.0.0.1", "10.0.0.1", None),
    (b"10.0.0.1:80", "10.0.0.1", 80),
    (b"[::1]", "[::1]", None),
    (b"[::1]:443", "[::1]", 443),
    (b"[fe80::1:2]", "[fe80::1:2]", None),
]


@pytest.mark.parametrize(("value", "host", "port"), HOSTS)
def test_a_host_is_read_with_its_port(value: bytes, host: str, port: int | None) -> None:
    read = judge(b"GET / HTTP/1.1", b"Host:\t" + value + b" ")

    assert (read.host, read.port) == (host, port)


FRAMINGS: list[tuple[tuple[bytes, ...], dict[str, Any]]] = [
    ((), {"length": 0, "body_is_chunked": False, "has_body": False}),
    ((b"Content-Length: 0",), {"length": 0, "body_is_chunked": False, "has_body": False}),
    ((b"content-length:12",), {"length": 12, "body_is_chunked": False, "has_body": True}),
    ((b"TRANSFER-ENCODING:  Chunked ",), {"length": 0, "body_is_chunked": True, "has_body": True}),
]


@pytest.mark.parametrize(("fields", "expected"), FRAMINGS)
def test_a_body_is_counted_or_chunked_or_absent(fields: tuple[bytes, ...], expected: dict[str, Any]) -> None:
    read = get(*fields)

    assert {name: getattr(read, name) for name in expected} == expected


CONNECTIONS: list[tuple[bytes, tuple[bytes, ...], bool]] = [
    (b"HTTP/1.1", (), True),
    (b"HTTP/1.1", (b"Connection: keep-alive",), True),
    (b"HTTP/1.1", (b"Connection: close",), False),
    (b"HTTP/1.1", (b"Connection: Close , x",), False),
    (b"HTTP/1.1", (b"Connection: keep-alive", b"Connection: close"), False),
    (b"HTTP/1.0", (), False),
    (b"HTTP/1.0", (b"Connection: keep-alive",), True),
    (b"HTTP/1.0", (b"Connection: Keep-Alive",), True),
    (b"HTTP/1.0", (b"Connection: keep-alive, close",), False),
]


@pytest.mark.parametrize(("version", "fields", "keeps_alive"), CONNECTIONS)
def test_a_connection_is_kept_as_asked(version: bytes, fields: tuple[bytes, ...], keeps_alive: bool) -> None:  # noqa: FBT001 - a column of the table
    assert judge(b"GET / " + version, HOST, *fields).keeps_alive is keeps_alive


UPGRADES: list[tuple[bytes | None, bytes | None]] = [
    (b"websocket", b"websocket"),
    (b"WebSocket", b"WebSocket"),
    (b"our-own/2, tcp", b"our-own/2, tcp"),
    (b"h2c", None),
    (b"H2C", None),
    (b"websocket, h2c", None),
    (b"HTTP/2.0", None),
    (b"HTTP/1.1", None),
    (b"TLS/1.0", None),
    (b"TLS/1.3, websocket", None),
    (b"h2c/2", None),
    (b'"h2c"', None),
    (b"web socket", None),
    (b"websocket;h2c", None),
    (b"", None),
    (None, None),
]


@pytest.mark.parametrize(("value", "passed"), UPGRADES)
def test_an_upgrade_is_passed_on_unless_requests_would_be_tunnelled(value: bytes | None, passed: bytes | None) -> None:
    fields = () if value is None else (b"Upgrade: " + value,)

    assert get(b"Connection: Upgrade", *fields).upgrade == passed


def test_an_upgrade_that_connection_does_not_name_is_none() -> None:
    assert get(b"Upgrade: websocket").upgrade is None
    assert get(b"Connection: keep-alive", b"Upgrade: websocket").upgrade is None


def test_a_request_with_a_body_or_of_old_upgrades_nothing() -> None:
    fields = (HOST, b"Connection: upgrade", b"Upgrade: websocket")

    assert judge(b"POST / HTTP/1.1", *fields, b"Content-Length: 1").upgrade is None
    assert judge(b"GET / HTTP/1.0", *fields).upgrade is None


EXPECTATIONS: list[tuple[bytes, tuple[bytes, ...], bool]] = [
    (b"HTTP/1.1", (b"Expect: 100-continue", b"Content-Length: 1"), True),
    (b"HTTP/1.1", (b"expect: 100-Continue", b"Transfer-Encoding: chunked"), True),
    (b"HTTP/1.1", (b"Expect: 100-continue",), False),
    (b"HTTP/1.0", (b"Expect: 100-continue", b"Content-Length: 1"), False),
    (b"HTTP/1.1", (b"Content-Length: 1",), False),
]


@pytest.mark.parametrize(("version", "fields", "expects"), EXPECTATIONS)
def test_who_expects_to_be_told_to_go_on_has_a_body(version: bytes, fields: tuple[bytes, ...], expects: bool) -> None:  # noqa: FBT001 - a column of the table
    assert judge(b"POST / " + version, HOST, *fields).expects_continue is expects


def test_fields_keep_their_bytes_case_order_and_number() -> None:
    lines = [HOST, b"x-b:2", b"X-A:   1\t", b"x-b: 2", b"Cookie: a=1", b"COOKIE: b=\xe9"]

    assert judge(b"GET / HTTP/1.1", *lines).lines == lines


GONE = [b"Connection: close", b"Keep-Alive: 5", b"Proxy-Authorization: x", b"TE: trailers", b"X-Forwarded-For: 1.2.3.4"]
GONE += [
    b"Forwarded: for=evil",
    b"X_Forwarded_For: 1",
    b"Content_Length: 5",
    b"Transfer.Encoding: chunked",
    b"Upgrade: x",
]


@pytest.mark.parametrize("line", GONE)
def test_what_ends_here_or_only_an_app_could_mistake_does_not_pass(line: bytes) -> None:
    read = get(line, b"X: 1")

    assert read.lines == [HOST, b"X: 1"]
    assert read.cut == [line]


def test_what_connection_names_ends_here_but_never_what_the_message_needs() -> None:
    fields = (
        b"Connection: x-gone, host, content-length, content-type",
        b"X-Gone: 1",
        b"Content-Length: 2",
        b"Content-Type: a",
    )

    read = get(*fields)

    assert read.lines == [HOST, b"Content-Length: 2", b"Content-Type: a"]
    assert read.length == 2


def test_a_value_can_be_read_as_text() -> None:
    read = get(b"User-Agent:  a/1\t")

    assert read.value(Kind.AGENT) == "a/1"
    assert read.value(Kind.ACCEPT) == ""
