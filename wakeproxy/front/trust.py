"""Trust: whose word on where a request came from is believed, and who came then."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]


def is_trusted(address: str, networks: Networks) -> bool:
    """Whether an address is one of those believed; what is no address never is."""
    if not networks:
        return False
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def find_client(peer: str, cut: Iterable[bytes], networks: Networks) -> str:
    """Find who came to a trusted peer, by the lines of a head that told of it.

    ``X-Forwarded-For`` grows at its end: whoever is the last that we do not trust ourselves was seen by one we do.
    What stands before it, its sender may have made up.
    """
    values = [line.partition(b":")[2].decode("latin-1") for line in cut if line[:16].lower() == b"x-forwarded-for:"]
    client = peer
    for told in reversed(",".join(values).split(",")):
        address = _bare(told.strip(" \t"))
        if _parse(address) is None:
            return client
        client = address
        if not is_trusted(address, networks):
            return client
    return client


def _bare(told: str) -> str:
    """Take off the port and the brackets that some proxies add."""
    if told.startswith("["):
        return told[1:].partition("]")[0]
    return told.partition(":")[0] if told.count(":") == 1 else told


@lru_cache(maxsize=4096)
def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
