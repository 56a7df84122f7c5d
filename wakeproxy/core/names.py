"""Names: parsed once at the door, so that inside the house a type proves them.

Limits are those of DNS (RFC 1035, RFC 5891 leaves them) and of the ECS and Elastic Load Balancing API models.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import NewType

from wakeproxy.errors import UsageError

ServiceName = NewType("ServiceName", str)
"""A service's name in wakeproxy's configuration: what people type, see and find in metrics."""

Host = NewType("Host", str)
"""A host a request may be addressed to: lower case, no port, no trailing dot."""

_SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]", re.ASCII)
_PORT = re.compile(r":[0-9]{0,5}\Z", re.ASCII)
_LONGEST_HOST = 253
_HASH_LENGTH = 8
_HASHED = re.compile(rf"(?:.*-)?[0-9a-f]{{{_HASH_LENGTH}}}")


def parse_service_name(text: str) -> ServiceName:
    """Take a service's name as ECS would: letters, digits, ``-``, ``_`` and ``.``, at most 255 characters."""
    if not _SERVICE_NAME.fullmatch(text):
        raise UsageError(
            f"{text!r} cannot be a service's name: use letters, digits, '-', '_' and '.', "
            "beginning with a letter or digit, at most 255 characters."
        )
    return ServiceName(text)


def parse_host(text: str) -> Host | None:
    """Read a ``Host`` field's value; ``None`` when it is not one host, with or without a port (RFC 9110, 7.2)."""
    if not text.isascii():  # str.lower() would turn the Kelvin sign into a "k"
        return None
    host = _PORT.sub("", text.lower()).removesuffix(".")
    if _IPV6.fullmatch(host) or (len(host) <= _LONGEST_HOST and _HOST.fullmatch(host)):
        return Host(host)
    return None


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A host, or with ``wildcard`` every host below it (``*.example.com``, any depth)."""

    host: Host
    wildcard: bool = False

    def __str__(self) -> str:
        return f"*.{self.host}" if self.wildcard else self.host


def parse_host_pattern(text: str) -> HostPattern:
    """Read ``shop.example.com`` or ``*.shop.example.com``; a port is refused, for listeners have ports, not routes."""
    wildcard = text.startswith("*.")
    host = parse_host(text[2:] if wildcard else text)
    if host is None or _PORT.search(text):
        raise UsageError(
            f"{text!r} is no host: write a name like shop.example.com or *.shop.example.com, without scheme or port."
        )
    return HostPattern(host, wildcard)


def make_label(text: str, *, limit: int = 63) -> str:
    """Make a DNS label out of free text: stable, and different for different texts.

    Lower case ``[a-z0-9-]`` without hyphens at the ends, at most ``limit`` characters. Whenever letters were lost or
    changed, or the text itself ends like a hash, a hash of the whole text is appended, so ``feature/a`` and
    ``feature-a`` never meet.
    """
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if label == text and 0 < len(label) <= limit and not _HASHED.fullmatch(label):
        return label
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_HASH_LENGTH]
    stem = label[: limit - _HASH_LENGTH - 1].strip("-")
    return f"{stem}-{digest}" if stem else digest
