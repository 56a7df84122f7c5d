"""An app's answer's head: judged as strictly as a request's, for what we misread our visitors would misread too."""

import re
from typing import Final

from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import Kind, drop_named, kind_of, read_length, scan, split_lines, split_list

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_OK, _NO_CONTENT, _NOT_MODIFIED = 200, 204, 304
_FRAMING: Final = frozenset({Kind.LENGTH, Kind.CODING})


class ResponseHead:
    """What an answer says of itself. Made once a request, on the hot path: hence no dataclass."""

    __slots__ = ("body_is_chunked", "keeps_alive", "length", "lines", "passed", "status", "status_line", "upgrade")

    status: int
    status_line: bytes
    """As we send it on: the version is our own (RFC 9112, 2.5)."""
    lines: list[bytes]
    """The fields that pass."""
    passed: bytes
    """Status line and fields as they go on, once they were put together."""
    length: int | None
    """Of the body, where it is not chunked; ``None`` where it ends with the connection."""
    body_is_chunked: bool
    keeps_alive: bool
    upgrade: bytes
    """The protocol switched to."""

    def without(self, kind: int) -> "ResponseHead":
        """Make the same head without a field; this one may be another answer's, too."""
        read = ResponseHead()
        read.status, read.status_line, read.length = self.status, self.status_line, self.length
        read.body_is_chunked, read.keeps_alive, read.upgrade = self.body_is_chunked, self.keeps_alive, self.upgrade
        read.lines, read.passed = [line for line in self.lines if kind_of(line.partition(b":")[0]) != kind], b""
        return read


def read_response(head: bytes, *, to_head: bool, most_fields: int) -> ResponseHead:
    """Judge an answer's head, which ends in its empty line; ``to_head`` tells that the request was a ``HEAD``.

    Raises:
        BadMessageError: it has no single reading.
    """
    lines = split_lines(head, most_fields)
    line = lines.pop(0)
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise BadMessageError("The app's answer does not begin as HTTP/1.1 does.")
    read = ResponseHead()
    is_old = match[1] == b"0"
    read.status = int(match[2])
    read.status_line = b"HTTP/1.1" + line[8:] if is_old else line
    found, cut = scan(lines, Kind.HOP_BY_HOP)  # what only an app could mistake for ours, a visitor may read
    for each in cut:
        lines.remove(each)
    read.lines, read.passed = lines, b""
    _read_framing(read, found, is_old=is_old, to_head=to_head)
    read.keeps_alive, read.upgrade = not is_old, b""
    if cut:
        _read_connection(read, found, is_old=is_old)
    return read


def _read_framing(read: ResponseHead, found: dict[int, bytes], *, is_old: bool, to_head: bool) -> None:
    length = read_length(found)
    coding = found.get(Kind.CODING)
    if coding is not None and (length is not None or is_old or coding.strip(b" ").lower() != b"chunked"):
        raise BadMessageError("The app's answer says in two ways, or in none we know, how long it is.")
    status = read.status
    never_has_one = status < _OK or status == _NO_CONTENT
    is_bodiless = to_head or never_has_one or status == _NOT_MODIFIED
    read.body_is_chunked = coding is not None and not is_bodiless
    read.length = 0 if is_bodiless else length
    if never_has_one:
        # RFC 9110, 8.6 and RFC 9112, 6.1: they say no length, for a visitor who believed it would wait for a body.
        read.lines = [each for each in read.lines if kind_of(each.partition(b":")[0]) not in _FRAMING]


def _read_connection(read: ResponseHead, found: dict[int, bytes], *, is_old: bool) -> None:
    read.upgrade = found.get(Kind.UPGRADE, b"").strip(b" \t")
    value = found.get(Kind.CONNECTION)
    if value is None:
        return
    if value == b" keep-alive":
        read.keeps_alive = True
        return
    options = split_list(value)
    read.keeps_alive = b"close" not in options and (not is_old or b"keep-alive" in options)
    read.lines = drop_named(read.lines, options)
