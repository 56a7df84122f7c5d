"""A request's head: judged whole, or refused (RFC 9110, 9112). What passes keeps its own bytes, case and order.

Between this reading and the app's there is no room for a second one: framing is unambiguous, the target is a path of
the host in ``Host``, and nothing that could be taken for a field of ours gets through.
"""

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from wakeproxy.core.names import Host, parse_host
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import Kind, drop_named, read_length, scan, split_lines, split_list

_METHOD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}")
_TARGET: Final = re.compile(rb"[!\"$-~]+")
"""Visible ASCII (RFC 3986, 2); without ``#``, for a fragment is never sent (RFC 9112, 3.2)."""
_VERSION: Final = re.compile(rb"HTTP/[0-9]\.[0-9]")
_ABSOLUTE: Final = re.compile(rb"https?://([^/?]*)(.*)", re.IGNORECASE | re.DOTALL)
_REFUSED_METHODS: Final = frozenset({b"CONNECT", b"TRACE"})
"""We are no open proxy; and ``TRACE`` would tell a page the fields that browsers and we add (RFC 9110, 9.3.8)."""
_PROTOCOL: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9a-z]+)(?:/[!#$%&'*+\-.^_`|~0-9a-z]+)?")
_SMUGGLERS: Final = frozenset({b"h2c", b"h2", b"h3", b"http", b"shttp", b"tls"})
"""A tunnel of these, in any version (``TLS/1.0``, RFC 2817), would carry requests that nobody judged."""
_CHUNKED: Final = b"chunked"


class RequestHead:
    """What a request says of itself. Made once a request, on the hot path: hence no dataclass."""

    __slots__ = (
        "asked",
        "body_is_chunked",
        "cut",
        "expects_continue",
        "facts",
        "forwarded",
        "found",
        "host",
        "is_old",
        "keeps_alive",
        "length",
        "lines",
        "method",
        "port",
        "target",
        "upgrade",
    )

    method: bytes
    target: bytes
    """Path and query, as they came."""
    host: Host
    port: int | None
    """As written in ``Host``."""
    is_old: bool
    """It speaks HTTP/1.0."""
    keeps_alive: bool
    length: int
    """Of the body, where it is not chunked."""
    body_is_chunked: bool
    upgrade: bytes | None
    """The protocol asked for, if it can be passed on."""
    expects_continue: bool
    lines: list[bytes]
    """The fields that pass."""
    cut: list[bytes]
    """The fields that end here."""
    found: dict[int, bytes]
    """Values of the fields that mean something here, by `Kind`."""
    forwarded: bytes
    """The fields as they go on, once they were composed."""
    facts: tuple[str, bool, bool, bool, bool] | None
    """What the front made of the fields, once it did."""
    asked: object
    """What the front made of the whole, once it did: of each request on a connection that came byte for byte so."""

    @property
    def has_body(self) -> bool:
        """Whether a body follows."""
        return self.body_is_chunked or self.length > 0

    def again(self, method: bytes, target: bytes) -> "RequestHead":
        """Make the head of another request with the very same fields and without a body."""
        read = RequestHead()
        read.method, read.target = method, target
        read.host, read.port = self.host, self.port
        read.is_old, read.keeps_alive = self.is_old, self.keeps_alive
        read.length, read.body_is_chunked = 0, False
        read.upgrade, read.expects_continue = None, self.expects_continue
        read.lines, read.cut, read.found = self.lines, self.cut, self.found
        read.forwarded, read.facts, read.asked = self.forwarded, self.facts, None
        return read

    def with_lines(self, lines: list[bytes]) -> "RequestHead":
        """Make the same head with other fields passing; this one may be another request's, too."""
        read = self.again(self.method, self.target)
        read.length, read.body_is_chunked, read.upgrade = self.length, self.body_is_chunked, self.upgrade
        read.lines, read.found, read.forwarded = lines, dict(self.found), b""
        return read

    def value(self, kind: int) -> str:
        """Read a field, by its `Kind`, as text; empty where it is absent."""
        raw = self.found.get(kind)
        return "" if raw is None else raw.strip(b" \t").decode("latin-1")


def read_request(head: bytes, *, most_fields: int) -> RequestHead:
    """Judge a request's head, which ends in its empty line.

    Raises:
        BadMessageError: it has no single reading, or is nothing we pass on.
    """
    lines = split_lines(head, most_fields)
    read = RequestHead()
    target = _read_line(read, lines.pop(0))
    read.found, read.cut = found, cut = scan(lines)
    for line in cut:
        lines.remove(line)
    read.lines, read.forwarded, read.facts, read.asked = lines, b"", None, None
    read.host, read.port = _read_host(found)
    read.target = target if target.startswith(b"/") else _relative(target, found[Kind.HOST].strip(b" \t"))
    read.length, read.body_is_chunked = 0, False
    if Kind.LENGTH in found or Kind.CODING in found:
        _read_framing(read, found)
    read.expects_continue = Kind.EXPECT in found and _expects(read, found[Kind.EXPECT])
    read.keeps_alive, read.upgrade = not read.is_old, None
    connection = found.get(Kind.CONNECTION)
    if connection is not None:
        _read_connection(read, connection)
    return read


def _read_line(read: RequestHead, line: bytes) -> bytes:
    """Take the request line apart; the target is judged further once the host is known."""
    parts = line.split(b" ")
    if len(parts) != 3 or not _METHOD.fullmatch(parts[0]) or not _TARGET.fullmatch(parts[1]):  # noqa: PLR2004
        raise BadMessageError("A request's first line is not a method, a target and a version.")
    read.method, target, version = parts
    read.is_old = version == b"HTTP/1.0"
    if not read.is_old and version != b"HTTP/1.1":
        if _VERSION.fullmatch(version):
            raise BadMessageError("Only HTTP/1.1 and HTTP/1.0 are spoken.", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        raise BadMessageError("A request's first line does not end in a version of HTTP.")
    if read.method in _REFUSED_METHODS:
        raise BadMessageError("CONNECT and TRACE are not served.", HTTPStatus.NOT_IMPLEMENTED)
    return target


def _read_host(found: dict[int, bytes]) -> tuple[Host, int | None]:
    value = found.get(Kind.HOST)
    read = None if value is None else _parse_authority(value)
    if read is None:
        raise BadMessageError("A request needs exactly one Host field that names one host.")
    return read


@lru_cache(maxsize=4096)
def _parse_authority(value: bytes) -> tuple[Host, int | None] | None:
    text = value.strip(b" \t").decode("latin-1")
    host = parse_host(text)
    if host is None:
        return None
    digits = text.rpartition(":")[2] if text[-1].isdigit() and ":" in text.rpartition("]")[2] else ""
    return host, int(digits) if digits else None


def _relative(target: bytes, authority: bytes) -> bytes:
    """Take the path and query of a target in absolute form, if it agrees with ``Host`` (RFC 9112, 3.2.2)."""
    match = _ABSOLUTE.fullmatch(target)
    if match is None or match[1].lower() != authority.lower():
        raise BadMessageError("The request's target must be a path of the host named in its Host field.")
    rest: bytes = match[2]
    return rest if rest.startswith(b"/") else b"/" + rest


def _read_framing(read: RequestHead, found: dict[int, bytes]) -> None:
    length = read_length(found)
    coding = found.get(Kind.CODING)
    read.body_is_chunked = coding is not None
    read.length = length or 0
    if coding is None:
        return
    if coding.strip(b" ").lower() != _CHUNKED:  # a tab around it hides it from some (llhttp refuses it)
        raise BadMessageError("A body may be chunked, and nothing else.", HTTPStatus.NOT_IMPLEMENTED)
    if length is not None or read.is_old:
        raise BadMessageError("A chunked body has no Content-Length and needs HTTP/1.1.")


def _read_connection(read: RequestHead, value: bytes) -> None:
    if value == b" keep-alive":
        read.keeps_alive = True
        return
    options = split_list(value)
    read.keeps_alive = b"close" not in options and (not read.is_old or b"keep-alive" in options)
    if b"upgrade" in options and not (read.has_body or read.is_old):
        read.upgrade = _read_upgrade(read.found.get(Kind.UPGRADE, b""))
    read.lines = drop_named(read.lines, options)
    if b"x-request-id" in options:
        read.found.pop(Kind.REQUEST_ID, None)


def _expects(read: RequestHead, value: bytes) -> bool:
    if value.strip(b" \t").lower() != b"100-continue":
        raise BadMessageError("An expectation other than 100-continue cannot be met.", HTTPStatus.EXPECTATION_FAILED)
    return read.has_body and not read.is_old


def _read_upgrade(value: bytes) -> bytes | None:
    """Take the protocols asked for; a request whose upgrade is not passed on is answered as if it did not ask."""
    protocols = [_PROTOCOL.fullmatch(protocol) for protocol in split_list(value)]
    if not protocols or any(protocol is None or protocol[1] in _SMUGGLERS for protocol in protocols):
        return None
    return value.strip(b" \t")
