"""The PROXY protocol's headers, read from any piece of a connection's beginning."""

import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from wakeproxy.wire.proxy_protocol import LONGEST, Address, BadProxyHeaderError, ProxyHeader, read_proxy_header

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
LOCAL, PROXY = 0x20, 0x21
UNSPEC, TCP4, UDP4, TCP6, UNIX = 0x00, 0x11, 0x12, 0x21, 0x31

ports = st.integers(0, 65535)
ips = st.one_of(
    st.tuples(st.just(4), st.ip_addresses(v=4), st.ip_addresses(v=4)),
    st.tuples(st.just(6), st.ip_addresses(v=6), st.ip_addresses(v=6)),
)


def shown(address: IPv4Address | IPv6Address) -> str:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def binary(command: int, family: int, block: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + len(block).to_bytes(2, "big") + block


def block(client: Address, server: Address, kind: socket.AddressFamily = socket.AF_INET) -> bytes:
    packed = socket.inet_pton(kind, client[0]) + socket.inet_pton(kind, server[0])
    return packed + client[1].to_bytes(2, "big") + server[1].to_bytes(2, "big")


@st.composite
def headers(draw: st.DrawFn) -> tuple[bytes, ProxyHeader]:
    """Draw a right header and what it says."""
    version, client, server = draw(ips)
    pair = (str(client), draw(ports)), (str(server), draw(ports))
    told = (shown(client), pair[0][1]), (shown(server), pair[1][1])
    extras = draw(st.binary(max_size=300))
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    (client_host, client_port), (server_host, server_port) = pair
    line = f"PROXY TCP{version} {client_host} {server_host} {client_port} {server_port}\r\n".encode()
    of_tcp = binary(PROXY, TCP4 if version == 4 else TCP6, block(*pair, family) + extras)
    unknown = b"PROXY UNKNOWN" + draw(st.sampled_from([b"", b" ", b" ffff::1 ::2 1 2", b" \xff"])) + b"\r\n"
    return draw(
        st.sampled_from(
            [
                (line, ProxyHeader(len(line), *told)),
                (of_tcp, ProxyHeader(len(of_tcp), *told)),
                (unknown, ProxyHeader(len(unknown))),
                *(
                    (said, ProxyHeader(len(said)))
                    for said in (
                        binary(LOCAL, UNSPEC, extras),
                        binary(LOCAL, TCP4, extras),
                        binary(LOCAL, 0xFF, extras),
                        binary(PROXY, UNSPEC, extras),
                    )
                ),
            ]
        )
    )


@given(headers(), st.binary(max_size=50))
def test_a_header_says_what_it_says_whatever_follows(header: tuple[bytes, ProxyHeader], rest: bytes) -> None:
    data, told = header
    assert read_proxy_header(data + rest) == told


@given(headers(), st.data())
def test_a_part_of_a_header_asks_for_more(header: tuple[bytes, ProxyHeader], data: st.DataObject) -> None:
    assert read_proxy_header(header[0][: data.draw(st.integers(0, len(header[0]) - 1))]) is None


@given(st.binary(max_size=200), st.sampled_from([b"", SIGNATURE, SIGNATURE + b"\x21\x11", b"PROXY ", b"PROXY TCP4 "]))
@example(b"\r\n\r\nGET", b"")
def test_nothing_but_a_header_is_read(data: bytes, start: bytes) -> None:
    said = start + data
    try:
        header = read_proxy_header(said)
    except BadProxyHeaderError:
        with pytest.raises(BadProxyHeaderError):
            read_proxy_header(said + b"more")
    else:
        assert header is None or header.length <= len(said)


@given(headers(), st.integers(0, 11), st.integers(1, 255))
def test_a_connection_that_begins_otherwise_is_refused(
    header: tuple[bytes, ProxyHeader], place: int, flip: int
) -> None:
    data = bytearray(header[0])
    assume(place < 6 or data.startswith(b"\r"))
    data[place] ^= flip
    with pytest.raises(BadProxyHeaderError):
        read_proxy_header(bytes(data))


@pytest.mark.parametrize(
    "line",
    [
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
        b"PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
        b"PROXY TCP4 1.2.3.4\t5.6.7.8 1 2\r\n",
        b"PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 ::1 ::2 1 2\r\n",
        b"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n",
        b"PROXY TCP6 1::2::3 ::2 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n\r\n",
        b"PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY UNKNOWNS\r\n",
        b"PROXY \r\n",
        b"PROXY UNKNOWN " + b"x" * 200,
        b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n",
    ],
)
def test_a_line_that_breaks_the_grammar_is_refused(line: bytes) -> None:
    with pytest.raises(BadProxyHeaderError, match=r"^The PROXY line .*\.$"):
        read_proxy_header(line)


def test_the_longest_line_is_read() -> None:
    line = b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n"
    assert len(line) == 107
    assert read_proxy_header(line) == ProxyHeader(107)


def test_an_address_is_written_in_one_way() -> None:
    header = read_proxy_header(b"PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::FFFF:192.0.2.7 1 2\r\n")
    assert header is not None
    assert (header.client, header.server) == (("2001:db8::1", 1), ("192.0.2.7", 2))


@pytest.mark.parametrize(
    "data",
    [
        binary(0x11, TCP4, bytes(12)),  # version 1 in the form of version 2
        binary(0x31, TCP4, bytes(12)),
        binary(0x22, TCP4, bytes(12)),  # no such command
        binary(PROXY, UDP4, bytes(12)),
        binary(PROXY, UNIX, bytes(216)),
        binary(PROXY, 0x10, bytes(12)),
        binary(PROXY, 0x41, bytes(12)),
        binary(PROXY, TCP4, bytes(11)),
        binary(PROXY, TCP6, bytes(35)),
        binary(PROXY, TCP4, b""),
        binary(LOCAL, UNSPEC, bytes(4096 + 37)),
        binary(PROXY, TCP4, bytes(65535)),
    ],
)
def test_a_binary_header_that_cannot_be_served_is_refused_as_soon_as_that_is_known(data: bytes) -> None:
    with pytest.raises(BadProxyHeaderError, match=r"^The PROXY header .*\.$"):
        read_proxy_header(data[:16])


def test_what_a_load_balancer_adds_is_skipped_within_bounds() -> None:
    extras = b"\xea\x00\x16\x01vpce-08d2bf15fac5001c9" + b"\x04\x10\x00" + bytes(4096)
    data = binary(PROXY, TCP6, block(("::1", 80), ("::2", 443), socket.AF_INET6) + extras[:4096])
    assert len(data) == LONGEST
    assert read_proxy_header(data + b"GET") == ProxyHeader(LONGEST, ("::1", 80), ("::2", 443))


def test_nothing_yet_is_no_fault() -> None:
    assert read_proxy_header(b"") is None
