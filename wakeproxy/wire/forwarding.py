"""What a proxy adds to a request: who asked, by which host, over how many hops (RFC 9110, 7.6.3; RFC 7239)."""

import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from itertools import count
from typing import Final

from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead

_NAME: Final = b"wakeproxy"
_LONGEST_ID: Final = 128
"""Bytes of a client's own id that are told on; the app gets it as it came."""
_MOST_HOPS: Final = 8
"""So many wakeproxies in a row are a loop over several of them, whatever each calls itself."""


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """What this process calls itself in ``Via`` and in the ids that it gives to requests."""

    name: bytes = field(default_factory=lambda: _NAME + b"-" + secrets.token_hex(4).encode())
    _numbers: "count[int]" = field(default_factory=count, repr=False, compare=False)
    _tag: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tag", self.name.removeprefix(_NAME + b"-"))

    def next_id(self) -> bytes:
        """Make a request's id; no two requests of all processes have the same."""
        return b"%s-%x" % (self._tag, next(self._numbers))


@dataclass(frozen=True, slots=True)
class Hop:
    """How a connection reached us; ``is_trusted`` when the peer is a proxy whose word is believed."""

    peer: str
    scheme: str
    port: int
    is_trusted: bool = False


def identify(read: RequestHead, me: Pseudonym) -> bytes:
    """Tell a request's id: the client's own if it sent one, or a new one."""
    own = read.found.get(Kind.REQUEST_ID)
    return me.next_id() if own is None else own.strip(b" \t")[:_LONGEST_ID]


def compose_request(read: RequestHead, hop: Hop, me: Pseudonym, request_id: bytes) -> bytes:
    """Write the head that goes on to the app; it names the request's id unless the client did.

    Raises:
        BadMessageError: the request has been here before.
    """
    fields = read.forwarded
    if not fields:
        fields = read.forwarded = _compose_fields(read, hop, me)
    if Kind.REQUEST_ID in read.found:
        return b"%s %s HTTP/1.1\r\n%s\r\n" % (read.method, read.target, fields)
    return b"%s %s HTTP/1.1\r\n%sX-Request-Id: %s\r\n\r\n" % (read.method, read.target, fields, request_id)


def _compose_fields(read: RequestHead, hop: Hop, me: Pseudonym) -> bytes:
    found = read.found
    if Kind.VIA in found:
        _refuse_loop(found[Kind.VIA], me)
    if hop.is_trusted and Kind.FORWARDED in found:
        origin = _tell_on(read, hop)
    else:
        origin = _tell(hop.peer, hop.scheme, hop.port, found[Kind.HOST])
    lines = [*read.lines, origin, b"Via: 1.%d %s" % (not read.is_old, me.name)]
    if read.upgrade is not None:
        lines += (b"Connection: Upgrade", b"Upgrade: " + read.upgrade)
    lines.append(b"")
    return b"\r\n".join(lines)


def _refuse_loop(via: bytes, me: Pseudonym) -> None:
    if me.name in via or via.count(_NAME) >= _MOST_HOPS:
        raise BadMessageError(
            "The request has come back to where it was: the app leads to us.", HTTPStatus.LOOP_DETECTED
        )


@lru_cache(maxsize=1024)
def _tell(peer: str, scheme: str, port: int, raw_host: bytes) -> bytes:
    """Say what we see ourselves."""
    host = raw_host.strip(b" \t")
    fields = (
        b"X-Forwarded-For: " + peer.encode(),
        b"X-Forwarded-Proto: " + scheme.encode(),
        b"X-Forwarded-Host: " + host,
        b"X-Forwarded-Port: %d" % port,
        b"Forwarded: " + _element(peer, scheme, host),
    )
    return b"\r\n".join(fields)


def _tell_on(read: RequestHead, hop: Hop) -> bytes:
    """Pass a trusted proxy's word on, with the proxy added."""
    told: dict[bytes, bytes] = {}
    for line in read.cut:
        name, _, value = line.partition(b":")
        key = name.lower()
        stripped = value.strip(b" \t")
        told[key] = told[key] + b", " + stripped if key in told else stripped
    host = read.found[Kind.HOST].strip(b" \t")
    peer = hop.peer.encode()
    element = _element(hop.peer, hop.scheme, host)
    before, elements = told.get(b"x-forwarded-for"), told.get(b"forwarded")
    fields = (
        b"X-Forwarded-For: " + (before + b", " + peer if before else peer),
        b"X-Forwarded-Proto: " + told.get(b"x-forwarded-proto", hop.scheme.encode()),
        b"X-Forwarded-Host: " + told.get(b"x-forwarded-host", host),
        b"X-Forwarded-Port: " + told.get(b"x-forwarded-port", b"%d" % hop.port),
        b"Forwarded: " + (elements + b", " + element if elements else element),
    )
    return b"\r\n".join(fields)


def _element(peer: str, scheme: str, host: bytes) -> bytes:
    node = f'"[{peer}]"' if ":" in peer else peer
    return b'for=%s;host="%s";proto=%s' % (node.encode(), host, scheme.encode())
