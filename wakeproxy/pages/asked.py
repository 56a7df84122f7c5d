"""What a request asks for, as the answers' truth table understands it."""

from typing import NamedTuple

from wakeproxy.core.names import Host
from wakeproxy.core.visit import Visit, is_navigation, is_prefetch
from wakeproxy.wire.codings import takes_gzip
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead

_NAVIGATING = frozenset({"GET", "HEAD"})


class Asked(NamedTuple):
    """A request as the front understands it; a tuple, for one is made for every request."""

    host: Host
    target: str
    """Path and query, as they came."""
    visit: Visit
    takes_gzip: bool
    """Its answer may be compressed."""


def read_asked(read: RequestHead) -> Asked:
    """Read what decides a request's answer."""
    facts = read.facts
    if facts is None:
        facts = read.facts = _read_facts(read)
    agent, navigates, prefetch, preflight, gzip = facts
    target, method = read.target.decode("ascii"), read.method.decode("ascii")
    navigates = navigates and method in _NAVIGATING
    visit = Visit(method, target.partition("?")[0], agent, navigates, prefetch, preflight)
    return Asked(read.host, target, visit, gzip)


def _read_facts(read: RequestHead) -> tuple[str, bool, bool, bool, bool]:
    """Read the fields: who asks, whether for a page if the method allows, ahead of a click, before another, or gzip."""
    found, value = read.found, read.value
    mode = value(Kind.FETCH_MODE)
    accept = "" if mode else value(Kind.ACCEPT)
    return (
        value(Kind.AGENT),
        is_navigation(method="GET", fetch_mode=mode, accept=accept),
        Kind.PREFETCH in found and is_prefetch(value(Kind.PREFETCH)),
        Kind.PREFLIGHT in found and Kind.ORIGIN in found,
        Kind.ACCEPT_ENCODING in found and takes_gzip(found[Kind.ACCEPT_ENCODING]),
    )
