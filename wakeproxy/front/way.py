"""A way to the visitor: his connection, as an exchange and what belongs to it see it."""

import asyncio
from typing import Protocol

from wakeproxy.wire.forwarding import Hop


class Way(Protocol):
    """The visitor's connection, as an exchange sees it."""

    hop: Hop
    deadline: float
    transport: asyncio.Transport

    def write(self, piece: bytes) -> None:
        """Write to the visitor."""

    def skip_body(self) -> None:
        """Pass over the exchange's body, as far as it is here already; nobody needs it."""

    def pump(self) -> None:
        """Pass on what came of the body, if the exchange wants it now; read on or pause accordingly."""

    def exchange_over(self, *, keeps_alive: bool) -> None:
        """Go on to the next request, or end."""

    def abort(self) -> None:
        """Tear the answer: its visitor must not take it for a whole one."""

    def enter_tunnel(self, app: asyncio.Transport, head: bytes, rest: bytes) -> None:
        """Pass bytes both ways from now on."""
