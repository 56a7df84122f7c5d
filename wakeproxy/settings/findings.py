"""Findings: what is wrong with a configuration, each with its place, all told at once.

Knows nothing of YAML, of the environment or of what the keys mean.
"""

from dataclasses import dataclass
from pathlib import Path

from wakeproxy.errors import ConfigError

_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written: a file's line, an environment variable, or a command line option."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    place: Place
    sentence: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ": ".join((str(self.place), *filter(None, [show_path(self.path)]), self.sentence))


class Findings:
    """Collects findings until there is nothing left to look at."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def add(self, place: Place, sentence: str, path: tuple[str, ...] = ()) -> None:
        """Note one finding; ``path`` is the key it is about."""
        self._found.append(Finding(place, sentence, path))

    def touch(self, name: str) -> bool:
        """Tell whether any finding is about the top-level key of that name."""
        return any(finding.path[:1] == (name,) for finding in self._found)

    def tell(self) -> tuple[str, ...]:
        """Tell them all: by line, then what stands in no line."""
        ordered = sorted(self._found, key=lambda finding: (finding.place.line is None, finding.place.line or 0))
        return tuple(dict.fromkeys(map(str, ordered)))

    def error(self) -> ConfigError:
        """Make the error that tells them all."""
        return ConfigError(self.tell())

    def raise_any(self) -> None:
        """Raise what was found; do nothing when all is well."""
        if self._found:
            raise self.error()


def show_path(path: tuple[str, ...]) -> str:
    """Write a key's path as people do: ``services.shop.idle_after``; what cannot be printed is escaped."""
    return ".".join(repr(step)[1:-1] for step in path)


def quote_path(path: Path) -> str:
    """Quote a file's path: in one line, printable, and whole, for its end tells most."""
    return f'"{repr(str(path))[1:-1]}"'


def quote(text: str) -> str:
    """Quote what somebody wrote: in one line, printable, not endless."""
    shown = text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "..."
    return f'"{repr(shown)[1:-1]}"'
