"""What no key can tell by itself: what is missing, what contradicts, and what the machine has not got."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from wakeproxy.core.names import ServiceName
from wakeproxy.core.needs import find_cycles
from wakeproxy.errors import UsageError
from wakeproxy.settings.aws_names import parse_service
from wakeproxy.settings.building import admin_token, aws_of, ecs_of, find_theme, value_of
from wakeproxy.settings.door import check_door
from wakeproxy.settings.findings import Findings, Place, quote
from wakeproxy.settings.keys import KEYS
from wakeproxy.settings.reading import Document, ServiceEntry, Values
from wakeproxy.settings.schema import ANY_NAME
from wakeproxy.settings.values import BUILT_IN_THEMES

_ECS = "services.*.ecs"
_HOSTS = "services.*.hosts"
_PATH = "services.*.path"
_THEME = "services.*.theme"
_NEEDS = ("services.*.needs", "services.*.needs_optional")
_ADMIN_LISTEN = "admin.listen"
_TOKEN_ENV = "admin.token_env"  # noqa: S105  a key's path, no secret


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the machine adds: the folder that relative paths start from, and the environment."""

    folder: Path
    environ: Mapping[str, str]
    needs_services: bool = True
    """Whether it is wrong to name none."""


def check_document(document: Document, surroundings: Surroundings, findings: Findings) -> None:
    """Note everything that is wrong with what was read as a whole."""
    _check_missing(document, findings)
    if surroundings.needs_services:
        _check_any_service(document, findings)
    _check_regions(document, findings)
    _check_ecs(document, findings)
    _check_routes(document, findings)
    _check_needs(document, findings)
    _check_themes(document, surroundings.folder, findings)
    _check_admin(document, surroundings.environ, findings)
    check_door(document.values, surroundings.folder, findings)


def _check_missing(document: Document, findings: Findings) -> None:
    required = [key for key in KEYS if key.missing]
    for key in required:
        if ANY_NAME not in key.steps and key.path not in document.values:
            findings.add(document.place, key.missing, key.steps)
    needed = {need for service in document.services for need in _needs(service)}
    is_named = bool(value_of(document.values, "serverless"))
    for service in document.services:
        for key in required:
            is_missing = ANY_NAME in key.steps and key.path not in service.values
            if is_missing and not (key.path == _HOSTS and (is_named or service.name in needed)):
                findings.add(service.place, key.missing, _path(service))


def _check_any_service(document: Document, findings: Findings) -> None:
    if not (document.services or value_of(document.values, "discover") or findings.touch("services")):
        example = "services: {shop: {hosts: [shop.example.com]}}"
        findings.add(document.place, f"names no service; write {example}, or discover: true.")


def _check_regions(document: Document, findings: Findings) -> None:
    """Refuse an ARN of another region: its name alone would lead to another service, here."""
    region = aws_of(document).region
    written = [document.values.get("aws.cluster"), *(service.values.get(_ECS) for service in document.services)]
    for given in written:
        other = given.value.region if given is not None and given.value is not None else None
        if given is not None and region and other not in {None, region}:
            findings.add(given.place, f"is in region {other}, but aws.region is {region}.", given.path)


def _check_ecs(document: Document, findings: Findings) -> None:
    """Refuse two names for one ECS service: idle under one name, it would be put to sleep under the other's use."""
    for service in document.services:
        if _ECS not in service.values and not _can_be_ecs_name(service.name):
            sentence = "has a name no ECS service can have; say which is meant with ecs."
            findings.add(service.place, sentence, _path(service))
    sound = [service for service in document.services if _is_sound(service.values, _ECS)]
    for ecs, service, other in _clashes((ecs_of(service, document), service) for service in sound):
        sentence = f"is ECS service {ecs}, and so is services.{other.name} ({other.place}); give one of them all hosts."
        findings.add(service.place, sentence, _path(service))


def _can_be_ecs_name(name: str) -> bool:
    try:
        return parse_service(name).cluster is None
    except UsageError:
        return False


def _check_routes(document: Document, findings: Findings) -> None:
    routes = (
        (f"{host}{value_of(service.values, _PATH)}", service)
        for service in document.services
        if _is_sound(service.values, _PATH)
        for host in value_of(service.values, _HOSTS)
    )
    for route, service, other in _clashes(routes):
        sentence = f"{route} already leads to services.{other.name} ({other.place}); change host or path."
        findings.add(service.place, sentence, _path(service))


def _clashes(claims: Iterable[tuple[object, ServiceEntry]]) -> Iterator[tuple[object, ServiceEntry, ServiceEntry]]:
    """Find what two services claim: the claim, the later and the earlier service."""
    first: dict[object, ServiceEntry] = {}
    for claim, service in claims:
        other = first.setdefault(claim, service)
        if other is not service:
            yield claim, service, other


def _check_needs(document: Document, findings: Findings) -> None:
    """Refuse needs that nobody could meet: a service that is not there, or one that waits for itself."""
    by_name = {service.name: service for service in document.services}
    for service in document.services:
        for path in _NEEDS:
            given = service.values.get(path)
            for need in value_of(service.values, path):
                if given is not None and need not in by_name:
                    close = get_close_matches(need, by_name, n=1)
                    remedy = f"did you mean {close[0]}?" if close else "name one that stands under services."
                    findings.add(given.place, f"{quote(need)} is no service here; {remedy}", given.path)
    for cycle in find_cycles({name: _needs(service) for name, service in by_name.items()}):
        service = by_name[cycle[0]]
        way = " needs ".join(cycle)
        findings.add(service.place, f"needs itself, so none of them could start first: {way}.", _path(service))


def _needs(service: ServiceEntry) -> tuple[ServiceName, ...]:
    return tuple(need for path in _NEEDS for need in value_of(service.values, path))


def _check_themes(document: Document, folder: Path, findings: Findings) -> None:
    for values in (document.shared, *(service.values for service in document.services)):
        given = values.get(_THEME)
        if given is not None and find_theme(given.value, folder) is None:
            findings.add(given.place, _no_theme(given.value), given.path)


def _no_theme(text: str) -> str:
    names = ", ".join(BUILT_IN_THEMES)
    close = get_close_matches(text, BUILT_IN_THEMES, n=1)
    remedy = f"did you mean {close[0]}?" if close else "name one of these, or make the folder."
    return f"{quote(text)} is neither a built-in theme ({names}) nor a folder here; {remedy}"


def _check_admin(document: Document, environ: Mapping[str, str], findings: Findings) -> None:
    values = document.values
    is_off = "admin" in values
    if is_off or not _is_sound(values, _ADMIN_LISTEN):
        return
    listen = value_of(values, _ADMIN_LISTEN)
    if _is_sound(values, _TOKEN_ENV):
        _check_token(document, environ, findings)
    if listen.port and listen == value_of(values, "listen"):
        given = values.get(_ADMIN_LISTEN) or values["listen"]
        findings.add(given.place, f"{listen} is where visitors are served; choose another port.", ("admin", "listen"))


def _check_token(document: Document, environ: Mapping[str, str], findings: Findings) -> None:
    """Ask for a token beyond loopback, and wherever its variable was named: who names one wants to be asked."""
    listen = value_of(document.values, _ADMIN_LISTEN)
    variable = value_of(document.values, _TOKEN_ENV)
    named = document.values.get(_TOKEN_ENV)
    token = admin_token(variable, environ)
    if token is None and not listen.is_loopback:
        place = document.values[_ADMIN_LISTEN].place
        sentence = f"{listen} is beyond loopback, so a token is required; set the environment variable {variable}."
        findings.add(place, sentence, ("admin", "listen"))
    elif token is None and named is not None:
        findings.add(named.place, "the environment variable it names is not set; set it.", named.path)
    elif token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        sentence = "the token must be visible ASCII without spaces, for HTTP carries no other; change it."
        findings.add(Place(variable), sentence)


def _is_sound(values: Values, path: str) -> bool:
    """Tell whether a key can be judged: what could not be read has been told already."""
    given = values.get(path)
    return given is None or given.is_sound


def _path(service: ServiceEntry) -> tuple[str, ...]:
    return ("services", service.name)
