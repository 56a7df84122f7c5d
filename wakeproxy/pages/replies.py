"""Answers of our own, as values: pages for people, problem documents for programs; none is ever cached."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from wakeproxy.core.sight import Sight
from wakeproxy.pages.page_kinds import content_security_policy

SERVER: Final = "wakeproxy"
"""What our own answers say of who gives them."""
HTML: Final = "text/html; charset=utf-8"
PROBLEM: Final = "application/problem+json"
_CONTENT_TYPE: Final = "Content-Type"

Fields: TypeAlias = tuple[tuple[str, str], ...]

_NEVER_CACHED: Final[Fields] = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of ours, whole."""

    code: int
    fields: Fields = ()
    body: bytes = b""
    closes: bool = False
    """The connection cannot be used after it."""
    is_expected: bool = False
    """It is no error whose line in the log somebody will look for, whatever its code: a wait page."""


class Ready:
    """An answer of ours as it is written to those who keep their connection; so many bytes of it are its body."""

    __slots__ = ("body_bytes", "code", "data")

    def __init__(self, code: int, data: bytes, body_bytes: int = 0) -> None:
        self.code = code
        self.data = data
        self.body_bytes = body_bytes

    def close(self) -> bytes:
        """Write it for somebody whose connection ends with it."""
        return self.data.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, for people and for programs; ``retry_after`` in seconds."""

    code: int
    title: str
    sentence: str
    remedy: str | None = None
    retry_after: int | None = None


def about(sight: Sight | None) -> Fields:
    """The fields that every answer of ours carries on a routed host."""
    if sight is None:
        return ()
    return (("Wakeproxy-Phase", str(sight.phase)), ("Wakeproxy-Service", sight.service))


def make_nonce() -> str:
    """Make what only this answer's own scripts and styles know."""
    return secrets.token_urlsafe(12)


def page_fields(nonce: str) -> Fields:
    """The fields that a page is sent with."""
    return (
        ("Content-Type", HTML),
        *_NEVER_CACHED,
        ("Content-Security-Policy", content_security_policy(nonce)),
        ("Referrer-Policy", "no-referrer"),
    )


def reply_problem(trouble: Trouble, *, fields: Fields, extra: Mapping[str, Any], closes: bool = False) -> Reply:
    """Answer with a problem document (RFC 9457)."""
    document = {
        "type": "about:blank",
        "title": trouble.title,
        "status": int(trouble.code),
        "detail": trouble.sentence,
        **({"remedy": trouble.remedy} if trouble.remedy else {}),
        **({"retry_after": trouble.retry_after} if trouble.retry_after is not None else {}),
        **extra,
    }
    retry: Fields = () if trouble.retry_after is None else (("Retry-After", str(trouble.retry_after)),)
    own = ((_CONTENT_TYPE, PROBLEM), *_NEVER_CACHED, *retry, *fields)
    return Reply(int(trouble.code), own, json.dumps(document).encode(), closes)


def sign(reply: Reply, request_id: bytes) -> Reply:
    """Add a request's id to what it was answered with, so that whoever reads the answer finds it in the logs."""
    told = request_id.decode("latin-1")
    body = reply.body
    if body and (_CONTENT_TYPE, PROBLEM) in reply.fields:
        body = b'%s, "request_id": %s}' % (body[:-1], json.dumps(told).encode())
    return replace(reply, fields=(*reply.fields, ("Wakeproxy-Request-Id", told)), body=body)


def reply_json(document: Mapping[str, Any], *, code: int = 200, fields: Fields) -> Reply:
    """Answer with JSON."""
    own = (("Content-Type", "application/json"), *_NEVER_CACHED, *fields)
    return Reply(code, own, json.dumps(document).encode())


def reply_redirect(location: str, *, code: int, fields: Fields) -> Reply:
    """Send the visitor elsewhere, this time only."""
    return Reply(code, (("Location", location), *_NEVER_CACHED, *fields))


def reply_machine(path: str, sight: Sight) -> Reply | None:
    """Answer what machines ask for on their own, where a better answer than a refusal exists."""
    fields = (*_NEVER_CACHED, *about(sight))
    if path == "/robots.txt":
        text = ("Content-Type", "text/plain; charset=utf-8")
        return Reply(HTTPStatus.OK, (text, *fields), b"User-agent: *\nDisallow: /\n")
    if path == "/favicon.ico":
        return Reply(HTTPStatus.NO_CONTENT, fields)
    return None


def tell_date(now: datetime) -> str:
    """Write a time as answers tell it (RFC 9110, 5.6.7)."""
    return format_datetime(now.astimezone(UTC), usegmt=True)


def write_reply(reply: Reply, *, date: str, connection: str, with_body: bool) -> bytes:
    """Write a whole answer; ``connection`` is empty where nothing need be said of it."""
    head = write_head(reply.code, reply.fields, date=date, connection=connection)
    if reply.code == HTTPStatus.NO_CONTENT:
        return head + b"\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(reply.body)
    return head + length + reply.body if with_body else head + length


def write_head(code: int, fields: Fields, *, date: str, connection: str) -> bytes:
    """Write an answer's head but for its last, empty line."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields])
    said = f"Connection: {connection}\r\n" if connection else ""
    text = f"HTTP/1.1 {code} {_PHRASES[code]}\r\nServer: {SERVER}\r\nDate: {date}\r\n{lines}{said}"
    return text.encode("latin-1", "replace")
