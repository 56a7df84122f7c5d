"""Reads one connection's requests; fields that come again byte for byte, as a browser's do, are judged once.

A browser that asks for one image after the other changes the request line and nothing else. Then the line alone is
new, and everything that was read of the fields, and made of them, stands. Who asks the same again, as whoever polls
does, is read as before: nobody changes a head.
"""

import re
from typing import Final

from wakeproxy.wire.requests import RequestHead, read_request

_USUAL_LINE: Final = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[!\"$-~]*) HTTP/1\.1")
_LONGEST_KEPT: Final = 4096
"""Bytes of fields that a connection may keep."""


class RequestReader:
    """One connection's; what it keeps is the last request's, and leaves with the connection."""

    __slots__ = ("_block", "_last", "_line")

    def __init__(self) -> None:
        self._block = b""
        """The fields with the line end before and the empty line after them."""
        self._line = b""
        """The request line before them."""
        self._last: RequestHead | None = None

    def recall(self, data: bytes) -> RequestHead | None:
        """Read a head whose fields are the last one's, and that nothing follows; ``None`` where it is another."""
        if self._last is None or not data.endswith(self._block):
            return None
        line_end = len(data) - len(self._block)
        if line_end == len(self._line) and data.startswith(self._line):
            return self._last
        line = _USUAL_LINE.fullmatch(data, 0, line_end)
        return None if line is None else self._last.again(*line.groups())

    def read(self, head: bytes, *, most_fields: int) -> RequestHead:
        """Judge a request's head: see `read_request`.

        Raises:
            BadMessageError: it has no single reading, or is nothing we pass on.
        """
        read = read_request(head, most_fields=most_fields)
        is_path = head.startswith(b"/", len(read.method) + 1)
        if is_path and not (read.is_old or read.has_body or read.upgrade):
            line_end = head.index(b"\r\n")
            if len(head) - line_end <= _LONGEST_KEPT:
                self._line, self._block, self._last = head[:line_end], head[line_end:], read
        return read
