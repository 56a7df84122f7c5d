"""A connection's reader: what comes again is read as it was read before, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.upstream.wire import head
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.reader import RequestReader
from wakeproxy.wire.requests import RequestHead, read_request

FIELDS = ("Host: shop.test", "Accept: */*", "Connection: keep-alive", "Cookie: a=1")
GET = head("GET /one?x HTTP/1.1", *FIELDS)


def read(*heads: bytes) -> RequestHead:
    """Read heads one after the other on one connection; the last one's reading."""
    reader = RequestReader()
    for each in heads[:-1]:
        reader.read(each, most_fields=100)
    return reader.recall(heads[-1]) or reader.read(heads[-1], most_fields=100)


def facts(read: RequestHead) -> dict[str, object]:
    return {name: getattr(read, name) for name in RequestHead.__annotations__}


@pytest.mark.parametrize("line", ["GET /one?x", "GET /two", "POST /one?x", "DELETE /%2F", "HEAD /"])
def test_another_line_over_the_same_fields_is_recalled_as_it_would_be_read(line: str) -> None:
    again = head(f"{line} HTTP/1.1", *FIELDS)
    reader = RequestReader()
    reader.read(GET, most_fields=100)
    recalled = reader.recall(again)

    assert recalled is not None
    assert facts(recalled) == facts(read_request(again, most_fields=100))


@pytest.mark.parametrize("same", [GET, head("PURGE /?x HTTP/1.1", *FIELDS)])
def test_the_same_again_is_read_as_before(same: bytes) -> None:
    reader = RequestReader()
    first = reader.read(same, most_fields=100)

    assert reader.recall(bytes(bytearray(same))) is first


@pytest.mark.parametrize(
    "other",
    [
        head("GET /one?x HTTP/1.1", *FIELDS[:-1], "Cookie: a=2"),
        head("GET /one?x HTTP/1.1", *FIELDS, "X-More: 1"),
        head("GET /one?x HTTP/1.1", "X-More: 1", *FIELDS),
        head("GET /one?x HTTP/1.0", *FIELDS),
        head("GET http://shop.test/one HTTP/1.1", *FIELDS),
        head("PURGE /one HTTP/1.1", *FIELDS),
        GET + b"and more",
        GET[:-1],
    ],
    ids=["a value", "a field after", "a field before", "a version", "a form", "a method", "bytes after", "a part"],
)
def test_what_differs_in_anything_else_is_not_recalled(other: bytes) -> None:
    reader = RequestReader()
    reader.read(GET, most_fields=100)

    assert reader.recall(other) is None


@pytest.mark.parametrize(
    "line", ["CONNECT shop.test:443 HTTP/1.1", "TRACE / HTTP/1.1", "GET /a b HTTP/1.1", "GET  / HTTP/1.1"]
)
def test_what_is_refused_is_refused_over_known_fields_too(line: str) -> None:
    with pytest.raises(BadMessageError):
        read(GET, head(line, *FIELDS))


@pytest.mark.parametrize(
    "first",
    [
        head("POST / HTTP/1.1", *FIELDS, "Content-Length: 3"),
        head("POST / HTTP/1.1", *FIELDS, "Transfer-Encoding: chunked"),
        head("GET / HTTP/1.0", *FIELDS),
        head("GET / HTTP/1.1", "Host: shop.test", "Connection: Upgrade", "Upgrade: websocket"),
        head("GET http://shop.test/ HTTP/1.1", *FIELDS),
        head("GET / HTTP/1.1", *FIELDS, "X-Long: " + "x" * 5000),
    ],
    ids=["a body", "chunks", "an old client", "an upgrade", "absolute form", "too long to keep"],
)
def test_what_is_more_than_its_line_and_fields_is_not_kept(first: bytes) -> None:
    reader = RequestReader()
    reader.read(first, most_fields=100)

    assert reader.recall(first) is None


def test_nothing_is_recalled_on_a_new_connection() -> None:
    assert RequestReader().recall(GET) is None


@given(st.binary(max_size=40), st.integers(0, len(GET)))
def test_whatever_is_recalled_is_what_would_be_read(noise: bytes, at: int) -> None:
    changed = GET[:at] + noise + GET[at:]
    reader = RequestReader()
    reader.read(GET, most_fields=100)
    recalled = reader.recall(changed)

    if recalled is not None:
        assert facts(recalled) == facts(read_request(changed, most_fields=100))
