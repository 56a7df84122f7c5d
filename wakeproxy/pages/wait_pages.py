"""Wait pages, ready-made: rendered once for all who come within a moment, and given to each with a nonce of its own.

What is kept is the whole answer as it is written, plain or compressed, cut where the nonce stands, so that giving it is
one join.
"""

import asyncio
import os
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from wakeproxy.core.sight import Sight
from wakeproxy.pages.compression import Compressed, compress
from wakeproxy.pages.page_kinds import HERE, Renderer, Site, WaitingPage
from wakeproxy.pages.replies import Ready, Reply, about, page_fields, tell_date, write_reply

_FRESH_SECONDS = 0.5
"""A page tells how far the wake is when it was rendered; it hears of everything later by itself."""
_CODE: Final = int(HTTPStatus.SERVICE_UNAVAILABLE)
_NONCE_BYTES: Final = 12
_DRAWN: Final = 64
_VARIES: Final = ("Vary", "Accept-Encoding")
_CODING: Final = ("Content-Encoding", "gzip")


@dataclass(slots=True)
class _Kept:
    """A page that was rendered, and, once somebody has asked for it so, the whole answer plain and compressed."""

    sight: Sight
    until: float
    reply: Reply
    nonce: bytes
    """What the reply was made with."""
    date: str
    plain: list[bytes] | None = None
    """Between the nonces."""
    compressed: Compressed | None = None
    compressed_bytes: int = 0
    """Of the page alone."""

    def write(self, nonce: bytes, *, takes_gzip: bool) -> Ready:
        """Write the whole answer with a nonce of its own."""
        if takes_gzip:
            compressed = self.compressed or self._compress()
            return Ready(_CODE, compressed.fill(nonce), self.compressed_bytes)
        if self.plain is None:
            self.plain = self._cut(self.reply, with_body=True)
        return Ready(_CODE, nonce.join(self.plain), len(self.reply.body))

    def _compress(self) -> Compressed:
        page = compress(self.reply.body, self.nonce)
        body = page.fill(self.nonce)
        reply = replace(self.reply, fields=(*self.reply.fields, _CODING), body=body)
        self.compressed = compressed = page.after(self._cut(reply, with_body=False))
        self.compressed_bytes = len(body)
        return compressed

    def _cut(self, reply: Reply, *, with_body: bool) -> list[bytes]:
        return write_reply(reply, date=self.date, connection="", with_body=with_body).split(self.nonce)


class WaitPages:
    """Keeps the last page of each service that is being waited for."""

    def __init__(self, pages: Renderer, clock: Callable[[], datetime]) -> None:
        self._pages = pages
        self._clock = clock
        self._uptime = asyncio.get_running_loop().time
        self._nonces = _Nonces()
        self._kept: dict[str, _Kept] = {}

    def find(self, sight: Sight, *, takes_gzip: bool) -> Ready | None:
        """Find a page that still tells the truth."""
        kept = self._kept.get(sight.service)
        if kept is None or kept.sight is not sight or self._uptime() >= kept.until:
            return None
        return kept.write(self._nonces.take(), takes_gzip=takes_gzip)

    def make(self, sight: Sight, page: WaitingPage, *, theme: str, retry_after: int, site: Site = HERE) -> Reply:
        """Render a page, and keep it for who comes next."""
        nonce = self._nonces.take()
        fields = (*page_fields(nonce.decode()), _VARIES, ("Retry-After", str(retry_after)), *about(sight))
        body = self._pages.render(theme, page, nonce=nonce.decode(), site=site)
        reply = Reply(_CODE, fields, body, is_expected=True)
        until = self._uptime() + _FRESH_SECONDS
        self._kept[sight.service] = _Kept(sight, until, reply, nonce, tell_date(self._clock()))
        return reply

    def keep(self, names: Container[str]) -> None:
        """Forget the pages of all other services."""
        self._kept = {name: kept for name, kept in self._kept.items() if name in names}


class _Nonces:
    """What only one answer's own scripts and styles know; each is as long as any other.

    They are drawn many at a time, for to ask the system for chance costs as much as all the rest of an answer.
    """

    def __init__(self) -> None:
        self._drawn = b""
        self._at = 0

    def take(self) -> bytes:
        """Take the next one; it is given to nobody else."""
        if self._at >= len(self._drawn):
            self._drawn = os.urandom(_NONCE_BYTES * _DRAWN).hex().encode()
            self._at = 0
        start, self._at = self._at, self._at + 2 * _NONCE_BYTES
        return self._drawn[start : self._at]
