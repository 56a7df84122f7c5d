"""The wait pages' themes that the settings name."""

from collections.abc import Iterable
from pathlib import Path

from wakeproxy.pages.pages import Pages
from wakeproxy.settings import BUILT_IN_THEMES, Settings


def load_pages(settings: Settings) -> Pages:
    """Load the themes that are named, besides the built-in ones.

    Raises:
        ConfigError: with every fault of every theme.
    """
    return Pages.load(folders=folders_of(settings.themes))


def folders_of(themes: Iterable[str]) -> dict[str, Path]:
    """Say where the themes are that are not built in."""
    return {name: Path(name) for name in sorted(set(themes) - set(BUILT_IN_THEMES))}
