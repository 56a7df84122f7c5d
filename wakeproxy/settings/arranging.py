"""Which services are served: those of the config file, and those found by their tags that fit in beside them.

The file wins over tags. Of two found services that claim one route, the one that had it first keeps it. What is wrong
with one disables that one only, and every reason is told. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

from wakeproxy.core.names import ServiceName, parse_service_name
from wakeproxy.core.needs import find_cycles
from wakeproxy.core.roster import Disabled, Roster
from wakeproxy.core.service import EcsService, Service
from wakeproxy.errors import UsageError
from wakeproxy.ports import Tagged
from wakeproxy.settings.building import build_service, value_of
from wakeproxy.settings.findings import Findings, Place, quote
from wakeproxy.settings.reading import ServiceEntry
from wakeproxy.settings.tags import PREFIX, TAGS, is_wanted, read_tags, show_example
from wakeproxy.settings.values import DiscoverSettings, Settings

_THEME = f"{PREFIX}theme"
_HOSTS = f"{PREFIX}hosts"
_NOBODY = Roster()
_Reasons: TypeAlias = dict[ServiceName, tuple[str, ...]]


def arrange(settings: Settings, found: Iterable[Tagged], before: Roster = _NOBODY) -> Roster:
    """Say who is served, of those configured and found; ``before`` says who was until now."""
    discover = settings.discover
    if discover is None:
        return Roster(settings.services)
    configured = {service.ecs for service in settings.services}
    read = [
        _read(one, name_of(one.ecs, settings.aws.cluster), discover)
        for one in found
        if one.ecs not in configured and is_wanted(one.tags) and _is_among(one.ecs.cluster, discover.clusters)
    ]
    sound = _in_order([one for one in read if isinstance(one, Service)], before)
    fitting, refused = _fit_in(sound, settings)
    disabled = (*(one for one in read if isinstance(one, Disabled)), *refused)
    return Roster((*settings.services, *fitting), tuple(sorted(disabled, key=lambda one: one.name)))


def name_of(ecs: EcsService, cluster: str) -> str:
    """Name a found service as ECS does, behind its cluster where that is not the configured one.

    Whatever else there is, it is always the same name: the ledger knows it by that. No name in ECS has a dot.
    """
    return ecs.service if ecs.cluster == cluster else f"{ecs.cluster}.{ecs.service}"


def _is_among(cluster: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(cluster, pattern) for pattern in patterns)


def _read(one: Tagged, name: str, discover: DiscoverSettings) -> Service | Disabled:
    findings = Findings()
    values = {**discover.defaults, **read_tags(one.tags, findings)}
    text = value_of(values, TAGS[_THEME].path)
    theme = discover.themes.get(text)
    if theme is None:
        known = ", ".join(discover.themes)
        findings.add(Place(_THEME), f"{quote(text)} is no theme that a tag may name ({known}); name it in the file.")
    try:
        parse_service_name(name)
    except UsageError as error:
        findings.add(Place(str(one.ecs)), str(error))
    reasons = findings.tell()
    if reasons or theme is None:
        return Disabled(ServiceName(name), one.ecs, reasons)
    return build_service(ServiceEntry(ServiceName(name), Place(str(one.ecs)), values), one.ecs, theme)


def _in_order(services: Iterable[Service], before: Roster) -> list[Service]:
    """Put those first that were served before, as they stood; the others follow by their names."""
    places = {service.ecs: place for place, service in enumerate(before.services)}
    return sorted(services, key=lambda one: (places.get(one.ecs, len(places)), one.ecs))


def _fit_in(candidates: Sequence[Service], settings: Settings) -> tuple[list[Service], list[Disabled]]:
    """Part those that can be served beside the configured ones from those that cannot."""
    configured = settings.services
    unmet: _Reasons = {}
    while True:
        admitted, clashing = _admit([one for one in candidates if one.name not in unmet], configured)
        more = _find_unmet(admitted, configured, is_named=settings.serverless is not None)
        if not more:
            break
        unmet |= more  # who is not served takes no route from others, so that they are asked again
    reasons = clashing | unmet
    return admitted, [Disabled(one.name, one.ecs, reasons[one.name]) for one in candidates if one.name in reasons]


def _admit(candidates: Iterable[Service], configured: Sequence[Service]) -> tuple[list[Service], _Reasons]:
    """Let in one after the other, unless its name or a route of its is taken."""
    names = {service.name for service in configured}
    taken = {route: service.name for service in configured for route in _routes(service)}
    admitted: list[Service] = []
    clashing: _Reasons = {}
    for service in candidates:
        reasons = [
            f"{route} already leads to {taken[route]}; change {_HOSTS}." for route in _routes(service) if route in taken
        ]
        if service.name in names:
            reasons.append(f"the config file has another service named {service.name}; rename that one.")
        if reasons:
            clashing[service.name] = tuple(reasons)
        else:
            admitted.append(service)
            taken |= dict.fromkeys(_routes(service), service.name)
    return admitted, clashing


def _routes(service: Service) -> Iterator[str]:
    return (f"{host}{service.path}" for host in service.hosts)


def _find_unmet(admitted: Sequence[Service], configured: Sequence[Service], *, is_named: bool) -> _Reasons:
    """Find those that nobody could reach, were it by their name, or that need what is not there."""
    edges = {one.name: one.all_needs for one in (*configured, *admitted)}
    needed = {need for needs in edges.values() for need in needs}
    ways = {name: " needs ".join(cycle) for cycle in find_cycles(edges) for name in cycle}
    unmet: _Reasons = {}
    for service in admitted:
        missing = [need for need in edges[service.name] if need not in edges]
        reasons = [
            f"needs {quote(need)}, which is not served; correct the name, or see to that one." for need in missing
        ]
        if service.name in ways:
            reasons.append(f"needs itself, so none of them could start first: {ways[service.name]}.")
        if not (service.hosts or is_named or service.name in needed):
            example = show_example(TAGS[_HOSTS])
            reasons.append(
                f"has no {_HOSTS}, so nobody could reach it; write it like {example}, or let another need it."
            )
        if reasons:
            unmet[service.name] = tuple(reasons)
    return unmet
