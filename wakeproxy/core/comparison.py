"""How two task definitions differ, for people and programs.

They are compared as ECS completes them, so what only ECS filled in is no difference.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wakeproxy.core.completion import Place, abridge, complete, find_keys
from wakeproxy.core.taskdef import Revision

_ENTRIES: Final = ({"name", "value"}, {"name", "valueFrom"})
_HAS_PLAIN_NAME: Final = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where they differ; ``None`` stands for nothing there."""

    path: str
    """Such as ``containerDefinitions[web].environment[LOG_LEVEL]``."""
    before: Any
    after: Any


def compare(before: Revision, after: Revision) -> tuple[Difference, ...]:
    """List the differences in document and tags.

    What only ECS filled in is none, and order only where it means something. There are none exactly where
    `taskdef.would_be_same` says so.
    """
    names = sorted(before.tags.keys() | after.tags.keys())
    tags = (Difference(f"tags[{name}]", before.tags.get(name), after.tags.get(name)) for name in names)
    return (
        *_find_differences(complete(before.document), complete(after.document), path="", place=()),
        *(one for one in tags if one.before != one.after),
    )


def write_difference(difference: Difference) -> str:
    """Write one line for people: ``~`` what changes, ``+`` what is added, ``-`` what is taken away."""
    path, before, after = difference.path, difference.before, difference.after
    if before is None:
        return f"+ {path}: {_spell(after)}"
    if after is None:
        return f"- {path}: {_spell(before)}"
    if _spell(before) == _spell(after):  # such as a number and its digits
        return f"~ {path}: {_spell_json(before)} -> {_spell_json(after)}"
    return f"~ {path}: {_spell(before)} -> {_spell(after)}"


def _find_differences(before: Any, after: Any, *, path: str, place: Place) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in _unite(before, after):
            yield from _find_differences(before.get(key), after.get(key), path=_extend(path, key), place=(*place, key))
        return
    elements = _pair(before, after, place)
    if elements is None:
        yield Difference(path, abridge(before, place), abridge(after, place))
        return
    for key in _unite(*elements):
        one, other = (side.get(key) for side in elements)
        yield from _find_differences(one, other, path=f"{path}[{key}]", place=place)


def _pair(before: Any, after: Any, place: Place) -> Sequence[Mapping[str, Any]] | None:
    """Tell two lists' elements by what tells them apart, else by position; ``None`` for what is told as a whole."""
    if not (isinstance(before, list | None) and isinstance(after, list | None)):
        return None
    sides = (before or [], after or [])
    keys = [find_keys(side, place) for side in sides]
    if None not in keys:
        return [
            dict(zip(some or (), map(_find_worth, side), strict=True)) for some, side in zip(keys, sides, strict=True)
        ]
    if None in (before, after):
        return None
    return [{str(position): element for position, element in enumerate(side)} for side in sides]


def _find_worth(element: Any) -> Any:
    """Take an entry that has a name and a value for its value: its name stands in the path."""
    if isinstance(element, Mapping) and element.keys() in _ENTRIES:
        return next(value for key, value in element.items() if key != "name")
    return element


def _unite(before: Mapping[str, Any], after: Mapping[str, Any]) -> Sequence[str]:
    return [*before, *(key for key in after if key not in before)]


def _extend(path: str, key: str) -> str:
    if not _HAS_PLAIN_NAME.fullmatch(key):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _spell(value: Any) -> str:
    """Write a text as it is where that is clear, else as JSON; nothing in it moves a terminal's cursor."""
    if isinstance(value, str) and value.isprintable() and value.strip() == value != "":
        return value
    return _spell_json(value)


def _spell_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isprintable() else json.dumps(value, default=str)
