"""The Region of a profile in AWS's shared configuration file, which the AWS CLI uses where nothing else names one."""

from collections.abc import Mapping
from configparser import ConfigParser, Error
from pathlib import Path
from typing import Final

_FILE: Final = "~/.aws/config"
_DEFAULT: Final = "default"


def find_region(profile: str | None, environ: Mapping[str, str]) -> str | None:
    """Find the Region of a profile, or of the one that the environment names; ``None`` where the file names none."""
    name = profile or environ.get("AWS_PROFILE") or _DEFAULT
    parser = ConfigParser(interpolation=None, strict=False, default_section="")
    try:
        parser.read(Path(environ.get("AWS_CONFIG_FILE") or _FILE).expanduser(), encoding="utf-8")
    except (Error, OSError, RuntimeError, ValueError):
        return None  # nor a home: whoever needs more of it says what is wrong
    sections = (name, f"profile {name}") if name == _DEFAULT else (f"profile {name}",)
    return next((parser[one]["region"] for one in sections if parser.has_option(one, "region")), None)
