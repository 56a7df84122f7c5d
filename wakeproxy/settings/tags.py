"""Tags of an ECS service to the values of its keys.

Every key of a service is a tag: ``idle_after`` is ``wakeproxy:idle-after``, ``ready.path`` is ``wakeproxy:ready-path``.
A tag's value holds letters, digits, spaces and ``+ - = . _ : / @`` only, so lists are written without brackets and
commas. Sablier's tags are understood, too. Pure; knows neither AWS nor which other services there are.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import Findings, Place
from wakeproxy.settings.keys import KEYS, Key
from wakeproxy.settings.kinds import SWITCH, WORDS_OF_TRUTH, Many
from wakeproxy.settings.reading import Given, Values, read_key
from wakeproxy.settings.tree import Items, Node, Scalar
from wakeproxy.settings.yaml_tree import look_at, read_yaml

PREFIX: Final = "wakeproxy:"
ENABLE: Final = f"{PREFIX}enable"
_SABLIER_ENABLE: Final = "sablier.enable"
OPT_IN_TAGS: Final = (ENABLE, _SABLIER_ENABLE)
"""Who bears one of these speaks of being served."""
OPT_IN_VALUES: Final[Mapping[str, tuple[str, ...]]] = {ENABLE: WORDS_OF_TRUTH, _SABLIER_ENABLE: ("true",)}
"""With which values they do opt in, in lower case."""
_SABLIER_GROUP = "sablier.group"
_HOSTS = "services.*.hosts"
_ITSELF = "services.*.ecs"
_WILD = "_."
"""Stands for ``*.``, which no tag can hold."""
_AND = " + "
"""Parts items that hold spaces themselves, as awake hours do."""


def tag_of(key: Key) -> str:
    """Name the tag that says what a key of a service says."""
    return PREFIX + "-".join(key.steps[2:]).replace("_", "-")


TAGS: Final[Mapping[str, Key]] = {
    tag_of(key): key for key in KEYS if key.steps[0] == "services" and key.path != _ITSELF
}


def is_wanted(tags: Mapping[str, str]) -> bool:
    """Whether tags opt their service in; what cannot be understood is told later, rather than ignored."""
    own = tags.get(ENABLE)
    if own is None:
        return tags.get(_SABLIER_ENABLE, "").strip().lower() == "true"
    try:
        return bool(SWITCH.read(own.strip()))
    except UsageError:
        return True


def read_tags(tags: Mapping[str, str], findings: Findings) -> Values:
    """Read the keys of a service off its tags; every mistake is told by the tag's name."""
    values: dict[str, Given] = {}
    for name, text in sorted(_ours(tags)):
        place, key = Place(name), _key_of(name)
        if name == ENABLE:
            _check_enable(text, place, findings)
        elif key is None:
            findings.add(place, f"there is no such tag; {_suggest(name)}")
        else:
            values[key.path] = read_key(_node(text, key, place), key, place, findings)
    return values


def show_example(key: Key) -> str:
    """Write a key's example as its tag's value."""
    kind = key.kind
    if not isinstance(kind, Many):
        return key.example
    texts = _example_items(key)
    return _JOINTS[key.path].join(text.replace("*.", _WILD) if key.path == _HOSTS else text for text in texts)


def _ours(tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in tags.items():
        if name.startswith(PREFIX) or (name == _SABLIER_GROUP and f"{PREFIX}group" not in tags):
            yield name, text.strip()


def _key_of(name: str) -> Key | None:
    return TAGS.get(f"{PREFIX}group" if name == _SABLIER_GROUP else name)


def _check_enable(text: str, place: Place, findings: Findings) -> None:
    try:
        SWITCH.read(text)
    except UsageError as error:
        findings.add(place, str(error))


def _suggest(name: str) -> str:
    known = [tag.removeprefix(PREFIX) for tag in (ENABLE, *TAGS)]
    close = get_close_matches(name.removeprefix(PREFIX).lower().replace("_", "-"), known, n=1)
    return f"did you mean {PREFIX}{close[0]}?" if close else "remove it, or see docs/discovery.md."


def _node(text: str, key: Key, place: Place) -> Node:
    if not isinstance(key.kind, Many):
        return Scalar(text, look_at(text), place)
    parts = (part.strip() for part in text.split(_AND)) if _JOINTS[key.path] == _AND else text.split()
    if key.path == _HOSTS:
        parts = (f"*.{part.removeprefix(_WILD)}" if part.startswith(_WILD) else part for part in parts)
    return Items(tuple(Scalar(part, look_at(part), place) for part in parts if part), place)


def _example_items(key: Key) -> tuple[str, ...]:
    """Read the items that a list's example shows."""
    node = read_yaml(key.example, Place(key.path), Findings())
    nodes = node.nodes if isinstance(node, Items) else (node,)
    return tuple(item.text for item in nodes if isinstance(item, Scalar))


_JOINTS: Final = {
    key.path: _AND if any(" " in text for text in _example_items(key)) else " "
    for key in TAGS.values()
    if isinstance(key.kind, Many)
}
"""What stands between the items of each list, by its key."""
