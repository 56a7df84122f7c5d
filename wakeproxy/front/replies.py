"""Answers of our own: pages for people, problem documents for programs; none is ever cached."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from wakeproxy.core.sight import Sight
from wakeproxy.front.page_kinds import Page
from wakeproxy.front.pages import Pages, content_security_policy

SERVER = "wakeproxy"
"""What our own answers say of who gives them."""
_NEVER_CACHED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, for people and for programs; ``retry_after`` in seconds."""

    code: int
    title: str
    sentence: str
    remedy: str | None = None
    retry_after: int | None = None


def about(sight: Sight | None) -> Mapping[str, str]:
    """The fields that every answer of ours carries on a routed host."""
    if sight is None:
        return {}
    return {"Wakeproxy-Phase": str(sight.phase), "Wakeproxy-Service": sight.service}


def reply_page(pages: Pages, theme: str, page: Page, *, code: int, headers: Mapping[str, str]) -> web.Response:
    """Answer with a page, rendered whole before the first byte."""
    nonce = secrets.token_urlsafe(12)
    own = {
        **_NEVER_CACHED,
        "Content-Security-Policy": content_security_policy(nonce),
        "Referrer-Policy": "no-referrer",
        **headers,
    }
    body = pages.render(theme, page, nonce=nonce)
    return web.Response(status=code, body=body, headers=own, content_type="text/html", charset="utf-8")


def reply_problem(trouble: Trouble, *, headers: Mapping[str, str], extra: Mapping[str, Any]) -> web.Response:
    """Answer with a problem document (RFC 9457)."""
    document = {
        "type": "about:blank",
        "title": trouble.title,
        "status": trouble.code,
        "detail": trouble.sentence,
        **({"remedy": trouble.remedy} if trouble.remedy else {}),
        **({"retry_after": trouble.retry_after} if trouble.retry_after is not None else {}),
        **extra,
    }
    own = CIMultiDict({**_NEVER_CACHED, **headers})
    if trouble.retry_after is not None:
        own["Retry-After"] = str(trouble.retry_after)
    body = json.dumps(document).encode()
    return web.Response(status=trouble.code, body=body, headers=own, content_type="application/problem+json")


def reply_json(document: Mapping[str, Any], *, code: int = 200, headers: Mapping[str, str]) -> web.Response:
    """Answer with JSON."""
    own = {**_NEVER_CACHED, **headers}
    return web.Response(status=code, body=json.dumps(document).encode(), headers=own, content_type="application/json")


def reply_redirect(location: str, *, code: HTTPStatus, headers: Mapping[str, str]) -> web.Response:
    """Send the visitor elsewhere, this time only."""
    return web.Response(status=code, headers={"Location": location, **_NEVER_CACHED, **headers})


def reply_machine(path: str, sight: Sight) -> web.Response | None:
    """Answer what machines ask for on their own, where a better answer than a refusal exists."""
    headers = {**_NEVER_CACHED, **about(sight)}
    if path == "/robots.txt":
        return web.Response(text="User-agent: *\nDisallow: /\n", headers=headers)
    if path == "/favicon.ico":
        return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)
    return None
