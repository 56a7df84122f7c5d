"""Which addresses may be dialled at all. Only addresses that ECS gave are ever tried; these are refused even then.

A task's address is never loopback, link-local (the metadata services live there) or unspecified, nor one of AWS's own
services within every VPC, among them metadata over IPv6. The sandbox's tasks live on 127.77.0.0/16 and 127.78.0.0/16,
which are admitted only while AWS itself is on loopback.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

_AWS_LOCAL = ip_network("fd00:ec2::/32")
_SANDBOX = (ip_network("127.77.0.0/16"), ip_network("127.78.0.0/16"))


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges addresses before they are dialled."""

    admits_sandbox: bool = False

    def admits(self, host: str) -> bool:
        """Whether ``host`` is an IP address that a task may have."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        if address.is_loopback:
            return self.admits_sandbox and any(address in network for network in _SANDBOX)
        if address in _AWS_LOCAL:
            return False
        return not (address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved)
