"""Which route of an HTTP API a request takes (AWS: "Routing API requests"). Pure.

A full match wins over one with variables, and that over a greedy one; a method by name wins over `ANY`; `$default`
takes what is left.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT = "$default"
_VARIABLE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """A route, and what its variables stand for in this request."""

    key: str
    parameters: dict[str, str]


def match_route(keys: Iterable[str], method: str, path: str) -> Match | None:
    """Choose among route keys such as `GET /pets/{id}`; `path` is decoded and without the stage."""
    found = [(_rank(key), Match(key, taken)) for key in keys if (taken := _take(key, method, path)) is not None]
    return min(found, key=lambda each: each[0])[1] if found else None


def _take(key: str, method: str, path: str) -> dict[str, str] | None:
    if key == DEFAULT:
        return {}
    wanted, _, pattern = key.partition(" ")
    if wanted not in {"ANY", method}:
        return None
    match = _compile(pattern).fullmatch(path)
    if match is None:
        return None
    names = [name.removesuffix("+") for name in _VARIABLE.findall(pattern)]
    return dict(zip(names, match.groups(), strict=True))


def _compile(pattern: str) -> re.Pattern[str]:
    parts, at = [], 0
    for variable in _VARIABLE.finditer(pattern):
        parts.append(re.escape(pattern[at : variable.start()]))
        parts.append("(.+)" if variable[1].endswith("+") else "([^/]+)")
        at = variable.end()
    return re.compile("".join([*parts, re.escape(pattern[at:])]), re.DOTALL)


def _rank(key: str) -> tuple[int, ...]:
    """Rank from best to worst."""
    if key == DEFAULT:
        return (3,)
    method, _, pattern = key.partition(" ")
    variables = _VARIABLE.findall(pattern)
    kind = 2 if any(name.endswith("+") for name in variables) else 1 if variables else 0
    return (kind, -pattern.count("/"), len(variables), method == "ANY")
