"""Fields: which names there can be, what each means, and how lines become fields."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.wire import fields
from wakeproxy.wire.errors import BadMessageError, TooLargeError
from wakeproxy.wire.fields import (
    Kind,
    drop_named,
    judge_beginning,
    judge_trailers,
    kind_of,
    read_length,
    scan,
    split_lines,
    split_list,
)

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
ENDS_HERE = [b"Connection: x", b"Upgrade: x", b"Keep-Alive: x", b"Proxy-Connection: x", b"Proxy-Authenticate: x"]
ENDS_HERE += [
    b"Proxy: http://evil.test",
    b"Proxy-Authorization: x",
    b"TE: trailers",
    b"HTTP2-Settings: x",
    b"X-Forwarded-For: x",
]
ENDS_HERE += [b"X-Forwarded-Proto: x", b"X-Forwarded-Host: x", b"X-Forwarded-Port: 1", b"Forwarded: for=x"]
PASSES = [b"Host: a", b"Content-Length: 0", b"Transfer-Encoding: chunked", b"Trailer: X", b"Via: 1.1 x", b"Cookie: a=1"]
PASSES += [b"Accept-Encoding: gzip"]


@given(name=st.binary(max_size=80))
def test_a_name_is_a_token_or_refused(name: bytes) -> None:
    if TOKEN.fullmatch(name):
        assert kind_of(name) == kind_of(name), "the second time it comes from memory"
    else:
        with pytest.raises(BadMessageError):
            kind_of(name)


@pytest.mark.parametrize(
    "name", [b"Content-Length ", b" Content-Length", b"Content-Length\t", b"a b", b"", b"a\0", b"\xe9"]
)
def test_no_name_holds_white_space_or_what_no_token_can(name: bytes) -> None:
    with pytest.raises(BadMessageError):
        kind_of(name)


@given(name=st.sampled_from(sorted(fields._NAMED)), flips=st.lists(st.booleans(), min_size=40, max_size=40))
def test_a_name_means_the_same_in_any_case(name: bytes, flips: list[bool]) -> None:
    spelt = bytes(ord(chr(letter).upper()) if flip else letter for letter, flip in zip(name, flips, strict=False))

    assert kind_of(spelt) == fields._NAMED[name]


GHOSTS = [b"Content_Length", b"content_length", b"CONTENT_LENGTH", b"Transfer_Encoding", b"Transfer.Encoding"]
GHOSTS += [b"X_Forwarded_For", b"X.Forwarded.For", b"X-Forwarded_For", b"X_Forwarded-Proto", b"X_Forwarded_Host"]
GHOSTS += [b"X_Forwarded_Port", b"x_request_id", b"Proxy_Connection", b"Keep_Alive", b"http2_settings"]
GHOSTS += [b"Transfer~Encoding", b"Transfer|Encoding"]


@pytest.mark.parametrize("name", GHOSTS)
def test_what_an_app_could_take_for_one_of_ours_is_a_ghost(name: bytes) -> None:
    assert kind_of(name) == Kind.GHOST


@pytest.mark.parametrize("name", [b"X_Custom", b"user_agent", b"Content-Type", b"accept_language", b"X--Forwarded-For"])
def test_what_imitates_nothing_that_matters_passes(name: bytes) -> None:
    assert kind_of(name) != Kind.GHOST


def test_the_memory_of_names_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[bytes, int] = {}
    monkeypatch.setattr(fields, "_known", known)
    for number in range(fields._MOST_NAMES + 10):
        kind_of(b"X-%d" % number)
    kind_of(b"X-" + b"a" * 100)

    assert len(known) == fields._MOST_NAMES
    assert kind_of(b"Host") == Kind.HOST, "what does not fit is judged each time"


def test_a_long_name_is_judged_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[bytes, int] = {}
    monkeypatch.setattr(fields, "_known", known)

    assert kind_of(b"X" * 65) == Kind.PLAIN
    assert known == {}


@given(lines=st.lists(st.text("abc:\t \xe9", max_size=9).map(lambda text: text.encode("latin-1")), max_size=9))
def test_a_head_splits_into_the_lines_it_was_made_of(lines: list[bytes]) -> None:
    head = b"\r\n".join((b"first", *filter(None, lines))) + b"\r\n\r\n"

    assert split_lines(head, 9) == [b"first", *filter(None, lines)]


@given(control=st.sampled_from(sorted({*range(0x20), 0x7F} - {9})), at=st.integers(1, 20))
def test_no_control_character_stands_anywhere_in_a_head(control: int, at: int) -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    at = min(at, len(head) - 6)
    spoilt = head[:at] + bytes((control,)) + head[at:]

    with pytest.raises(BadMessageError):
        split_lines(spoilt, 9)
    with pytest.raises(BadMessageError):
        judge_beginning(spoilt)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n\n", b"\x0b", b"\x0c"])
def test_a_line_ends_in_cr_lf_and_in_nothing_else(end: bytes) -> None:
    with pytest.raises(BadMessageError):
        split_lines(b"GET / HTTP/1.1" + end + b"Host: a\r\n\r\n", 9)


def test_a_head_may_have_as_many_fields_as_agreed_and_no_more() -> None:
    assert len(split_lines(b"first\r\n" + b"a: 1\r\n" * 5 + b"\r\n", 5)) == 6
    with pytest.raises(TooLargeError) as caught:
        split_lines(b"first\r\n" + b"a: 1\r\n" * 6 + b"\r\n", 5)

    assert caught.value.status == 431


@given(upto=st.integers(0, 40))
def test_every_beginning_of_a_good_head_may_go_on(upto: int) -> None:
    judge_beginning(b"GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\tb\r\n\r\n"[:upto])


@pytest.mark.parametrize("line", [b"no colon", b"Host", b"", b" folded: 1", b"\tfolded: 1", b": 1", b"a b: 1"])
def test_a_line_that_is_no_field_is_refused(line: bytes) -> None:
    with pytest.raises(BadMessageError):
        scan([b"Host: a", line])


def test_values_of_a_repeated_field_are_joined() -> None:
    found, cut = scan([b"Connection: a", b"X: 1", b"X: 2", b"connection:b"])

    assert found == {Kind.CONNECTION: b" a,b"}
    assert cut == [b"Connection: a", b"connection:b"]


@pytest.mark.parametrize("line", ENDS_HERE)
def test_what_ends_at_this_hop_is_cut(line: bytes) -> None:
    assert scan([line])[1] == [line]


@pytest.mark.parametrize("line", PASSES)
def test_what_passes_is_not_cut(line: bytes) -> None:
    assert scan([line])[1] == []


def test_connection_takes_away_what_it_names_in_any_case() -> None:
    lines = [b"X-Gone: 1", b"x-gone: 2", b"X-Stays: 3"]

    assert drop_named(lines, [b"x-gone"]) == [b"X-Stays: 3"]


@pytest.mark.parametrize("name", [b"host", b"content-length", b"transfer-encoding", b"content-type"])
def test_connection_takes_nothing_away_that_the_message_needs(name: bytes) -> None:
    lines = [name + b": 1"]

    assert drop_named(lines, [name]) == lines


LENGTHS = [(b"0", 0), (b"3", 3), (b"007", 7), (b" 12\t", 12), (b"9" * 18, 10**18 - 1)]


@pytest.mark.parametrize(("value", "length"), LENGTHS)
def test_a_length_is_digits(value: bytes, length: int) -> None:
    assert read_length({Kind.LENGTH: value}) == length


NO_LENGTHS = [
    b"",
    b" ",
    b"+3",
    b"-3",
    b"3,3",
    b"3, 3",
    b"3,4",
    b"3 3",
    b"0x3",
    b"3.0",
    b"3_0",
    b"1e3",
    b"9" * 19,
    b"\xb2",
    b"3;",
]


@pytest.mark.parametrize("value", NO_LENGTHS)
def test_a_length_is_nothing_else(value: bytes) -> None:
    with pytest.raises(BadMessageError):
        read_length({Kind.LENGTH: value})


def test_no_length_is_none() -> None:
    assert read_length({}) is None


def test_a_list_is_split_as_lists_are() -> None:
    assert split_list(b" Keep-Alive,, x\t,Y , ") == [b"keep-alive", b"x", b"y"]


@pytest.mark.parametrize("line", [b"X-Checksum: 1", b"Server-Timing: a", b"Grpc-Status: 0"])
def test_a_trailer_may_tell_something_more(line: bytes) -> None:
    judge_trailers([line])


NEVER_TRAILING = [
    b"Host",
    b"Content-Length",
    b"Transfer-Encoding",
    b"Connection",
    b"Upgrade",
    b"TE",
    b"X-Forwarded-For",
]
NEVER_TRAILING += [
    b"Forwarded",
    b"Expect",
    b"Via",
    b"Content-Type",
    b"X_Forwarded_For",
    b"Content_Length",
    b"X-Request-Id",
]


@pytest.mark.parametrize("name", NEVER_TRAILING)
def test_a_trailer_changes_nothing_that_came_before(name: bytes) -> None:
    with pytest.raises(BadMessageError):
        judge_trailers([b"X: 1", name + b": 1"])


@pytest.mark.parametrize("line", [b"none", b" x: 1", b"x : 1", b": 1"])
def test_a_trailer_is_a_field(line: bytes) -> None:
    with pytest.raises(BadMessageError):
        judge_trailers([line])
