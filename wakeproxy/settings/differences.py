"""What changed from one reading of the settings to the next: what can be taken up at once, and what cannot."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from wakeproxy.settings.keys import KEYS
from wakeproxy.settings.values import Settings

_KEYS: Final = frozenset(key.path for key in KEYS)
_SECTIONS: Final = frozenset(key.section for key in KEYS)


def take_up(running: Settings, read: Settings) -> Settings:
    """Take up what can change while the front runs; all else stays as it is.

    ``aws.cluster`` is only a part of services' names.
    """
    return replace(
        running,
        aws=replace(running.aws, cluster=read.aws.cluster),
        services=read.services,
        discover=read.discover,
        sleeper=read.sleeper,
        watch=read.watch,
    )


def list_fixed_changes(running: Settings, read: Settings) -> tuple[str, ...]:
    """List the keys that were written anew and stay as they were for as long as the front runs."""
    return tuple(dict.fromkeys(_differences(take_up(running, read), read, "")))


def _differences(before: Any, after: Any, prefix: str) -> Iterator[str]:
    for item in fields(before):
        old, new = getattr(before, item.name), getattr(after, item.name)
        path = f"{prefix}{item.name}"
        if old == new or not item.repr:  # a secret changes only with the key that says where it is
            continue
        if is_dataclass(old) and type(old) is type(new) and path in _SECTIONS:
            yield from _differences(old, new, f"{path}.")
        else:
            yield path if path in _KEYS else path.partition(".")[0]
