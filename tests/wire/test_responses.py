"""Answers' heads: judged as strictly as requests', for what we misread our visitors would misread too."""

from typing import Any

import pytest

from tests.wire.ours import MOST_FIELDS, write
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.responses import ResponseHead, read_response


def judge(first_line: bytes, *fields: bytes, to_head: bool = False) -> ResponseHead:
    return read_response(write(first_line, *fields), to_head=to_head, most_fields=MOST_FIELDS)


def ok(*fields: bytes) -> ResponseHead:
    return judge(b"HTTP/1.1 200 OK", *fields)


LINES = [
    b"", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1  200 OK", b"HTTP/1.1 099 OK",
    b"HTTP/1.1 OK 200", b"HTTP/2.0 200 OK", b"HTTP/2 200", b"HTTP/1.2 200 OK", b"http/1.1 200 OK", b"ICY 200 OK",
    b" HTTP/1.1 200 OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1 200\tOK", b"HTTP/1.1 +20 OK", b"HTTP/11 200 OK", b"<html>",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_what_does_not_begin_as_an_answer_is_none(line: bytes) -> None:
    with pytest.raises(BadMessageError):
        judge(line, b"Content-Length: 0")


FIELDS: dict[str, tuple[bytes, ...]] = {
    "two lengths": (b"Content-Length: 2", b"Content-Length: 3"),
    "the same length twice": (b"Content-Length: 2", b"Content-Length: 2"),
    "a list of lengths": (b"Content-Length: 2, 2",),
    "a length that is none": (b"Content-Length: two",),
    "a length with a sign": (b"Content-Length: +2",),
    "an empty length": (b"Content-Length:",),
    "a length and chunks": (b"Content-Length: 2", b"Transfer-Encoding: chunked"),
    "an unknown coding": (b"Transfer-Encoding: gzip",),
    "a coding before chunked": (b"Transfer-Encoding: gzip, chunked",),
    "chunked twice": (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "a tab before chunked": (b"Transfer-Encoding:\tchunked",),
    "a tab after chunked": (b"Transfer-Encoding: chunked\t",),
    "an empty coding": (b"Transfer-Encoding:",),
    "a folded line": (b"X: 1", b" 2"),
    "white space before a colon": (b"Content-Length : 2",),
    "no colon": (b"X",),
    "an empty name": (b": 1",),
    "a bare line feed": (b"X: 1\nY: 2",),
    "a bare carriage return": (b"X: 1\rY: 2",),
    "a zero byte": (b"X: \0",),
    "too many fields": (b"X: 1",) * (MOST_FIELDS + 1),
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_an_answer_that_has_no_single_reading_is_none(fields: tuple[bytes, ...]) -> None:
    with pytest.raises(BadMessageError):
        ok(*fields)


def test_an_old_answer_has_no_chunks() -> None:
    with pytest.raises(BadMessageError):
        judge(b"HTTP/1.0 200 OK", b"Transfer-Encoding: chunked")


STATUS_LINES = [
    (b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", 200),
    (b"HTTP/1.1 299", b"HTTP/1.1 299", 299),
    (b"HTTP/1.1 999 ", b"HTTP/1.1 999 ", 999),
    (b"HTTP/1.0 404 Not\tF\xf8und", b"HTTP/1.1 404 Not\tF\xf8und", 404),
]


@pytest.mark.parametrize(("line", "passed", "status"), STATUS_LINES)
def test_a_status_line_passes_as_it_came_with_our_version(line: bytes, passed: bytes, status: int) -> None:
    read = judge(line, b"Content-Length: 0")

    assert (read.status_line, read.status) == (passed, status)


FRAMINGS: dict[str, tuple[bytes, tuple[bytes, ...], bool, dict[str, Any]]] = {
    "a length": (b"200", (b"Content-Length: 3",), False, {"length": 3, "body_is_chunked": False}),
    "chunks": (b"200", (b"Transfer-Encoding: Chunked ",), False, {"length": None, "body_is_chunked": True}),
    "until its end": (b"200", (), False, {"length": None, "body_is_chunked": False}),
    "204": (b"204", (), False, {"length": 0, "body_is_chunked": False}),
    "304 with a length": (b"304", (b"Content-Length: 3",), False, {"length": 0, "body_is_chunked": False}),
    "304 with chunks": (b"304", (b"Transfer-Encoding: chunked",), False, {"length": 0, "body_is_chunked": False}),
    "interim": (b"103", (b"Link: </a>",), False, {"length": 0, "body_is_chunked": False}),
    "HEAD with a length": (b"200", (b"Content-Length: 3",), True, {"length": 0, "body_is_chunked": False}),
    "HEAD with chunks": (b"200", (b"Transfer-Encoding: chunked",), True, {"length": 0, "body_is_chunked": False}),
    "205 has a body like any": (b"205", (b"Content-Length: 3",), False, {"length": 3, "body_is_chunked": False}),
}


@pytest.mark.parametrize(("status", "fields", "to_head", "expected"), FRAMINGS.values(), ids=FRAMINGS)
def test_how_long_an_answer_is(
    status: bytes,
    fields: tuple[bytes, ...],
    to_head: bool,  # noqa: FBT001 - a column of the table
    expected: dict[str, Any],
) -> None:
    read = judge(b"HTTP/1.1 " + status, *fields, to_head=to_head)

    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize("status", [b"304", b"200"])
def test_the_length_that_a_body_would_have_is_told(status: bytes) -> None:
    fields = (b"Content-Length: 3",)

    assert judge(b"HTTP/1.1 " + status, *fields, to_head=True).lines == list(fields)


@pytest.mark.parametrize("status", [b"204", b"100", b"103"])
@pytest.mark.parametrize("framing", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
def test_an_answer_that_never_has_a_body_says_nothing_of_its_length(status: bytes, framing: bytes) -> None:
    assert judge(b"HTTP/1.1 " + status, b"X: 1", framing).lines == [b"X: 1"]


CONNECTIONS: list[tuple[bytes, tuple[bytes, ...], bool]] = [
    (b"HTTP/1.1", (), True),
    (b"HTTP/1.1", (b"Connection: close",), False),
    (b"HTTP/1.1", (b"Connection: keep-alive",), True),
    (b"HTTP/1.1", (b"Connection: Keep-Alive, Close",), False),
    (b"HTTP/1.0", (), False),
    (b"HTTP/1.0", (b"Connection: keep-alive",), True),
    (b"HTTP/1.0", (b"Connection: Keep-Alive",), True),
]


@pytest.mark.parametrize(("version", "fields", "keeps_alive"), CONNECTIONS)
def test_an_apps_connection_is_kept_as_it_says(version: bytes, fields: tuple[bytes, ...], keeps_alive: bool) -> None:  # noqa: FBT001 - a column of the table
    assert judge(version + b" 200 OK", b"Content-Length: 0", *fields).keeps_alive is keeps_alive


def test_fields_keep_their_bytes_case_order_and_number() -> None:
    lines = [
        b"Set-Cookie: a=1",
        b"set-cookie:b=2 ",
        b"X: \xe9",
        b"Content-Length: 0",
        b"Server: app",
        b"X_Forwarded_For: 1",
    ]

    assert ok(*lines).lines == lines


def test_what_ends_at_this_hop_does_not_pass() -> None:
    read = ok(
        b"Connection: x-gone, content-length", b"X-Gone: 1", b"Keep-Alive: 5", b"Upgrade: h2", b"Content-Length: 0"
    )

    assert read.lines == [b"Content-Length: 0"]


def test_the_protocol_switched_to_is_read() -> None:
    read = judge(b"HTTP/1.1 101 Switching Protocols", b"Connection: Upgrade", b"Upgrade: websocket")

    assert read.upgrade == b"websocket"
    assert read.lines == []
