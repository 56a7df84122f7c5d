"""WebSocket frames (RFC 6455, 5.2), only as far as a tunnel must know them: where one ends, and ours may follow."""

from typing import Final

GOING_AWAY: Final = b"\x88\x02\x03\xe9"
"""A close frame with code 1001, as a server sends it."""
GOING_AWAY_MASKED: Final = b"\x88\x82\x00\x00\x00\x00\x03\xe9"
"""The same as a client must send it; a mask of zeros masks nothing."""
_LENGTH_16, _LENGTH_64 = 126, 127
_SHORTEST = 2


class Frames:
    """Follows the frames that pass in one direction; never holds more than a frame's header."""

    __slots__ = ("_header", "_left")

    def __init__(self) -> None:
        self._header = b""
        self._left = 0

    @property
    def is_between(self) -> bool:
        """Whether a frame of ours would stand between two frames, and not within one."""
        return not (self._left or self._header)

    def follow(self, piece: bytes) -> None:
        """Go on through what passes."""
        start, end = 0, len(piece)
        while start < end:
            if self._left:
                step = min(self._left, end - start)
                self._left -= step
                start += step
                continue
            header = self._header + piece[start : start + 14 - len(self._header)]
            size = _header_size(header)
            if len(header) < size:
                self._header = header
                return
            start += size - len(self._header)
            self._header = b""
            self._left = _payload_length(header)


def _header_size(header: bytes) -> int:
    if len(header) < _SHORTEST:
        return _SHORTEST
    masked, length = header[1] >> 7, header[1] & 0x7F
    more = 2 if length == _LENGTH_16 else 8 if length == _LENGTH_64 else 0
    return _SHORTEST + more + 4 * masked


def _payload_length(header: bytes) -> int:
    length = header[1] & 0x7F
    if length == _LENGTH_16:
        return int.from_bytes(header[2:4])
    if length == _LENGTH_64:
        return int.from_bytes(header[2:10])
    return length
