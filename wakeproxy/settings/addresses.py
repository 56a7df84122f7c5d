"""Network addresses as configuration writes them: listeners, networks, endpoints, and the ledger's URL."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from wakeproxy.core.names import parse_host
from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote
from wakeproxy.settings.values import MEMORY, DynamoUrl, LedgerUrl, Listen, SqliteUrl

_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]/\s]+)):([0-9]{1,5})", re.ASCII)
_LOOKS_LIKE_AN_IP = re.compile(r"[0-9.]+|.*:.*", re.ASCII)
_HIGHEST_PORT = 65535
_SQLITE = "sqlite:///"
_DYNAMODB = "dynamodb://"
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
"""DynamoDB API reference, ``TableName``; an ARN is none here, for the table is in the services' region and account."""


def parse_listen(text: str) -> Listen:
    """Read ``0.0.0.0:8080`` or ``[::]:8080``; port 0 lets the system choose."""
    match = _LISTEN.fullmatch(text)
    if match is None or not _is_host(match[1] or match[2]):
        raise UsageError(f"{quote(text)} is no address to listen on; write it like 0.0.0.0:8080 or [::]:8080.")
    if int(match[3]) > _HIGHEST_PORT:
        raise UsageError(f"{quote(text)} has no valid port; ports end at {_HIGHEST_PORT}.")
    return Listen(match[1] or match[2], int(match[3]))


def _is_host(text: str) -> bool:
    if not _LOOKS_LIKE_AN_IP.fullmatch(text):
        return parse_host(text) is not None
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Read an address or a network in CIDR notation."""
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise UsageError(f"{quote(text)} is no network; write it like 10.0.0.0/8 or 10.1.2.3.") from None
    raise UsageError(f"{quote(text)} has bits set beyond its prefix; write {network}, or one address without a slash.")


def parse_endpoint(text: str) -> str:
    """Take an HTTP URL of an AWS endpoint."""
    if "@" in text:  # not quoted in the answer: what stands before it may be a password
        raise UsageError("a URL with a user or password is not accepted here; credentials come from the AWS chain.")
    if not _is_http_url(text):
        raise UsageError(f"{quote(text)} is no endpoint; write a URL like http://127.0.0.1:4566.")
    return text


def parse_origin(text: str) -> str:
    """Take the scheme and host, with or without a port, of an HTTP URL; its path is the visitor's own."""
    if "@" in text:  # as above
        raise UsageError("a URL with a user or password is not accepted here; visitors would read it.")
    if not _is_http_url(text) or urlsplit(text).path not in {"", "/"}:
        raise UsageError(f"{quote(text)} is no URL without a path; write one like https://app.example.com.")
    return text.rstrip("/")


def _is_http_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        has_host = bool(url.hostname) and url.port != 0
    except ValueError:
        return False
    bare = text.isascii() and text.isprintable() and not set(text) & set(' "<>?#')
    return has_host and bare and url.scheme in {"http", "https"}


def parse_ledger(text: str) -> LedgerUrl:
    """Read ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``sqlite:///:memory:`` or ``dynamodb://TABLE``."""
    if text.startswith("dynamodb:"):
        return DynamoUrl(_parse_table(text))
    name = text.removeprefix(_SQLITE)
    if not text.startswith(_SQLITE) or not name or not name.isprintable() or name.endswith("/"):
        raise UsageError(
            f"{quote(text)} is no ledger; write sqlite:///wakeproxy.db, with four slashes for an absolute path, "
            "or dynamodb://TABLE."
        )
    return SqliteUrl(MEMORY if name == MEMORY else Path(name))


def _parse_table(text: str) -> str:
    name = text.removeprefix(_DYNAMODB)
    if not text.startswith(_DYNAMODB) or not _TABLE.fullmatch(name):
        raise UsageError(
            f"{quote(text)} names no DynamoDB table; write dynamodb://TABLE, "
            "with 3 to 255 letters, digits, underscores, dots and hyphens."
        )
    return name
