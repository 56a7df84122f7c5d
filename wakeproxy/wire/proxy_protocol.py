"""The PROXY protocol: what a load balancer says of a connection before everything else on it.

After HAProxy's specification, https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt: section 2.1 is version 1, a
line of text; section 2.2 is version 2, binary, which Network Load Balancers speak. Who may be believed is the
caller's to judge: anybody can claim any address.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias

Address: TypeAlias = tuple[str, int]
"""An IP address in its canonical form, and a port."""

_LONGEST_LINE = 107
"""Bytes of the longest version 1 header, with its line's end (section 2.1)."""
_LINE_START = b"PROXY "
_LINE_END = b"\r\n"
_PORT = "(0|[1-9][0-9]{0,4})"
_LINE = re.compile(rf"PROXY (TCP4|TCP6) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) {_PORT} {_PORT}".encode())
_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: .*)?", re.DOTALL)  # "must ignore anything presented before the CRLF"
_HIGHEST_PORT = 65535

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = 16
"""Bytes of a version 2 header before its addresses: signature, version and command, family, length."""
_LOCAL, _PROXY = 0x20, 0x21  # version 2 in the upper half of the byte
_UNSPECIFIED = 0x00
_SIZES = {0x11: 4, 0x21: 16}
"""Bytes of one address, by family and transport: TCP over IPv4 and over IPv6."""
_MOST_EXTRAS = 4096
"""Bytes of TLVs we are ready to skip (section 2.2.7); a certificate's names are the longest in use."""

LONGEST: Final = _FIXED + 2 * 16 + 4 + _MOST_EXTRAS
"""Bytes of the longest header that is read."""


class BadProxyHeaderError(ValueError):
    """A connection that does not begin as the PROXY protocol says; it cannot be served."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What a header said; without addresses the connection is the load balancer's own, or of an unknown kind."""

    length: int
    """Bytes of the header; what follows them is the connection's."""
    client: Address | None = None
    server: Address | None = None


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """Read the header that the data begin with; ``None`` asks for more of it: all of the data are the header's then.

    Raises:
        BadProxyHeaderError: when no header begins like this.
    """
    if data.startswith(_SIGNATURE):
        return _read_binary(data)
    if data.startswith(_LINE_START):
        return _read_line(data)
    if _SIGNATURE.startswith(data) or _LINE_START.startswith(data):
        return None
    raise BadProxyHeaderError("The connection does not begin with a PROXY protocol header.")


def _read_line(data: bytes) -> ProxyHeader | None:
    line, end, _ = data[:_LONGEST_LINE].partition(_LINE_END)
    if not end:
        if len(data) >= _LONGEST_LINE:
            raise BadProxyHeaderError(f"The PROXY line does not end within {_LONGEST_LINE} bytes.")
        return None
    length = len(line) + len(end)
    if _UNKNOWN.fullmatch(line):
        return ProxyHeader(length)
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadProxyHeaderError("The PROXY line is none of TCP4, TCP6 or UNKNOWN with two addresses and two ports.")
    kind, client, server, client_port, server_port = (part.decode() for part in match.groups())
    return ProxyHeader(length, _parse(kind, client, client_port), _parse(kind, server, server_port))


def _parse(kind: str, address: str, port: str) -> Address:
    number = int(port)
    if number > _HIGHEST_PORT:
        raise BadProxyHeaderError(f"The PROXY line names port {number}; ports end at {_HIGHEST_PORT}.")
    try:
        return (str(IPv4Address(address)) if kind == "TCP4" else _show(IPv6Address(address))), number
    except ValueError as error:
        raise BadProxyHeaderError(f"The PROXY line names {address}, which is no address of {kind}.") from error


def _show(address: IPv6Address) -> str:
    """Write an address; one that is IPv4's in IPv6's clothes (RFC 4291, 2.5.5.2) as IPv4's, so that it equals it."""
    return str(address.ipv4_mapped or address)


def _read_binary(data: bytes) -> ProxyHeader | None:
    if len(data) < _FIXED:
        return None
    command, family = data[12], data[13]
    length = _FIXED + int.from_bytes(data[14:_FIXED], "big")
    if command not in {_LOCAL, _PROXY}:
        raise BadProxyHeaderError(f"The PROXY header has version and command {command:#04x}; 0x20 and 0x21 are known.")
    if length > LONGEST:
        raise BadProxyHeaderError(f"The PROXY header is {length} bytes long; {LONGEST} are the most that is read.")
    has_addresses = command == _PROXY and family != _UNSPECIFIED  # of a LOCAL connection "the family is ignored"
    if has_addresses and family not in _SIZES:
        raise BadProxyHeaderError(f"The PROXY header has family {family:#04x}; only TCP over IPv4 and IPv6 is served.")
    size = _SIZES[family] if has_addresses else 0
    block = data[_FIXED : _FIXED + 2 * size + 4]
    if has_addresses and length < _FIXED + 2 * size + 4:
        raise BadProxyHeaderError("The PROXY header is too short for its addresses.")
    if len(data) < length:
        return None
    return ProxyHeader(length, *_unpack(block, size)) if has_addresses else ProxyHeader(length)


def _unpack(block: bytes, size: int) -> tuple[Address, Address]:
    client, server, ports = block[:size], block[size : 2 * size], block[2 * size :]
    return (
        (_unpack_address(client), int.from_bytes(ports[:2], "big")),
        (_unpack_address(server), int.from_bytes(ports[2:], "big")),
    )


def _unpack_address(packed: bytes) -> str:
    return str(IPv4Address(packed)) if len(packed) == _SIZES[0x11] else _show(IPv6Address(packed))
