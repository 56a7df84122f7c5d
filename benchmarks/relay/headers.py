"""What clients send: a browser's navigation as Chrome writes it, and the least that still is a browser's."""

from collections.abc import Sequence

Fields = Sequence[tuple[str, str]]

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
BROWSER: Fields = (
    ("Connection", "keep-alive"),
    ("sec-ch-ua", '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("Upgrade-Insecure-Requests", "1"),
    ("User-Agent", _AGENT),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-User", "?1"),
    ("Sec-Fetch-Dest", "document"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-GB,en;q=0.9,de;q=0.8"),
    ("Cookie", "session=eyJ1aWQiOjQyfQ.aGVsbG8.c2lnbmF0dXJlLW9mLXRoZS1zZXNzaW9u; theme=dark; _consent=1"),
)
BARE: Fields = (("User-Agent", "Mozilla/5.0"),)
"""Without a user agent, or with a tool's, wakeproxy would take the visitor for a machine that asks on its own."""


def host_of(service: str) -> str:
    """Name the host that leads to a service."""
    return f"{service}.localhost"


def write_request(service: str, path: str = "/", fields: Fields = BROWSER, *, method: str = "GET") -> bytes:
    """Write a request without a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host_of(service)}", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
