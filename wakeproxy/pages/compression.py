"""Pages as gzip, compressed once for all who get them with different nonces.

What stands between the nonces is deflated piece by piece, and each nonce is a stored block, to which nothing refers:
with another nonce only those bytes differ, and the CRC32 at the end. That need not be computed anew, for CRC32 is
linear: what a nonce adds to its page's is the nonce's own, multiplied by a polynomial that depends only on where it
stands.
"""

import zlib
from dataclasses import dataclass
from typing import Final, TypeAlias

_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""Of a gzip member: deflate, no name, no time, any system (RFC 1952, 2.3)."""
_NOTHING: Final = b"\0\0\xff\xff"
"""The length of a stored block that holds nothing, with which a flush ends (RFC 1951, 3.2.4)."""
_ABSENT: Final = b"\xff"
"""No UTF-8 holds it."""
_LEVEL: Final = 9
_POLYNOMIAL: Final = 0xEDB88320
"""CRC32's (RFC 1952, 8); the highest bit of such a number is the coefficient of 1, the lowest that of x^31."""
_ONE: Final = 0x80000000
_ALL: Final = 0xFFFFFFFF

Tables: TypeAlias = tuple[list[int], list[int], list[int], list[int]]


@dataclass(frozen=True, slots=True)
class Compressed:
    """A gzip member (RFC 1952) that waits for its nonce."""

    pieces: list[bytes]
    """Between the nonces."""
    tables: Tables
    """The products of the polynomial and each value that a byte of a nonce's CRC32 can have, the lowest byte first."""
    crc: int
    """The page's CRC32 without what its nonce adds."""
    size: bytes
    """The page's length, as a gzip member ends with it."""

    def after(self, head: list[bytes]) -> "Compressed":
        """Put something in front of it that is not compressed, cut where the same nonce stands."""
        pieces = [*head[:-1], head[-1] + self.pieces[0], *self.pieces[1:]]
        return Compressed(pieces, self.tables, self.crc, self.size)

    def fill(self, nonce: bytes) -> bytes:
        """Write it with a nonce, which must be as long as the one it was made with: a quarter of a microsecond."""
        crc = self.crc ^ _multiply(self.tables, zlib.crc32(nonce))
        return nonce.join(self.pieces) + (crc.to_bytes(4, "little") + self.size)


def compress(page: bytes, nonce: bytes) -> Compressed:
    """Compress a page in UTF-8 that was rendered with a nonce: 20 KB take a millisecond.

    Raises:
        OverflowError: the nonce is longer than 65,535 bytes, the most that a block can store.
    """
    pieces = page.split(nonce)
    tables = _make_tables(_find_factor([len(piece) for piece in pieces], len(nonce)))
    crc = zlib.crc32(page) ^ _multiply(tables, zlib.crc32(nonce))
    return Compressed(_deflate(pieces, len(nonce)), tables, crc, len(page).to_bytes(4, "little"))


def _deflate(pieces: list[bytes], gap: int) -> list[bytes]:
    """Deflate each piece, and begin the nonce's stored block after it.

    A piece refers to what is before it, but not to a nonce: the dictionary holds none.
    """
    stored = gap.to_bytes(2, "little") + (gap ^ 0xFFFF).to_bytes(2, "little")
    before, deflated = b"", list[bytes]()
    for piece in pieces[:-1]:
        flushed = _deflate_one(piece, before, zlib.Z_SYNC_FLUSH)
        deflated.append(flushed.removesuffix(_NOTHING) + stored)
        before += piece + _ABSENT * gap
    deflated.append(_deflate_one(pieces[-1], before, zlib.Z_FINISH))
    deflated[0] = _HEADER + deflated[0]
    return deflated


def _deflate_one(piece: bytes, before: bytes, end: int) -> bytes:
    deflate = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS, zdict=before)
    return deflate.compress(piece) + deflate.flush(end)


# CRC32 as arithmetic of polynomials over GF(2), modulo its own.


def _find_factor(lengths: list[int], gap: int) -> int:
    """Add up x^(8 n) for each nonce of so many bytes; n bytes come after it."""
    factor = 0
    for length in lengths[1:]:
        factor = _shift(_shift(factor, gap) ^ _ONE, length)
    return factor


def _shift(value: int, count: int) -> int:
    """Multiply by x^(8 count), as so many zero bytes do."""
    return zlib.crc32(bytes(count), value ^ _ALL) ^ _ALL


def _make_tables(factor: int) -> Tables:
    products = [factor]
    for _ in range(31):
        last = products[-1]
        products.append(last >> 1 ^ (_POLYNOMIAL if last & 1 else 0))
    lowest, low, high, highest = (_make_table(products[end - 8 : end]) for end in (32, 24, 16, 8))
    return lowest, low, high, highest


def _make_table(products: list[int]) -> list[int]:
    """Add up the products of eight powers in every way there is."""
    table = [0]
    for product in reversed(products):
        table += [product ^ known for known in table]
    return table


def _multiply(tables: Tables, value: int) -> int:
    lowest, low, high, highest = tables
    return lowest[value & 255] ^ low[value >> 8 & 255] ^ high[value >> 16 & 255] ^ highest[value >> 24]
