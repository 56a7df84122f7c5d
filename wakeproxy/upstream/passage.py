"""A passage: one request's way to a task, and who waits for what comes back."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from wakeproxy.errors import UpstreamError
from wakeproxy.upstream.pool import Pool
from wakeproxy.wire.requests import RequestHead
from wakeproxy.wire.responses import ResponseHead

_SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS"})


class Line(Protocol):
    """The way to an app that took a request: its body goes here."""

    def send(self, piece: bytes) -> None:
        """Pass a piece of the body on."""

    def hold_back(self) -> None:
        """Read no more of the answer for now."""

    def go_on(self) -> None:
        """Read the answer again."""

    def give_up(self) -> None:
        """End at once: the visitor has left."""


class Asker(Protocol):
    """Whom a request is carried for: the visitor's connection. Everything it is told comes in this order."""

    @property
    def has_sent_all(self) -> bool:
        """Whether the request's body is through."""

    def app_taken(self, line: Line) -> None:
        """The head was written to an app; the body may follow."""

    def app_blocked(self) -> None:
        """The app takes no more of the body for now."""

    def app_unblocked(self) -> None:
        """It does again."""

    def interim(self, head: ResponseHead) -> None:
        """An interim answer (1xx) came."""

    def answer_began(self, head: ResponseHead, *, ends_with_connection: bool) -> bytes:
        """The answer's head came; what to write of it."""

    def write(self, piece: bytes) -> None:
        """Write to the visitor."""

    def answer_ended(self) -> None:
        """The answer is through."""

    def switched(self, head: ResponseHead, app: asyncio.Transport, rest: bytes) -> None:
        """The app switched to the protocol that was asked for; its connection is the asker's now."""

    def app_failed(self, error: UpstreamError) -> None:
        """There will be no answer; the passage is over."""

    def answer_torn(self, error: UpstreamError) -> None:
        """There will be no more of the answer; the passage is over."""


@dataclass(slots=True)
class Passage:
    """One request on its way; it is written as it stands, and once more if that may be."""

    pool: Pool
    scheme: str
    head: bytes
    read: RequestHead
    is_second_try: bool = False
    is_abandoned: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent twice: it changes nothing, and all of it is still here (RFC 9110, 9.2.2)."""
        read = self.read
        return read.method in _SAFE and not (read.length or read.body_is_chunked) and read.upgrade is None
