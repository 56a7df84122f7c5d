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
    found, value = read.found, read.value
    target = read.target.decode("ascii")
    method = read.method.decode("ascii")
    mode = value(Kind.FETCH_MODE)
    visit = Visit(
        method,
        target.partition("?")[0],
        value(Kind.AGENT),
        is_navigation(method=method, fetch_mode=mode, accept="" if mode else value(Kind.ACCEPT)),
        Kind.PREFETCH in found and is_prefetch(value(Kind.PREFETCH)),
        Kind.PREFLIGHT in found and Kind.ORIGIN in found,
    )
    return Asked(read.host, target, visit)
