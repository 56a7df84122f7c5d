"""Which command an image name stands for, and what a registry says when there is none."""

import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

APPS = frozenset({"hello", "slow", "crasher", "live", "echo"})
"""The apps shipped with the sandbox: images `wakeproxy/NAME`, in any registry and with any tag."""

_APP = re.compile(r"(?:.*/)?wakeproxy/(?P<name>[a-z]+)(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")


def command_of(container: Mapping[str, Any], override: Sequence[str] | None, *, pull: str) -> list[str] | None:
    """Find the command line of a container; `None` when nothing says what its image runs."""
    written = [*(container.get("entryPoint") or []), *(override or container.get("command") or [])]
    if written:
        return written
    found = _APP.fullmatch(container["image"])
    if found and found["name"] in APPS:
        return _app(found["name"], container)
    return _app("echo", container) if pull == "any" else None


def digest_of(image: str) -> str:
    """A digest that is an image's own: the one it names, or one made from its name."""
    _, _, named = image.partition("@")
    return named or f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def pull_error(image: str, message: str = "") -> str:
    """Say what ECS says when a pull failed; by default, that the registry has no such image."""
    if message:
        return message if message.startswith("CannotPullContainerError") else f"CannotPullContainerError: {message}"
    reference = (
        image if "." in image.partition("/")[0] else f"docker.io/{image if '/' in image else f'library/{image}'}"
    )
    if ":" not in reference.rsplit("/", 1)[-1]:
        reference += ":latest"
    return (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {reference}: {reference}: not found"
    )


def _app(name: str, container: Mapping[str, Any]) -> list[str]:
    ports = [each["containerPort"] for each in container.get("portMappings") or [] if "containerPort" in each]
    return [sys.executable, "-m", f"wakeproxy.sandbox.apps.{name}", str(ports[0] if ports else 8080)]
