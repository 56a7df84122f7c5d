"""Wait pages, ready-made: rendered once for all who come within a moment, and given to each with a nonce of its own."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from wakeproxy.core.sight import Sight
from wakeproxy.front.page_kinds import WaitingPage
from wakeproxy.front.pages import Pages
from wakeproxy.front.replies import Fields, Reply, about, make_nonce, page_fields

_FRESH_SECONDS = 0.5
"""A page tells how far the wake is when it was rendered; it hears of everything later by itself."""


@dataclass(frozen=True, slots=True)
class _Ready:
    sight: Sight
    until: float
    pieces: list[bytes]
    """What stands between the nonces."""
    fields: Fields


class WaitPages:
    """Keeps the last page of each service that is being waited for."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._ready: dict[str, _Ready] = {}

    def find(self, sight: Sight) -> Reply | None:
        """Find a page that still tells the truth."""
        ready = self._ready.get(sight.service)
        if ready is None or ready.sight is not sight or asyncio.get_running_loop().time() >= ready.until:
            return None
        return _reply(ready)

    def keep(self, sight: Sight, page: WaitingPage, *, theme: str, retry_after: int) -> Reply:
        """Render a page, and keep it for who comes next."""
        mark = make_nonce()
        pieces = self._pages.render(theme, page, nonce=mark).split(mark.encode())
        fields = (("Retry-After", str(retry_after)), *about(sight))
        ready = _Ready(sight, asyncio.get_running_loop().time() + _FRESH_SECONDS, pieces, fields)
        self._ready[sight.service] = ready
        return _reply(ready)


def _reply(ready: _Ready) -> Reply:
    nonce = make_nonce()
    body = nonce.encode().join(ready.pieces)
    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, (*page_fields(nonce), *ready.fields), body)
