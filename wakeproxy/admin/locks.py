"""Who is answered at the admin listener: who has the token, or is on this machine, and no page of another site."""

import hmac
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_OPEN: Final = frozenset({"/healthz", "/readyz"})


def authenticate_by(token: str | None) -> Middleware:
    """Make what admits requests by ``token``; without one, those that this machine asks by its own name."""

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if token is not None and request.path not in _OPEN and not _has(token, request):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text="A bearer token is required.\n")
        if token is None and request.path not in _OPEN and not _is_local(request.headers.get("Host", "localhost")):
            told = f"Without a token only this machine is answered, not {request.host!r}; use localhost"
            raise web.HTTPForbidden(text=f"{told}, or set admin.token_env.\n")
        if request.method == "POST" and _is_foreign(request):
            raise web.HTTPForbidden(text="A page of another site may not do this.\n")
        return await handler(request)

    return authenticate


def _is_foreign(request: web.Request) -> bool:
    """Whether a page of another site asks: the loopback listener has no other lock against a browser's own pages."""
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host


def _is_local(host: str) -> bool:
    """Whether a request names this machine: a page of another site may have its own name lead here, and ask by that."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or bool(ip_address(name))
    except ValueError:
        return False


def _has(token: str, request: web.Request) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
