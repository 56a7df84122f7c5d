"""Reads a request once, strictly: who asks for what, by which host, over how many hops."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web

from wakeproxy.core.headers import Hop
from wakeproxy.core.names import Host, parse_host
from wakeproxy.core.visit import Visit, is_navigation, is_prefetch

Networks = Sequence[IPv4Network | IPv6Network]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the front understands it."""

    host: Host
    target: str
    """Path and query, as they came."""
    visit: Visit
    hop: Hop


class BadRequestError(Exception):
    """The request can be read in more than one way, or in none; ``str()`` of it says why."""


def read_request(request: web.Request, trusted: Networks) -> Asked:
    """Read what decides a request's answer.

    Raises:
        BadRequestError: no single host, or a target that is no path of this host.
    """
    host = _read_host(request)
    target = _read_target(request.raw_path, authority=request.headers["Host"])
    path = target.partition("?")[0]
    wants_page = is_navigation(
        method=request.method,
        fetch_mode=request.headers.get("Sec-Fetch-Mode"),
        accept=request.headers.get("Accept", ""),
    )
    return Asked(host, target, _read_visit(request, path, wants_page=wants_page), _read_hop(request, trusted))


def _read_host(request: web.Request) -> Host:
    named = request.headers.getall("Host", [])
    host = parse_host(named[0]) if len(named) == 1 else None
    if host is None:
        raise BadRequestError("A request needs exactly one Host field that names one host.")
    return host


def _read_target(raw: str, *, authority: str) -> str:
    """Take the path and query of a target in origin form, or in absolute form if it agrees with Host."""
    if raw.startswith("/"):  # RFC 9112, 3.2
        return raw
    scheme, separator, rest = raw.partition("://")
    named, slash, path = rest.partition("/")
    if separator and scheme.lower() in {"http", "https"} and named.lower() == authority.lower():
        return slash + path or "/"
    raise BadRequestError("The request's target must be a path of the host named in its Host field.")


def _read_visit(request: web.Request, path: str, *, wants_page: bool) -> Visit:
    headers = request.headers
    return Visit(
        method=request.method,
        path=path,
        user_agent=headers.get("User-Agent", ""),
        is_navigation=wants_page,
        is_prefetch=is_prefetch(headers.get("Sec-Purpose", ""), headers.get("Purpose", ""), headers.get("X-Moz", "")),
        is_preflight="Origin" in headers and "Access-Control-Request-Method" in headers,
    )


def _read_hop(request: web.Request, trusted: Networks) -> Hop:
    peer = request.remote or "unknown"
    _, port = request.get_extra_info("sockname", ("", 0))[:2]
    return Hop(peer, request.scheme, request.headers["Host"], port, is_trusted=_is_trusted(peer, trusted))


def _is_trusted(peer: str, trusted: Networks) -> bool:
    if not trusted:
        return False
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in trusted)
