"""YAML text to a tree with places, by the parser's events.

Nothing is constructed, so no tag can name a Python type, and an alias costs nothing however often it is repeated.
Knows the language, not the keys.
"""

from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from yaml.resolver import Resolver

from wakeproxy.settings.findings import Findings, Place, quote
from wakeproxy.settings.tree import Entry, Items, Looks, Map, Node, Scalar, describe

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 32  # the keys need five levels; a limit keeps a hostile file from exhausting the stack
_TAG = "tag:yaml.org,2002:"
_LOOKS = {
    "int": Looks.NUMBER,
    "float": Looks.NUMBER,
    "bool": Looks.SWITCH,
    "timestamp": Looks.DATE,
    "null": Looks.NOTHING,
}
_OTHER_TAGS = {"str", "value", "merge", "seq", "map"}
_MERGE = "<<"
_resolver: Any = Resolver()


def read_yaml(text: str, start: Place, findings: Findings) -> Node | None:
    """Read one document; ``None`` when it is empty. Text that is no YAML raises the error at once.

    ``start`` is where the text begins; places count lines from there only when it has one.
    """
    events = yaml.parse(text, Loader=_LOADER)
    try:
        return _Builder(events, start, findings).document()
    except yaml.MarkedYAMLError as error:
        last = max(len(text.splitlines()) - 1, 0)  # what ends too early is told at the last line, not beyond it
        place = _shift(start, min(error.problem_mark.line, last)) if error.problem_mark else start
        findings.add(place, _explain(error, text))
    except (yaml.YAMLError, ValueError) as error:  # the latter for escapes beyond Unicode
        findings.add(start, f"this is no YAML: {' '.join(str(error).split())}.")
    raise findings.error()


def look_at(text: str) -> Looks:
    """Tell what an unquoted scalar looks like to YAML."""
    return _look_at_tag(_resolver.resolve(yaml.ScalarNode, text, (True, False)))


def _look_at_event(event: Any) -> Looks:
    return _look_at_tag(event.tag or _resolver.resolve(yaml.ScalarNode, event.value, event.implicit))


def _look_at_tag(tag: str) -> Looks:
    return _LOOKS.get(tag.removeprefix(_TAG), Looks.TEXT)


def _shift(start: Place, lines: int) -> Place:
    return start if start.line is None else Place(start.source, start.line + lines)


def _explain(error: yaml.MarkedYAMLError, text: str) -> str:
    """Say what is wrong with the text, and the remedy where the parser's words hide it."""
    problem = f"this is no YAML: {error.problem}"
    lines = text.splitlines()
    mark = error.problem_mark
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if line.lstrip(" ").startswith("\t"):
        return f"{problem}; indent with spaces, not with tabs."
    if "alias" in str(error.context):
        return f'{problem}; put text that begins with * in quotes, like "*.example.com".'
    return f"{problem}; text with a colon and a space, or one that begins with any of * & ! @ % [ {{, needs quotes."


class _Builder:
    """Builds the tree of one document."""

    def __init__(self, events: Iterator[Any], start: Place, findings: Findings) -> None:
        self._events = events
        self._start = start
        self._findings = findings
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        """Build the only document; ``None`` when there is none."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._give_up(event, (), "a second document begins here; keep everything in one.")
                root = self._node(next(self._events), ())
        return root

    def _node(self, event: Any, path: tuple[str, ...]) -> Node:
        if len(path) > _DEEPEST:
            self._give_up(event, path[:3], "is nested too deeply; no key needs that.")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self._give_up(event, path, f"*{event.anchor} names no anchor above it; put quotes around text like it.")
            return self._anchors[event.anchor]
        node = self._own_node(event, path)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _own_node(self, event: Any, path: tuple[str, ...]) -> Node:
        place = self._place(event)
        self._check_tag(event, path)
        match event:
            case yaml.SequenceStartEvent():
                return Items(tuple(self._nodes(path)), place)
            case yaml.MappingStartEvent():
                return Map(self._entries(path), place)
            case _:
                return Scalar(event.value, _look_at_event(event), place)

    def _nodes(self, path: tuple[str, ...]) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, (*path, "[]"))

    def _entries(self, path: tuple[str, ...]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        merged: list[Map] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name, entry = self._entry(event, path)
            if name == _MERGE and event.implicit[0]:
                merged.extend(self._merged(entry, path))
            elif name in entries:
                first = entries[name].place
                self._findings.add(entry.place, f"is written twice; the first is at {first}.", (*path, name))
            else:
                entries[name] = entry
        for other in merged:  # https://yaml.org/type/merge.html: what is written here wins, then the earlier map
            entries = {**other.entries, **entries}
        return entries

    def _entry(self, event: Any, path: tuple[str, ...]) -> tuple[str, Entry]:
        if not isinstance(event, yaml.ScalarEvent):
            self._give_up(event, path, "a key must be a word here, not a list, a map or an alias.")
        place = self._place(event)
        return event.value, Entry(self._node(next(self._events), (*path, event.value)), place)

    def _merged(self, entry: Entry, path: tuple[str, ...]) -> Iterator[Map]:
        nodes = entry.node.nodes if isinstance(entry.node, Items) else (entry.node,)
        for node in nodes:
            if isinstance(node, Map):
                yield node
            else:
                self._findings.add(entry.place, f"can merge maps only, not {describe(node)}.", (*path, _MERGE))

    def _check_tag(self, event: Any, path: tuple[str, ...]) -> None:
        tag = event.tag or "!"
        if tag != "!" and tag.removeprefix(_TAG) not in _LOOKS.keys() | _OTHER_TAGS:
            self._findings.add(self._place(event), f"tags like {quote(tag)} mean nothing here; remove it.", path)

    def _place(self, event: Any) -> Place:
        return _shift(self._start, event.start_mark.line)

    def _give_up(self, event: Any, path: tuple[str, ...], sentence: str) -> NoReturn:
        self._findings.add(self._place(event), sentence, path)
        raise self._findings.error()
