"""What a request asks for, as the answers' truth table understands it."""

from wakeproxy.core.names import Host
from wakeproxy.core.visit import Visit, is_navigation, is_prefetch
from wakeproxy.wire.codings import takes_gzip
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead

_NAVIGATING = frozenset({"GET", "HEAD"})


class Asked:
    """A request as the front understands it; nobody changes one, see `Visit`.

    ``target`` is path and query, as they came; ``takes_gzip`` tells that its answer may be compressed.
    """

    __slots__ = ("host", "takes_gzip", "target", "visit")

    def __init__(self, host: Host, target: str, visit: Visit, *, takes_gzip: bool) -> None:
        self.host = host
        self.target = target
        self.visit = visit
        self.takes_gzip = takes_gzip

    def aimed_at(self, target: str, path: str) -> "Asked":
        """Make the same request for another target, of which the visit is to a path."""
        return Asked(self.host, target, self.visit.aimed_at(path), takes_gzip=self.takes_gzip)


def read_asked(read: RequestHead) -> Asked:
    """Read what decides a request's answer."""
    if isinstance(read.asked, Asked):
        return read.asked
    facts = read.facts
    if facts is None:
        facts = read.facts = _read_facts(read)
    agent, navigates, prefetch, preflight, gzip = facts
    target, method = read.target.decode("ascii"), read.method.decode("ascii")
    navigates = navigates and method in _NAVIGATING
    path = target.partition("?")[0]
    visit = Visit(method, path, agent, is_navigation=navigates, is_prefetch=prefetch, is_preflight=preflight)
    asked = read.asked = Asked(read.host, target, visit, takes_gzip=gzip)
    return asked


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
