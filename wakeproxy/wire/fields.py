"""Header fields: which names there can be, what each means to a proxy, and how lines become fields (RFC 9110, 9112).

A name is judged once and remembered, so that the hot path costs one dictionary access a line. Values are judged for
a whole head at once: whatever is left when all that may stand in a value is taken out must be the line ends.
"""

import re
from collections.abc import Sequence
from typing import Final

from wakeproxy.wire.errors import BadMessageError, TooLargeError


class Kind:
    """What a field means to a proxy; `PLAIN` passes as it came. Plain numbers, for an enum's cost ten times as much."""

    PLAIN: Final = 0
    HOST: Final = 1
    LENGTH: Final = 2
    CODING: Final = 3
    CONNECTION: Final = 4
    UPGRADE: Final = 5
    HOP_BY_HOP: Final = 6
    """Ends at this hop (RFC 9110, 7.6.1)."""
    GHOST: Final = 7
    """An app that takes other marks for hyphens, as CGI and WSGI do, would read it as one of the others."""
    FORWARDED: Final = 8
    """Says where a request came from; believed only from those we trust."""
    EXPECT: Final = 9
    VIA: Final = 10
    AGENT: Final = 11
    ACCEPT: Final = 12
    FETCH_MODE: Final = 13
    FETCH_SITE: Final = 14
    PREFETCH: Final = 15
    ORIGIN: Final = 16
    PREFLIGHT: Final = 17
    TYPE: Final = 18
    REQUEST_ID: Final = 19
    REFERER: Final = 20
    TRACE: Final = 21
    ACCEPT_ENCODING: Final = 22


_NAMED: Final[dict[bytes, int]] = {
    b"host": Kind.HOST,
    b"content-length": Kind.LENGTH,
    b"transfer-encoding": Kind.CODING,
    b"connection": Kind.CONNECTION,
    b"upgrade": Kind.UPGRADE,
    b"keep-alive": Kind.HOP_BY_HOP,
    b"proxy-connection": Kind.HOP_BY_HOP,
    b"proxy-authenticate": Kind.HOP_BY_HOP,
    b"proxy-authorization": Kind.HOP_BY_HOP,
    b"te": Kind.HOP_BY_HOP,
    b"proxy": Kind.HOP_BY_HOP,  # no field at all; CGI would make HTTP_PROXY of it (httpoxy, CVE-2016-5385)
    b"http2-settings": Kind.HOP_BY_HOP,  # RFC 9113, 3.1: of an upgrade that is refused
    b"x-forwarded-for": Kind.FORWARDED,
    b"x-forwarded-proto": Kind.FORWARDED,
    b"x-forwarded-host": Kind.FORWARDED,
    b"x-forwarded-port": Kind.FORWARDED,
    b"forwarded": Kind.FORWARDED,
    b"expect": Kind.EXPECT,
    b"via": Kind.VIA,
    b"user-agent": Kind.AGENT,
    b"accept": Kind.ACCEPT,
    b"sec-fetch-mode": Kind.FETCH_MODE,
    b"sec-fetch-site": Kind.FETCH_SITE,
    b"sec-purpose": Kind.PREFETCH,
    b"purpose": Kind.PREFETCH,
    b"x-moz": Kind.PREFETCH,
    b"x-purpose": Kind.PREFETCH,
    b"origin": Kind.ORIGIN,
    b"access-control-request-method": Kind.PREFLIGHT,
    b"content-type": Kind.TYPE,
    b"x-request-id": Kind.REQUEST_ID,
    b"referer": Kind.REFERER,
    b"traceparent": Kind.TRACE,
    b"accept-encoding": Kind.ACCEPT_ENCODING,
}
_IMITABLE: Final = frozenset(
    {Kind.HOST, Kind.LENGTH, Kind.CODING, Kind.CONNECTION, Kind.UPGRADE, Kind.HOP_BY_HOP, Kind.FORWARDED, Kind.EXPECT}
    | {Kind.VIA, Kind.REQUEST_ID}
)
_NEVER_TRAILING: Final = _IMITABLE | {Kind.GHOST, Kind.TYPE}
"""RFC 9110, 6.5.1: framing, routing and request modifiers do not come after the body they would have changed."""
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NO_LETTER: Final = re.compile(rb"[^a-z0-9]")
_IN_VALUES: Final = bytes({*b"\t", *range(0x20, 0x100)} - {0x7F})
_MOST_NAMES: Final = 4096
_LONGEST_NAME: Final = 64
"""What is longer is judged each time, so that nobody can fill the memory of names."""

_known: dict[bytes, int] = {}


def kind_of(name: bytes) -> int:
    """Tell what a field's name means, whatever its case.

    Raises:
        BadMessageError: it is no name; white space before the colon ends up here, too.
    """
    kind = _known.get(name)
    return _judge(name) if kind is None else kind


def _judge(name: bytes) -> int:
    if not _TOKEN.fullmatch(name):
        raise BadMessageError("A header field's name holds what no name can hold.")
    lower = name.lower()
    kind = _NAMED.get(lower)
    if kind is None:
        imitated = _NAMED.get(_NO_LETTER.sub(b"-", lower))
        kind = Kind.GHOST if imitated in _IMITABLE else Kind.PLAIN
    if len(_known) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
        _known[name] = kind
    return kind


def split_lines(head: bytes, most: int) -> list[bytes]:
    """Split a head, its empty line included, into its first line and its fields.

    Raises:
        BadMessageError: it holds a control character, a bare CR or LF, or a folded line.
        TooLargeError: it has more than ``most`` fields.
    """
    lines = head.split(b"\r\n")
    del lines[-2:]
    if head.translate(None, _IN_VALUES) != b"\r\n" * (len(lines) + 1):
        raise BadMessageError("A message's head holds a control character or a line end of its own kind.")
    if len(lines) > most + 1:
        raise TooLargeError(f"A message has more than {most} header fields.")
    return lines


def judge_beginning(part: bytes) -> None:
    """Judge a head that is not whole yet, so that one that never will be is not waited for.

    Raises:
        BadMessageError: it holds a control character or a bare CR or LF.
    """
    lines = part.count(b"\r\n")
    if part.translate(None, _IN_VALUES) not in {b"\r\n" * lines, b"\r\n" * lines + b"\r"}:
        raise BadMessageError("A message's head holds a control character or a line end of its own kind.")


def judge_trailers(lines: Sequence[bytes]) -> None:
    """Judge the fields after a chunked body, which pass as they came.

    Raises:
        BadMessageError: one is no field, or must not stand there.
    """
    for line in lines:
        name, colon, _ = line.partition(b":")
        if not colon or kind_of(name) in _NEVER_TRAILING:
            raise BadMessageError("A trailer holds what must not stand there.")


def split_list(value: bytes) -> list[bytes]:
    """Split a list of tokens, in lower case (RFC 9110, 5.6.1)."""
    return [token for token in (part.strip(b" \t") for part in value.lower().split(b",")) if token]


def scan(lines: Sequence[bytes], last_cut: int = Kind.FORWARDED) -> tuple[dict[int, bytes], list[bytes]]:
    """Go through a head's fields once: the values that mean something here, and the lines that end here.

    Those end here whose kinds are from ``CONNECTION`` to ``last_cut``.

    Values of a repeated field are joined by commas, which makes none of a field that may stand only once.

    Raises:
        BadMessageError: a line is no field.
    """
    found: dict[int, bytes] = {}
    cut: list[bytes] = []
    known = _known
    for line in lines:
        name, colon, value = line.partition(b":")
        kind = known.get(name)
        if kind is None:
            kind = _judge(name)
        if not colon:
            raise BadMessageError("A line of a message's head has no colon.")
        if kind:
            found[kind] = found[kind] + b"," + value if kind in found else value
            if _FIRST_CUT <= kind <= last_cut:
                cut.append(line)
    return found, cut


_FIRST_CUT: Final = Kind.CONNECTION
_KEPT_WHATEVER_IS_NAMED: Final = frozenset({Kind.HOST, Kind.LENGTH, Kind.CODING, Kind.TYPE})
"""A ``Connection`` field cannot take these away: the message would mean something else without them."""


def drop_named(lines: list[bytes], names: Sequence[bytes]) -> list[bytes]:
    """Drop the fields that a ``Connection`` field names, which end at this hop (RFC 9110, 7.6.1)."""
    dropped = {name for name in names if _NAMED.get(name) not in _KEPT_WHATEVER_IS_NAMED}
    return [line for line in lines if line.partition(b":")[0].lower() not in dropped]


def read_length(found: dict[int, bytes]) -> int | None:
    """Read a ``Content-Length``: digits, once.

    Raises:
        BadMessageError: it is anything else.
    """
    value = found.get(Kind.LENGTH)
    if value is None:
        return None
    digits = value.strip(b" \t")
    if not digits.isdigit() or len(digits) > _LONGEST_LENGTH:
        raise BadMessageError("A message's Content-Length is not one number.")
    return int(digits)


_LONGEST_LENGTH: Final = 18
"""Digits; beyond that others' integers overflow."""
