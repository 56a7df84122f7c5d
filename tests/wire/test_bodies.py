"""Bodies: followed to their end, however they are cut, and judged on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.ours import MOST_BYTES, MOST_FIELDS, follow, new_chunked
from wakeproxy.wire.bodies import Body, Chunked, Counted, UntilClose, take_content
from wakeproxy.wire.errors import BadMessageError

EXTENSIONS = [b"", b";a", b";a=b", b';a="b c"', b';a="\\""', b";a=1;b=2", b";chunk-signature=0f"]
TRAILERS = [b"", b"X: 1\r\n", b"X-Sum: a\tb\r\ny:\xe9\r\n"]
chunks = st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.sampled_from(EXTENSIONS)), max_size=6)
cuts = st.lists(st.integers(0, 200), max_size=12)


def write_chunks(parts: list[tuple[bytes, bytes]], trailers: bytes = b"") -> bytes:
    framed = (b"%X%s\r\n%s\r\n" % (len(content), extension, content) for content, extension in parts)
    return b"".join(framed) + b"0\r\n" + trailers + b"\r\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    stops = sorted({min(place, len(data)) for place in places} | {len(data)})
    return [data[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


@given(parts=chunks, trailers=st.sampled_from(TRAILERS), places=cuts, rest=st.binary(max_size=20))
def test_a_chunked_body_is_the_same_however_it_is_cut(
    parts: list[tuple[bytes, bytes]], trailers: bytes, places: list[int], rest: bytes
) -> None:
    wire = write_chunks(parts, trailers)

    body = new_chunked()
    assert follow(body, cut(wire + rest, places)) == (wire, b"".join(content for content, _ in parts), rest)
    assert body.is_over


def outcome(body: Body, pieces: list[bytes]) -> tuple[bool, tuple[bytes, bytes, bytes]] | type[Exception]:
    try:
        return (True, follow(body, pieces)) if body.is_over else (body.is_over, follow(body, pieces))
    except BadMessageError as error:
        return type(error)


@given(wire=st.text('0123aAfF;=\r\n\r\nx:" \t', max_size=60).map(str.encode), places=cuts)
def test_whatever_it_is_it_is_the_same_however_it_is_cut(wire: bytes, places: list[int]) -> None:
    assert outcome(new_chunked(), cut(wire, places)) == outcome(new_chunked(), [wire])


@pytest.mark.parametrize("wire", [b"3\r\nabc\r\n0\r\n\r\n", b"3;a=b\r\nabc\r\n00\r\nX: 1\r\nY: 2\r\n\r\n"])
def test_every_cut_of_a_body_in_two_or_in_bytes_gives_the_same(wire: bytes) -> None:
    for at in range(len(wire)):
        assert follow(new_chunked(), [wire[:at], wire[at:] + b"GET"]) == (wire, b"abc", b"GET")
    assert follow(new_chunked(), [wire[at : at + 1] for at in range(len(wire))]) == (wire, b"abc", b"")


SIZES = [
    b"",
    b" 3",
    b"3 ",
    b"\t3",
    b"+3",
    b"-3",
    b"0x3",
    b"3h",
    b"g",
    b"3\t",
    b"1" * 16,
    b"3,",
    b"3 ;a",
    b"\xb3",
    b"\0003",
    b"3\0",
]


@pytest.mark.parametrize("size", SIZES)
def test_a_chunk_begins_with_its_size_in_plain_digits(size: bytes) -> None:
    with pytest.raises(BadMessageError):
        follow(new_chunked(), [size + b"\r\nabc\r\n0\r\n\r\n"])


NO_EXTENSIONS = [
    b";",
    b";;",
    b"; a",
    b";a ",
    b";a = b",
    b";a b",
    b";a,b",
    b";a=(b)",
    b";\x80",
    b";a=\xff",
    b";a=b;",
    b";=",
]
NO_EXTENSIONS += [b";a=", b';a="b', b';a="b"c', b';a="\x01"', b';a="\\"', b" ;a", b";a\t"]


@pytest.mark.parametrize("extension", NO_EXTENSIONS)
def test_an_extension_is_one_that_everybody_reads_alike(extension: bytes) -> None:
    with pytest.raises(BadMessageError):
        follow(new_chunked(), [b"3" + extension + b"\r\nabc\r\n0\r\n\r\n"])


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\n\r", b"\r\r\n", b" \r\n"])
def test_a_chunks_first_line_ends_in_cr_lf(end: bytes) -> None:
    with pytest.raises(BadMessageError):
        follow(new_chunked(), [b"3" + end + b"abc\r\n0\r\n\r\n"])


@pytest.mark.parametrize(
    "part", [b"3\rX", b"3\r\r", b"0\r\n\n", b"0\r\nX: 1\n\n", b"0\r\nX: 1\r\r", b"0\r\nX: 1\0", b"0;\r\r", b"x"]
)
def test_what_could_end_a_line_for_others_is_refused_before_the_line_is_whole(part: bytes) -> None:
    with pytest.raises(BadMessageError):
        new_chunked().follow(part, 0)


@pytest.mark.parametrize("content", [b"abcd\r\n", b"abc\n", b"abc\r\r", b"abcX\r\n", b"ab\r\n\r\n", b"abc\r0"])
def test_a_chunk_is_as_long_as_it_says(content: bytes) -> None:
    with pytest.raises(BadMessageError):
        follow(new_chunked(), [b"3\r\n" + content + b"0\r\n\r\n"])


def test_a_chunks_first_line_has_an_end() -> None:
    for pieces in ([b"3;a=" + b"x" * 1030 + b"\r\n"], [b"3;a=", b"x" * 600, b"x" * 600], [b"3" * 1100]):
        with pytest.raises(BadMessageError):
            follow(new_chunked(), pieces)


def test_framing_must_not_outgrow_content() -> None:
    line = b"1;a=" + b"x" * 900 + b"\r\nc\r\n"

    with pytest.raises(BadMessageError):
        follow(new_chunked(), [line * 30])


def test_small_chunks_are_no_attack() -> None:
    wire = write_chunks([(b"c", b"")] * 20_000)

    assert follow(new_chunked(), [wire])[1] == b"c" * 20_000


@pytest.mark.parametrize(
    "trailer", [b"Content-Length: 3", b"Host: a", b"X_Forwarded_For: a", b"none", b" x: 1", b"X: a\0", b"X: a\nb"]
)
def test_trailers_are_judged(trailer: bytes) -> None:
    with pytest.raises(BadMessageError):
        follow(new_chunked(), [b"0\r\nX: 1\r\n" + trailer + b"\r\n\r\n"])


def test_trailers_have_an_end() -> None:
    for pieces in ([b"0\r\n", *[b"X: " + b"a" * 500 + b"\r\n"] * 5], [b"0\r\nX: " + b"a" * MOST_BYTES + b"\r\n\r\n"]):
        with pytest.raises(BadMessageError) as caught:
            follow(new_chunked(), pieces)
        assert caught.value.status == 431


def test_trailers_are_as_many_as_a_heads_fields_may_be() -> None:
    follow(new_chunked(), [b"0\r\n" + b"X: 1\r\n" * MOST_FIELDS + b"\r\n"])
    with pytest.raises(BadMessageError):
        follow(new_chunked(), [b"0\r\n" + b"X: 1\r\n" * (MOST_FIELDS + 2) + b"\r\n"])


def test_content_is_collected_only_where_it_is_wanted() -> None:
    body = Chunked(most_bytes=MOST_BYTES, most_fields=MOST_FIELDS)

    assert body.follow(b"3\r\nabc\r\n0\r\n\r\nrest", 0) == 13
    assert body.payload is None


def test_a_body_may_begin_within_a_piece() -> None:
    assert new_chunked().follow(b"head3\r\nabc\r\n0\r\n\r\nrest", 4) == 17
    assert Counted(3).follow(b"headabcrest", 4) == 7
    assert UntilClose().follow(b"headabc", 4) == 7


@given(length=st.integers(0, 60), places=cuts, rest=st.binary(max_size=20))
def test_a_counted_body_ends_where_it_said(length: int, places: list[int], rest: bytes) -> None:
    body = Counted(length)
    assert body.is_over is (length == 0)

    passed, _, left = follow(body, cut(b"x" * length + rest, places))

    assert (passed, left) == (b"x" * length, rest)
    assert body.is_over


def test_a_counted_body_that_has_not_all_come_goes_on() -> None:
    body = Counted(5)

    assert body.follow(b"abc", 0) == 3
    assert (body.is_over, body.left) == (False, 2)


def test_what_ends_with_its_connection_is_never_over() -> None:
    body = UntilClose()

    assert follow(body, [b"abc", b"", b"def"]) == (b"abcdef", b"abcdef", b"")
    assert not body.is_over


def test_the_content_of_a_body_is_taken_out_of_its_framing() -> None:
    chunked, counted = Chunked(most_bytes=MOST_BYTES, most_fields=MOST_FIELDS), Counted(5)

    assert take_content(chunked, b"3\r\nab") == (5, b"ab")
    assert take_content(chunked, b"c\r\n0\r\n\r\nmore") == (8, b"c")
    assert chunked.is_over
    assert take_content(counted, b"hello, more") == (5, b"hello")
