"""Who waits for what comes back from an app, and what he can say to the app meanwhile."""

import asyncio
from typing import Protocol

from wakeproxy.errors import UpstreamError
from wakeproxy.wire.responses import ResponseHead


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
