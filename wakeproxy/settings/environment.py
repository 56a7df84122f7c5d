"""Environment variables to a tree: ``WAKEPROXY__SERVICES__SHOP__IDLE_AFTER`` is ``services.shop.idle_after``.

Names are compared without regard to case, and services' names with ``-``, ``.`` and ``_`` alike, for shells allow only
the last. An empty variable is as good as none. Values are told nowhere here, for a misspelt name may hold a secret.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import reduce

from wakeproxy.settings.findings import Findings, Place
from wakeproxy.settings.keys import KEYS, Key
from wakeproxy.settings.kinds import Many
from wakeproxy.settings.schema import ANY_NAME, ROOT, Child, Section
from wakeproxy.settings.tree import Items, Looks, Map, Node, Scalar, entries_of, is_nothing, merge, nest
from wakeproxy.settings.values import Overrides
from wakeproxy.settings.yaml_tree import look_at, read_yaml

_PREFIX = "WAKEPROXY"
_JOINT = "__"
_QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class _Target:
    """What a variable sets."""

    path: tuple[str, ...]
    child: Child


def apply_environment(tree: Map, environ: Mapping[str, str], findings: Findings) -> Map:
    """Lay the environment over the file's tree, whole sections before single keys."""
    services = tuple(entries_of(tree, "services"))
    found: dict[tuple[str, ...], tuple[str, _Target]] = {}
    for name in sorted(_ours(environ)):
        targets = _targets(name, services)
        if len(targets) != 1:
            findings.add(Place(name), _refuse(name, targets, services))
        elif targets[0].path in found:
            findings.add(Place(name), f"sets the same key as {found[targets[0].path][0]}; remove one of them.")
        else:
            found[targets[0].path] = (name, targets[0])
    in_order = sorted(found.values(), key=lambda pair: len(pair[1].path))
    layers = (nest(target.path, _read(name, environ[name], target.child, findings)) for name, target in in_order)
    return reduce(merge, layers, tree)


def apply_overrides(tree: Map, overrides: Overrides) -> Map:
    """Lay the command line over everything."""
    for item in fields(overrides):
        value = getattr(overrides, item.name)
        if value is not None:
            place = Place(f"--{item.name.replace('_', '-')}")
            tree = merge(tree, nest(("aws", item.name), Scalar(value, Looks.TEXT, place)))
    return tree


def apply_fallbacks(tree: Map, environ: Mapping[str, str]) -> Map:
    """Lay the variables of other tools, such as ``AWS_REGION``, under everything."""
    for key in KEYS:
        name = next((name for name in key.fallback if environ.get(name)), None)
        if name is not None and not _is_given(tree, key):
            tree = merge(tree, nest(key.steps, Scalar(environ[name], Looks.TEXT, Place(name))))
    return tree


def _is_given(tree: Map, key: Key) -> bool:
    entry = entries_of(tree, key.section).get(key.name)
    return entry is not None and not is_nothing(entry.node)


def _ours(environ: Mapping[str, str]) -> Iterator[str]:
    prefix = (_PREFIX + _JOINT).lower()
    return (name for name, value in environ.items() if name.lower().startswith(prefix) and value)


def _targets(variable: str, services: tuple[str, ...]) -> list[_Target]:
    """Find what a variable may mean: nothing, one thing, or keys of services whose names look alike."""
    rest = _plain(variable).partition(_JOINT)[2]
    return list(_walk(rest, (), ROOT, services)) if rest else []


def _walk(rest: str, path: tuple[str, ...], child: Child, services: tuple[str, ...]) -> Iterator[_Target]:
    if not rest:
        yield _Target(path, child)
    elif isinstance(child, Section):
        for name, below in _names(rest, child, services):
            plain = _plain(name)
            if rest == plain or rest.startswith(plain + _JOINT):
                yield from _walk(rest[len(plain) + len(_JOINT) :], (*path, name), below, services)


def _names(rest: str, section: Section, services: tuple[str, ...]) -> Iterable[tuple[str, Child]]:
    if ANY_NAME not in section.children:
        return section.children.items()
    named = services or (rest.partition(_JOINT)[0].replace("_", "-"),)
    return [(name, section.children[ANY_NAME]) for name in named]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _refuse(variable: str, targets: list[_Target], services: tuple[str, ...]) -> str:
    if targets:
        names = " or ".join(target.path[1] for target in targets)
        return f"could mean service {names}; set the key in the file instead."
    _, *steps = _plain(variable).split(_JOINT)
    known = (_JOINT.join(map(_plain, path)) for path in _known(services or tuple(steps[1:2])))
    close = get_close_matches(_JOINT.join(steps), known, n=1)
    meant = _JOINT.join((_PREFIX, *close)).upper()
    return f"sets no known key; {f'did you mean {meant}?' if close else 'remove it, or see docs/settings.md.'}"


def _known(services: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """List the paths that variables can set."""
    for key in KEYS:
        if ANY_NAME in key.steps:
            yield ("defaults", *key.steps[2:])
            yield from (("services", name, *key.steps[2:]) for name in services)
        else:
            yield key.steps


def _read(variable: str, text: str, child: Child, findings: Findings) -> Node:
    """Read a value: YAML where it is a list, a map or quoted; otherwise as it stands, for shells have quotes too."""
    plain = Scalar(text, look_at(text), Place(variable))
    match child:
        case Section() if text.startswith("{"):
            return _read_yaml(plain, findings)
        case Section() if child.switch is None:
            findings.add(plain.place, f"must be a map in one line, like {{{child.names()[0]}: ...}}.")
            return Map({}, plain.place)
        case Key(kind=Many()):
            node = _read_yaml(plain, findings) if text.startswith("[") else plain
            return Items((node,), plain.place) if isinstance(node, Scalar) else node
        case _:
            is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES
            return _read_yaml(plain, findings) if is_quoted else plain


def _read_yaml(plain: Scalar, findings: Findings) -> Node:
    return read_yaml(plain.text, plain.place, findings) or plain
