"""The way in: a file, the environment and the command line to settings, or to everything that is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from wakeproxy.settings.building import build_settings
from wakeproxy.settings.checks import Surroundings, check_document
from wakeproxy.settings.environment import apply_environment, apply_fallbacks, apply_overrides
from wakeproxy.settings.findings import Findings, Place
from wakeproxy.settings.plain_names import apply_plain_names
from wakeproxy.settings.reading import read_document
from wakeproxy.settings.tree import Map, describe, is_nothing
from wakeproxy.settings.values import Overrides, Settings
from wakeproxy.settings.yaml_tree import read_yaml

_NO_OVERRIDES = Overrides()
_NO_FILE = Place("environment")


Print: TypeAlias = tuple[int, int, int, int]
"""How a file looks from outside: device, inode, modification and size."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where settings come from, so that they can be read again as they were at first."""

    path: Path | None
    overrides: Overrides = _NO_OVERRIDES
    needs_services: bool = True
    """Whether settings that name no service are of no use."""

    def load(self, environ: Mapping[str, str]) -> Settings:
        """Load the settings; the command line beats the environment, which beats the file.

        Raises:
            ConfigError: with every finding at once.
        """
        return load_settings(self.path, environ=environ, overrides=self.overrides, needs_services=self.needs_services)

    def look(self) -> Print | None:
        """Look at the file from outside, through any links; ``None`` when it is not there, or there is none."""
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def load_settings(
    path: Path | None,
    *,
    environ: Mapping[str, str],
    overrides: Overrides = _NO_OVERRIDES,
    needs_services: bool = True,
) -> Settings:
    """Load the settings: the command line beats the environment, which beats the file.

    Without a file everything comes from the environment. Relative paths start from the file's folder.

    Raises:
        ConfigError: with every finding at once.
    """
    findings = Findings()
    tree = _read_file(path, findings)
    read_document(tree, findings)  # the file by itself: what the environment replaces must be right too
    tree = apply_overrides(apply_environment(tree, environ, findings), overrides)
    document = read_document(apply_fallbacks(apply_plain_names(tree, environ), environ), findings)
    folder = path.parent if path else Path()
    check_document(document, Surroundings(folder, environ, needs_services), findings)
    findings.raise_any()
    return build_settings(document, folder, environ)


def _read_file(path: Path | None, findings: Findings) -> Map:
    if path is None:
        return Map({}, _NO_FILE)
    place = Place(str(path))
    node = read_yaml(_read_text(path, findings), Place(str(path), 1), findings)
    if node is None or is_nothing(node):
        return Map({}, place)
    if isinstance(node, Map):
        return Map(node.entries, place)
    findings.add(node.place, f"must hold a map of keys, not {describe(node)}; see docs/settings.md.")
    raise findings.error()


def _read_text(path: Path, findings: Findings) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        findings.add(Place(str(path)), f"cannot be read ({reason}); create it, or name another file with -c.")
    except UnicodeDecodeError as error:
        findings.add(Place(str(path)), f"is no UTF-8 text (byte {error.start}); save it as UTF-8.")
    raise findings.error()
