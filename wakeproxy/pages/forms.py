"""What the pages of ours send back: which page asks, where its form leads, and whether it is a page of ours at all."""

from typing import Final
from urllib.parse import parse_qsl

from wakeproxy.pages.asked import Asked
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.requests import RequestHead

OWN_PREFIX: Final = "/.wakeproxy/"
"""It is ours on every host and never reaches an app."""
LONGEST_BODY: Final = 8192
"""Bytes; the only body we read ourselves is a form with one field."""
_MOST_FORM_FIELDS = 10


def find_page(read: RequestHead, asked: Asked, body: bytes) -> str:
    """Say which page asks: said by the page itself, and by its form where it has no script."""
    path = _first(asked.target.partition("?")[2], "path")
    if path is None and asked.visit.method == "POST":
        path = find_next(read, body).partition("?")[0]
    return path if path and path.startswith("/") else "/"


def find_next(read: RequestHead, body: bytes) -> str:
    """Say where a form leads back to: a path of this host, and nothing that a browser could take for another host."""
    kind = read.value(Kind.TYPE).partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return "/"
    wanted = _first(body.decode("latin-1"), "next") or "/"
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_path and wanted.isprintable() and wanted.isascii() else "/"


def wants_html(read: RequestHead) -> bool:
    """Whether a form asks, sent by the browser itself, and not a script."""
    return "text/html" in read.value(Kind.ACCEPT)


def is_same_origin(read: RequestHead) -> bool:
    """Whether a page of this host asks, or a program that is no browser.

    Fetch Metadata goes first: a form sent under ``Referrer-Policy: no-referrer`` says ``Origin: null``.
    """
    if Kind.FETCH_SITE in read.found:
        return read.value(Kind.FETCH_SITE) in {"same-origin", "none"}
    if Kind.ORIGIN not in read.found:
        return True
    return read.value(Kind.ORIGIN).partition("://")[2].lower() == read.value(Kind.HOST).lower()


def _first(form: str, name: str) -> str | None:
    """Look up the first value of a name in a query or a form; what is no form has none."""
    try:
        pairs = parse_qsl(form, keep_blank_values=True, max_num_fields=_MOST_FORM_FIELDS)
    except ValueError:
        return None
    return next((value for key, value in pairs if key == name), None)
