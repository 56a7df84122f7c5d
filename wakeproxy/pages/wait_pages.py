"""Wait pages, ready-made: rendered once for all who come within a moment, and given to each with a nonce of its own.

What is kept is the whole answer as it is written, cut where the nonce stands, so that giving it is one join.
"""

import asyncio
import os
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from wakeproxy.core.sight import Sight
from wakeproxy.pages.page_kinds import HERE, Renderer, Site, WaitingPage
from wakeproxy.pages.replies import Ready, Reply, about, page_fields, tell_date, write_reply

_FRESH_SECONDS = 0.5
"""A page tells how far the wake is when it was rendered; it hears of everything later by itself."""


@dataclass(frozen=True, slots=True)
class _Kept:
    sight: Sight
    until: float
    pieces: list[bytes]
    """Of the answer, between the nonces."""


class WaitPages:
    """Keeps the last page of each service that is being waited for."""

    def __init__(self, pages: Renderer, clock: Callable[[], datetime]) -> None:
        self._pages = pages
        self._clock = clock
        self._uptime = asyncio.get_running_loop().time
        self._kept: dict[str, _Kept] = {}

    def find(self, sight: Sight) -> Ready | None:
        """Find a page that still tells the truth."""
        kept = self._kept.get(sight.service)
        if kept is None or kept.sight is not sight or self._uptime() >= kept.until:
            return None
        return Ready(HTTPStatus.SERVICE_UNAVAILABLE, _make_nonce().join(kept.pieces))

    def make(self, sight: Sight, page: WaitingPage, *, theme: str, retry_after: int, site: Site = HERE) -> Reply:
        """Render a page, and keep it for who comes next."""
        nonce = _make_nonce()
        fields = (*page_fields(nonce.decode()), ("Retry-After", str(retry_after)), *about(sight))
        body = self._pages.render(theme, page, nonce=nonce.decode(), site=site)
        reply = Reply(HTTPStatus.SERVICE_UNAVAILABLE, fields, body, is_expected=True)
        whole = write_reply(reply, date=tell_date(self._clock()), connection="", with_body=True)
        self._kept[sight.service] = _Kept(sight, self._uptime() + _FRESH_SECONDS, whole.split(nonce))
        return reply

    def keep(self, names: Container[str]) -> None:
        """Forget the pages of all other services."""
        self._kept = {name: kept for name, kept in self._kept.items() if name in names}


def _make_nonce() -> bytes:
    """Make what only this answer's own scripts and styles know; always as long as any other."""
    return os.urandom(12).hex().encode()
