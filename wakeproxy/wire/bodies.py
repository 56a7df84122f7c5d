"""Bodies on their way through: followed to their end, never rebuilt, never collected.

Each kind tells how far it reaches into a piece of bytes, and knows when it is over.
"""

import re
from typing import Final, Protocol

from wakeproxy.wire.errors import BadMessageError, TooLargeError
from wakeproxy.wire.fields import judge_beginning, judge_trailers, split_lines

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED: Final = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_SIZE_LINE: Final = re.compile(rb"([0-9a-fA-F]{1,15})(?:;%b(?:=(?:%b|%b))?)*\r\n" % (_TOKEN, _TOKEN, _QUOTED))
"""No white space around an extension: RFC 9112 allows it in words, and no two parsers agree on it."""
_PART_OF_LINE: Final = re.compile(rb"[0-9a-fA-F]{1,15}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?")
"""What came of a line has passed on before the line is whole: it must not be a whole one to others."""
_LONGEST_LINE: Final = 1024
_OVERHEAD: Final = 16 * 1024
"""So many bytes of framing beyond twice the content are taken for an attack, as Go does (CVE-2023-39326)."""


class Body(Protocol):
    """A body that is followed."""

    is_over: bool
    payload: list[bytes] | None
    """Where it is a list, the content without its framing is added to it."""

    def follow(self, piece: bytes, start: int) -> int:
        """Go on through ``piece`` from ``start``; where the body ends in it, or its length if it goes on.

        Raises:
            BadMessageError: this is no body of its kind any more.
        """
        ...


class Counted:
    """A body of known length."""

    __slots__ = ("is_over", "left")
    payload: list[bytes] | None = None

    def __init__(self, length: int) -> None:
        self.left = length
        self.is_over = not length

    def follow(self, piece: bytes, start: int) -> int:
        """Go on: see `Body`."""
        there = len(piece) - start
        if there < self.left:
            self.left -= there
            return len(piece)
        end = start + self.left
        self.left = 0
        self.is_over = True
        return end


class UntilClose:
    """An answer that ends with its connection."""

    __slots__ = ("is_over",)
    payload: list[bytes] | None = None

    def __init__(self) -> None:
        self.is_over = False

    def follow(self, piece: bytes, start: int) -> int:
        """Go on: see `Body`."""
        del start
        return len(piece)


class Chunked:
    """A chunked body (RFC 9112, 7.1).

    States: between chunks (``left`` is 0), within one (its line end counts as the last two bytes), in the trailers.
    """

    __slots__ = ("_in_trailers", "_most_bytes", "_most_fields", "_overhead", "_part", "is_over", "left", "payload")

    def __init__(self, *, most_bytes: int, most_fields: int) -> None:
        self.left = 0
        self.is_over = False
        self.payload: list[bytes] | None = None
        self._part = b""
        self._in_trailers = False
        self._overhead = 0
        self._most_bytes = most_bytes
        self._most_fields = most_fields

    def follow(self, piece: bytes, start: int) -> int:
        """Go on: see `Body`."""
        end = len(piece)
        while start < end and not self.is_over:
            if self.left:
                start = self._pass_content(piece, start)
            elif self._in_trailers:
                start = self._read_trailers(piece, start)
            else:
                start = self._read_size(piece, start)
        return start

    def _pass_content(self, piece: bytes, start: int) -> int:
        content = self.left - 2
        if content > 0:
            stop = min(start + content, len(piece))
            if self.payload is not None:
                self.payload.append(piece[start:stop])
            self.left -= stop - start
            return stop
        if piece[start] != b"\n\r"[self.left - 1]:
            raise BadMessageError("A chunk is longer than it said.")
        self.left -= 1
        return start + 1

    def _read_size(self, piece: bytes, start: int) -> int:
        stop = piece.find(b"\n", start) + 1
        line = self._part + piece[start : stop or len(piece)]
        if len(line) > _LONGEST_LINE:
            raise BadMessageError("A chunk's first line is too long.")
        if not stop:
            if not _PART_OF_LINE.fullmatch(line):
                raise BadMessageError("A chunk does not begin with its size.")
            self._part = line
            return len(piece)
        self._part = b""
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise BadMessageError("A chunk does not begin with its size.")
        size = int(match[1], 16)
        self._overhead = max(self._overhead + len(line) - 16 - 2 * size, 0)
        if self._overhead > _OVERHEAD:
            raise BadMessageError("The chunks of a body are more framing than content.")
        if size:
            self.left = size + 2
        else:
            self._in_trailers = True
        return stop

    def _read_trailers(self, piece: bytes, start: int) -> int:
        """Collect the trailers and the empty line after them, then judge them as a head's fields are."""
        before = len(self._part)
        seen = self._part + piece[start:]
        stop = _end_of_trailers(seen)
        if (stop or len(seen)) > self._most_bytes:
            raise TooLargeError("The trailers of a body are too long.")
        if not stop:
            judge_beginning(seen)
            self._part = seen
            return len(piece)
        if not seen.startswith(b"\r\n"):
            judge_trailers(split_lines(seen[:stop], self._most_fields))
        self._part = b""
        self.is_over = True
        return start + stop - before


def _end_of_trailers(seen: bytes) -> int:
    if seen.startswith(b"\r\n"):
        return 2
    found = seen.find(b"\r\n\r\n")
    return 0 if found < 0 else found + 4


def take_content(body: Body, piece: bytes) -> tuple[int, bytes]:
    """Go on through a piece from its beginning: where the body ends in it, and its content without the framing.

    Raises:
        BadMessageError: this is no body of its kind any more.
    """
    if isinstance(body, Chunked) and body.payload is None:
        body.payload = []
    end = body.follow(piece, 0)
    if body.payload is None:
        return end, piece[:end]
    content = b"".join(body.payload)
    body.payload.clear()
    return end, content
