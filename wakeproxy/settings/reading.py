"""A tree to values: every key read by its own kind, every mistake noted, nothing decided yet.

A value that cannot be read becomes a finding and its key's default, so that everything after it can go on looking.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from wakeproxy.core.names import ServiceName, parse_service_name
from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import Findings, Place
from wakeproxy.settings.keys import Key
from wakeproxy.settings.kinds import Many, One
from wakeproxy.settings.schema import ROOT, SERVICE, Section, suggest
from wakeproxy.settings.tree import Entry, Items, Looks, Map, Node, Scalar, describe, is_nothing

_SERVICES = ("services",)


@dataclass(frozen=True, slots=True)
class Given:
    """A value somebody wrote; not sound, and its key's default, when it could not be read."""

    value: Any
    place: Place
    path: tuple[str, ...]
    is_sound: bool = True


Values: TypeAlias = Mapping[str, Given]
"""What was written, by the keys' paths in the table."""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """What was written of one service, with the defaults it shares."""

    name: ServiceName
    place: Place
    values: Values


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that was written."""

    place: Place
    values: Values
    services: tuple[ServiceEntry, ...]
    shared: Values
    """The defaults of every service."""


def read_document(tree: Map, findings: Findings) -> Document:
    """Read a whole tree."""
    reader = _Reader(findings)
    entries = dict(tree.entries)
    defaults = entries.pop("defaults", None)
    services = entries.pop("services", None)
    shared = reader.section(defaults, SERVICE, ("defaults",)) if defaults else {}
    return Document(
        tree.place,
        reader.section(Entry(Map(entries, tree.place), tree.place), ROOT, ()),
        reader.services(services, shared) if services else (),
        shared,
    )


def read_key(node: Node, key: Key, place: Place, findings: Findings) -> Given:
    """Read one key that stands by itself."""
    return _Reader(findings).key(Entry(node, place), key, ())


class _Reader:
    """Reads values, and notes what cannot be read."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def services(self, entry: Entry, shared: dict[str, Given]) -> tuple[ServiceEntry, ...]:
        if not isinstance(entry.node, Map):
            self._refuse(entry, "services by name", _SERVICES)
            return ()
        read = (self._service(text, below, shared) for text, below in entry.node.entries.items())
        return tuple(service for service in read if service is not None)

    def _service(self, text: str, entry: Entry, shared: dict[str, Given]) -> ServiceEntry | None:
        path = (*_SERVICES, text)
        values = shared | self.section(entry, SERVICE, path)
        try:
            return ServiceEntry(parse_service_name(text), entry.place, values)
        except UsageError as error:
            self._findings.add(entry.place, str(error), path)
            return None

    def section(self, entry: Entry, section: Section, path: tuple[str, ...]) -> dict[str, Given]:
        if section.switch is not None and isinstance(entry.node, Scalar):
            return {section.switch.path: self.key(entry, section.switch, path)}
        if not isinstance(entry.node, Map):
            self._refuse(entry, f"a map of keys ({', '.join(section.names())})", path)
            return {}
        values: dict[str, Given] = {}
        for name, below in entry.node.entries.items():
            child = section.children.get(name)
            if child is None:
                self._findings.add(below.place, f"there is no such key; {suggest(name, section)}", (*path, name))
            elif isinstance(child, Section):
                values |= self.section(below, child, (*path, name))
            else:
                values[child.path] = self.key(below, child, (*path, name))
        if section.switch is not None and section.switch.default is False:  # who writes its keys wants it
            values[section.switch.path] = Given(value=True, place=entry.place, path=path)
        return values

    def _refuse(self, entry: Entry, noun: str, path: tuple[str, ...]) -> None:
        if not is_nothing(entry.node):
            self._findings.add(entry.place, f"must be {noun}, not {describe(entry.node)}.", path)

    def key(self, entry: Entry, key: Key, path: tuple[str, ...]) -> Given:
        try:
            return Given(self._value(entry.node, key, path), entry.place, path)
        except UsageError as error:
            self._findings.add(entry.place, str(error), path)
            return Given(key.default, entry.place, path, is_sound=False)

    def _value(self, node: Node, key: Key, path: tuple[str, ...]) -> Any:
        match key.kind:
            case One() as kind:
                return _read_one(node, kind)
            case Many() as kind:
                return self._read_many(_nodes(node, key, kind), kind, path)
            case _:
                assert_never(key.kind)

    def _read_many(self, nodes: tuple[Node, ...], kind: Many, path: tuple[str, ...]) -> tuple[Any, ...]:
        items = []
        for node in nodes:
            try:
                items.append(_read_one(node, kind.item))
            except UsageError as error:
                self._findings.add(node.place, str(error), path)
        return tuple(dict.fromkeys(items) if kind.is_set else items)


def _nodes(node: Node, key: Key, kind: Many) -> tuple[Node, ...]:
    if isinstance(node, Scalar) and node.looks is Looks.TEXT:
        return (node,)
    if not isinstance(node, Items):
        raise UsageError(f"must be a list of {kind.plural}, not {describe(node)}; write it like {key.example}.")
    if len(node.nodes) < kind.least:
        raise UsageError(f"is an empty list; write it like {key.example}.")
    return node.nodes


def _read_one(node: Node, kind: One) -> Any:
    if not isinstance(node, Scalar):
        raise UsageError(f"must be {kind.noun}, not {describe(node)}.")
    if not is_nothing(node):
        return kind.read(node.text)
    if not kind.can_be_null:
        raise UsageError(f"is empty; it must be {kind.noun}. Write one, or remove the key.")
    return None
