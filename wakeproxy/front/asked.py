"""What a request asks for, as the answers' truth table understands it."""

from typing import NamedTuple

from wakeproxy.core.names import Host
from wakeproxy.core.visit import Visit, is_navigation, is_prefetch
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead


class Asked(NamedTuple):
    """A request as the front understands it; a tuple, for one is made for every request."""

    host: Host
    target: str
    """Path and query, as they came."""
    visit: Visit


def read_asked(read: RequestHead) -> Asked:
    """Read what decides a request's answer."""
    found = read.found
    target = read.target.decode("latin-1")
    method = read.method.decode("ascii")
    prefetch = read.value(Kind.PREFETCH) if Kind.PREFETCH in found else ""
    visit = Visit(
        method=method,
        path=target.partition("?")[0],
        user_agent=read.value(Kind.AGENT),
        is_navigation=is_navigation(
            method=method, fetch_mode=read.value(Kind.FETCH_MODE), accept=read.value(Kind.ACCEPT)
        ),
        is_prefetch=bool(prefetch) and is_prefetch(prefetch),
        is_preflight=Kind.ORIGIN in found and Kind.PREFLIGHT in found,
    )
    return Asked(read.host, target, visit)
