"""What was written, before anybody asked what it means: scalars, lists and maps, each with its place.

Scalars keep their text. YAML 1.1 reads ``1:30`` as 90, ``no`` as false and ``0100`` as 64; a key's own type reads the
text instead, so nothing is lost before it is understood. Knows neither the keys nor the parser.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from typing import TypeAlias, assert_never

from wakeproxy.settings.findings import Place


class Looks(StrEnum):
    """What an unquoted scalar looks like to YAML, in words for people."""

    TEXT = "text"
    NUMBER = "a number"
    SWITCH = "true or false"
    DATE = "a date"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as written."""

    text: str
    looks: Looks
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's value, and where the key stands."""

    node: "Node"
    place: Place


@dataclass(frozen=True, slots=True)
class Map:
    """Values by key."""

    entries: Mapping[str, Entry]
    place: Place


Node: TypeAlias = Scalar | Items | Map


def describe(node: Node) -> str:
    """Say what a node is, as in "must be a host, not a list"."""
    match node:
        case Scalar():
            return node.looks.value
        case Items():
            return "a list"
        case Map():
            return "a map of keys"
        case _:
            assert_never(node)


def merge(under: Map, over: Map) -> Map:
    """Lay one map over another: maps mix key by key, anything else is replaced."""
    entries = dict(under.entries)
    for name, entry in over.entries.items():
        below = entries.get(name)
        if below is not None and isinstance(below.node, Map) and isinstance(entry.node, Map):
            entries[name] = Entry(merge(below.node, entry.node), below.place)
        else:
            entries[name] = entry
    return Map(entries, under.place)


def nest(path: tuple[str, ...], node: Node) -> Map:
    """Put a node at the end of a path of maps."""

    def wrap(inner: Node, name: str) -> Map:
        return Map({name: Entry(inner, node.place)}, node.place)

    *outer, last = path
    return reduce(wrap, reversed(outer), wrap(node, last))


def is_nothing(node: Node) -> bool:
    """Tell whether nothing was written: ``null``, ``~`` or no value at all."""
    return isinstance(node, Scalar) and node.looks is Looks.NOTHING


def entries_of(tree: Map, name: str) -> Mapping[str, Entry]:
    """Tell what a map holds under one of its keys; nothing when that is no map."""
    entry = tree.entries.get(name)
    return entry.node.entries if entry is not None and isinstance(entry.node, Map) else {}
