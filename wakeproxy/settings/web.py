"""What configuration says about HTTP: hosts, paths and statuses."""

import re
from dataclasses import dataclass

from wakeproxy.core.names import HostPattern, parse_host_pattern
from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote

# RFC 3986, 3.3: a path of segments of unreserved letters, sub-delims, ":", "@" and percent-encoded bytes.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_DOTS = re.compile(r"/\.{1,2}(?:/|\Z)")
_STATUS = re.compile(r"([2-5][0-9]{2})(?:-([2-5][0-9]{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class StatusRange:
    """HTTP statuses from ``lowest`` to ``highest``, both included."""

    lowest: int
    highest: int

    def __str__(self) -> str:
        return f"{self.lowest}-{self.highest}"


def parse_host_name(text: str) -> HostPattern:
    """Read a host or ``*.host``; a lone number, which DNS would allow, is taken for a mistake."""
    if text.isdecimal():
        raise UsageError(f"{quote(text)} is a number, no host; write a name like shop.example.com.")
    return parse_host_pattern(text)


def parse_path(text: str) -> str:
    """Take a path as requests carry it: absolute, percent-encoded, no dot segments."""
    if not text.startswith("/"):
        raise UsageError(f'{quote(text)} does not begin with "/"; write it like /shop.')
    if not _PATH.fullmatch(text):
        raise UsageError(f"{quote(text)} is no path; percent-encode what is not a plain letter, and leave ? and # out.")
    if _DOTS.search(text) or "//" in text:
        raise UsageError(f'{quote(text)} has an empty, "." or ".." segment; write the path without it.')
    return text


def parse_prefix(text: str) -> str:
    """Take a path prefix; a slash at its end says nothing and goes."""
    return parse_path(text).rstrip("/") or "/"


def parse_target(text: str) -> str:
    """Take a path with or without a query, such as a health check's."""
    path, mark, query = text.partition("?")
    if mark and not (query.isascii() and query.isprintable() and not set(query) & set(' #"<>')):
        raise UsageError(f"{quote(text)} has letters in its query that a URL cannot carry; percent-encode them.")
    return parse_path(path) + mark + query


def parse_statuses(text: str) -> StatusRange:
    """Read ``200`` or ``200-399``; 1xx is no final answer (RFC 9110, 15.2)."""
    match = _STATUS.fullmatch(text)
    if match is None:
        raise UsageError(f"{quote(text)} is no status; write 200 or 200-399, between 200 and 599.")
    found = StatusRange(int(match[1]), int(match[2] or match[1]))
    if found.lowest > found.highest:
        raise UsageError(f"{quote(text)} begins above its end; write {found.highest}-{found.lowest}.")
    return found
