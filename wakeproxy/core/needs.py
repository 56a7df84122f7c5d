"""Which services a service needs: woken before it, and kept awake while it is used. Pure questions about a graph."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from wakeproxy.core.names import ServiceName
from wakeproxy.core.service import Service

Edges: TypeAlias = Mapping[ServiceName, tuple[ServiceName, ...]]
"""What each service needs directly."""
NeedsOf: TypeAlias = Callable[[ServiceName], Iterable[ServiceName]]
"""Tells what a service needs directly; nothing of a name that no service has."""


def needs_among(named: Mapping[ServiceName, Service]) -> NeedsOf:
    """Make the question of what a service needs directly, be it required or optional, over services by name."""

    def needs_of(name: ServiceName) -> tuple[ServiceName, ...]:
        service = named.get(name)
        return service.all_needs if service else ()

    return needs_of


def needed_among(named: Mapping[ServiceName, Service]) -> NeedsOf:
    """Make the question of which services need one directly: that of `needs_among`, turned round."""
    dependents: defaultdict[ServiceName, list[ServiceName]] = defaultdict(list)
    for service in named.values():
        for need in service.all_needs:
            dependents[need].append(service.name)
    return lambda name: dependents.get(name, ())


def list_needs(needs_of: NeedsOf, name: ServiceName) -> tuple[ServiceName, ...]:
    """List everything a service needs, directly or not, what must be awake first standing first.

    A name that no service has is listed all the same; in a cycle nothing is listed twice.
    """
    found: dict[ServiceName, None] = {}
    _visit(needs_of, name, found, {name})
    return tuple(found)


def find_needs(named: Mapping[ServiceName, Service], name: ServiceName) -> tuple[Service, ...]:
    """Find the services among these that one needs, directly or not, what must be awake first standing first."""
    return tuple(named[need] for need in list_needs(needs_among(named), name) if need in named)


def _visit(needs_of: NeedsOf, name: ServiceName, found: dict[ServiceName, None], seen: set[ServiceName]) -> None:
    for need in needs_of(name):
        if need not in seen:
            seen.add(need)
            _visit(needs_of, need, found, seen)
            found[need] = None


def find_cycles(edges: Edges) -> Iterator[tuple[ServiceName, ...]]:
    """Find services that need themselves by way of others, each cycle once, from its first name back to it."""
    told: set[frozenset[ServiceName]] = set()
    for name in edges:
        cycle = _way_back(edges, name)
        if cycle and frozenset(cycle) not in told:
            told.add(frozenset(cycle))
            yield (*cycle, name)


def _way_back(edges: Edges, start: ServiceName) -> tuple[ServiceName, ...]:
    """Find the shortest way from a service back to itself; empty where there is none."""
    ways: list[tuple[ServiceName, ...]] = [(start,)]
    seen: set[ServiceName] = set()
    for way in ways:  # grows while it is gone through
        for need in edges.get(way[-1], ()):
            if need == start:
                return way
            if need not in seen:
                seen.add(need)
                ways.append((*way, need))
    return ()


def find_needed(needs_of: NeedsOf, awake: Iterable[ServiceName]) -> Mapping[ServiceName, tuple[ServiceName, ...]]:
    """Find who is needed, directly or not, by services that are awake; each with those that need it directly."""
    needed: dict[ServiceName, list[ServiceName]] = {}
    awaited = list(dict.fromkeys(awake))
    known = set(awaited)
    for name in awaited:  # grows while it is gone through
        for need in needs_of(name):
            needed.setdefault(need, []).append(name)
            if need not in known:
                known.add(need)
                awaited.append(need)
    return {need: tuple(names) for need, names in needed.items()}
