"""The table of keys as Markdown: the tables of ``docs/settings.md``."""

from collections.abc import Iterator
from itertools import groupby

from wakeproxy.settings.keys import KEYS, Key
from wakeproxy.settings.kinds import Many
from wakeproxy.settings.schema import ANY_NAME

_HEAD = "| key | takes | default | meaning | example |\n|---|---|---|---|---|"


def render_keys() -> str:
    """Render every key, section by section."""
    ordered = sorted(KEYS, key=_section_order)
    parts = [_table(section, list(keys)) for section, keys in groupby(ordered, key=lambda key: key.section)]
    return "\n\n".join(parts) + "\n"


def _section_order(key: Key) -> int:
    """The top first, then each section where the table first names it."""
    return -1 if not key.section else [other.section for other in KEYS].index(key.section)


def _table(section: str, keys: list[Key]) -> str:
    title = f"`{section.replace(ANY_NAME, 'NAME')}`" if section else "At the top"
    return "\n".join((f"### {title}", "", _HEAD, *_rows(keys)))


def _rows(keys: list[Key]) -> Iterator[str]:
    for key in keys:
        cells = (f"`{key.name}`", _takes(key), _default(key), key.sentence, f"`{key.example}`")
        yield f"| {' | '.join(cells)} |"


def _takes(key: Key) -> str:
    kind = key.kind
    if isinstance(kind, Many):
        return f"a list of {kind.plural}"
    return f"{kind.noun}, or null" if kind.can_be_null else kind.noun


def _default(key: Key) -> str:
    kind = key.kind
    if key.default_text or key.default is None:
        return key.default_text or "none"
    shown = f"[{', '.join(map(kind.item.show, key.default))}]" if isinstance(kind, Many) else kind.show(key.default)
    return f"`{shown}`"
