"""Loads a configuration from text, as a file of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.certificates import authority
from wakeproxy.errors import ConfigError
from wakeproxy.settings import Settings, load_settings

REGION = {"AWS_REGION": "eu-west-1"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of the file, with the certificate that examples name."""
    folder = tmp_path_factory.mktemp("settings")
    issued = authority().issue(folder, "cert", ["shop.example.com"])
    issued.key.rename(folder / "key.pem")
    return folder


@pytest.fixture(scope="session")
def load(folder: Path) -> Callable[..., Settings]:
    """Load a text, with a region and further variables in the environment."""

    def load(text: str, **environ: str) -> Settings:
        path = folder / "wakeproxy.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environ=REGION | environ)

    return load


@pytest.fixture(scope="session")
def find(load: Callable[..., Settings], folder: Path) -> Callable[..., tuple[str, ...]]:
    """Tell the findings about a text; none when it is right."""

    def find(text: str, **environ: str) -> tuple[str, ...]:
        try:
            load(text, **environ)
        except ConfigError as error:
            return tuple(finding.replace(f"{folder}/", "") for finding in error.findings)
        return ()

    return find
