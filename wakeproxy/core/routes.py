"""Host and path to service: an immutable table in which the most specific entry wins.

An exact host beats a wildcard, a longer wildcard beats a shorter one; among equal hosts the longest path prefix wins.
A prefix matches whole segments: ``/api`` matches ``/api`` and ``/api/x``, never ``/apiary``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from wakeproxy.core.names import Host, HostPattern
from wakeproxy.core.service import Service

_Prefixes = tuple[tuple[str, Service], ...]


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes; built once, looked up for every request."""

    exact: Mapping[Host, _Prefixes]
    below: Mapping[Host, _Prefixes]
    """Wildcards, by the host they stand below."""

    def match(self, host: Host, path: str) -> Service | None:
        """Find the service that a host and a raw path belong to."""
        found = _longest_prefix(self.exact.get(host, ()), path)
        if found is not None or not self.below:
            return found
        rest: str = host
        while found is None and "." in rest:
            rest = rest.partition(".")[2]
            found = _longest_prefix(self.below.get(Host(rest), ()), path)
        return found


def build_routes(services: Iterable[Service]) -> Routes:
    """Build the table of all services' hosts and paths."""
    entries = [(pattern, service) for service in services for pattern in service.hosts]
    return Routes(
        exact=_group(entries, wildcard=False),
        below=_group(entries, wildcard=True),
    )


def _group(entries: list[tuple[HostPattern, Service]], *, wildcard: bool) -> Mapping[Host, _Prefixes]:
    chosen = sorted(
        ((pattern.host, service) for pattern, service in entries if pattern.wildcard is wildcard),
        key=lambda entry: (entry[0], -len(entry[1].path.rstrip("/"))),
    )
    return MappingProxyType(
        {
            host: tuple((service.path.rstrip("/"), service) for _, service in group)
            for host, group in groupby(chosen, key=lambda entry: entry[0])
        }
    )


def _longest_prefix(prefixes: _Prefixes, path: str) -> Service | None:
    for prefix, service in prefixes:
        if not prefix or (path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in {"", "/", "?"}):
            return service
    return None
