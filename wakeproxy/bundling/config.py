"""The config that goes into a zip: checked before, with the theme folders that it names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wakeproxy.errors import ConfigError
from wakeproxy.pages.pages import Pages
from wakeproxy.settings import BUILT_IN_THEMES, load_settings
from wakeproxy.settings.plain_names import IN_LAMBDA

_NAME: Final = "wakeproxy.yaml"
_SOMEWHERE: Final = {IN_LAMBDA: "bundle", "AWS_REGION": "us-east-1"}
"""What a function's environment says that nobody knows yet; the file is stronger."""


def list_config(path: Path) -> Iterator[tuple[str, Path]]:
    """List a config file and its themes by their paths in the zip.

    Raises:
        ConfigError: with every finding; a theme must lie beside or below the file, to be found there again.
    """
    settings = load_settings(path, environ=_SOMEWHERE)
    folders = {name: Path(name).resolve() for name in sorted(settings.themes - {*BUILT_IN_THEMES})}
    Pages.load(folders=folders)
    yield _NAME, path
    root = path.parent.resolve()
    for folder in folders.values():
        if not folder.is_relative_to(root):
            raise ConfigError(
                (f"{folder}: this theme does not lie below {root}, so a zip has no place for it; move it.",)
            )
        for place in sorted(folder.rglob("*")):
            if place.is_file():
                yield place.relative_to(root).as_posix(), place
