"""Compressed once, filled with many nonces: always the page that it would have been."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.pages.compression import compress
from wakeproxy.pages.page_samples import sample_pages
from wakeproxy.pages.pages import Pages
from wakeproxy.pages.themes import BUILT_IN

NONCE = b"5e55104e" * 3
NONCES = st.text("0123456789abcdef", min_size=24, max_size=24).map(str.encode)
LONG = ["", "a" * 70_000, "".join(map(chr, range(700))), NONCE.decode()[:-1], "\0" * 30, NONCE.decode()[1:] * 3]
PARTS = st.lists((st.text(max_size=80) | st.sampled_from(LONG)).map(str.encode), max_size=6)


@given(parts=PARTS, nonces=st.lists(NONCES, max_size=4))
def test_any_page_with_any_nonce_is_what_it_would_be_uncompressed(parts: list[bytes], nonces: list[bytes]) -> None:
    page = NONCE.join(parts)
    compressed = compress(page, NONCE)

    for nonce in (NONCE, *nonces):
        assert gzip.decompress(compressed.fill(nonce)) == page.replace(NONCE, nonce)


@given(parts=PARTS, size=st.integers(1, 300), data=st.data())
def test_a_nonce_may_have_any_length_and_any_bytes(parts: list[bytes], size: int, data: st.DataObject) -> None:
    made, other = (data.draw(st.binary(min_size=size, max_size=size)) for _ in range(2))
    page = made.join(parts)

    assert gzip.decompress(compress(page, made).fill(other)) == other.join(page.split(made))


@given(parts=PARTS, nonce=NONCES, step=st.integers(1, 700))
def test_it_can_be_read_in_pieces_and_ends_where_it_ends(parts: list[bytes], nonce: bytes, step: int) -> None:
    page = NONCE.join(parts)
    sent = compress(page, NONCE).fill(nonce)
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    read = b"".join(reader.decompress(sent[at : at + step]) for at in range(0, len(sent), step))

    assert read == page.replace(NONCE, nonce)
    assert (reader.eof, reader.unused_data) == (True, b"")


@given(parts=PARTS, nonce=NONCES)
def test_with_any_nonce_it_is_equally_long(parts: list[bytes], nonce: bytes) -> None:
    compressed = compress(NONCE.join(parts), NONCE)

    assert len(compressed.fill(nonce)) == len(compressed.fill(NONCE))


@given(head=st.lists(st.binary(max_size=20), min_size=1, max_size=3), parts=PARTS, nonce=NONCES)
def test_what_goes_before_it_gets_the_same_nonce(head: list[bytes], parts: list[bytes], nonce: bytes) -> None:
    compressed = compress(NONCE.join(parts), NONCE)

    assert compressed.after(head).fill(nonce) == nonce.join(head) + compressed.fill(nonce)


@pytest.mark.parametrize("theme", BUILT_IN)
def test_a_page_fits_into_a_connections_first_flight(pages: Pages, theme: str) -> None:
    for page in sample_pages():
        body = pages.render(theme, page, nonce=NONCE.decode())
        sent = compress(body, NONCE).fill(NONCE[::-1])

        assert gzip.decompress(sent) == body.replace(NONCE, NONCE[::-1])
        assert len(sent) < 10 * 1460 - 1000, "ten segments (RFC 6928) less a generous head"
        assert len(sent) < len(body) / 2


@given(before=st.text(max_size=80).map(str.encode), after=st.text(max_size=80).map(str.encode))
def test_a_piece_is_written_as_a_reference_to_those_before_it(before: bytes, after: bytes) -> None:
    said = bytes(range(100))
    once, twice = (compress(before + said + NONCE + after + piece, NONCE).fill(NONCE) for piece in (b"", said))

    assert len(twice) < len(once) + 20
