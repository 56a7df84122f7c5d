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

    __slots__ = ("_block", "_last", "_whole")

    def __init__(self) -> None:
        self._block = b""
        """The fields with the line end before and the empty line after them."""
        self._whole = b""
        self._last: RequestHead | None = None

    def recall(self, data: bytes) -> RequestHead | None:
        """Read a head whose fields are the last one's, and that nothing follows; ``None`` where it is another."""
        if self._last is None or not data.endswith(self._block):
            return None
        if data == self._whole:
            return self._last
        line = _USUAL_LINE.fullmatch(data, 0, len(data) - len(self._block))
        return None if line is None else self._last.again(*line.groups())

    def read(self, head: bytes, *, most_fields: int) -> RequestHead:
        """Judge a request's head: see `read_request`.

        Raises:
            BadMessageError: it has no single reading, or is nothing we pass on.
        """
        read = read_request(head, most_fields=most_fields)
        if read.target.startswith(b"/") and not (read.is_old or read.has_body or read.upgrade):
            block = head[head.index(b"\r\n") :]
            if len(block) <= _LONGEST_KEPT:
                self._block, self._whole, self._last = block, head, read
        return read
