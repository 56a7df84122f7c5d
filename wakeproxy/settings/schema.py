"""The table of keys as a tree of sections: where a key may stand, and which was meant when none is there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeAlias

from wakeproxy.settings.keys import KEYS, Key

ANY_NAME: Final = "*"


@dataclass(frozen=True, slots=True)
class Section:
    """Keys and sections by name; ``switch`` reads a plain value in the section's place (``admin: off``)."""

    children: Mapping[str, "Child"]
    switch: Key | None = None

    def names(self) -> tuple[str, ...]:
        """Name what may be written here."""
        return tuple(self.children)


Child: TypeAlias = Key | Section


def _build(keys: Iterable[Key], depth: int) -> Section:
    switch: Key | None = None
    groups: dict[str, list[Key]] = {}
    for key in keys:
        if len(key.steps) == depth:
            switch = key
        else:
            groups.setdefault(key.steps[depth], []).append(key)
    return Section({name: _child(group, depth + 1) for name, group in groups.items()}, switch)


def _child(group: list[Key], depth: int) -> Child:
    first = group[0]
    return first if len(group) == 1 and len(first.steps) == depth else _build(group, depth)


def _section(parent: Section, name: str) -> Section:
    child = parent.children[name]
    assert isinstance(child, Section)
    return child


TOP: Final = _build(KEYS, 0)
SERVICE: Final = _section(_section(TOP, "services"), ANY_NAME)
ROOT: Final = Section({**TOP.children, "defaults": SERVICE})
"""The whole document: ``defaults`` takes whatever a service takes."""


def suggest(name: str, section: Section) -> str:
    """End the sentence about an unknown key: what was meant, where it belongs, or what there is."""
    close = get_close_matches(name.lower().replace("-", "_"), section.names(), n=1)
    if close:
        return f"did you mean {close[0]}?"
    elsewhere = next((key.path for key in KEYS if key.name == name), None)
    if elsewhere:
        return f"it belongs at {elsewhere.replace(ANY_NAME, 'NAME')}."
    return f"known here: {', '.join(section.names())}."
