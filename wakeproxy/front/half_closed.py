"""A visitor who has said all he will: whether he still listens, or has left."""

from typing import Final

from wakeproxy.front.turn import Turn
from wakeproxy.front.way import Way
from wakeproxy.upstream.pulse import Pulse

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_EVERY_SECONDS = 0.5
_SILENT_SECONDS = 2.0


class HalfClosed:
    """Finds out by writing to him: where he has left, his system refuses what is written.

    Before the answer there is something that may always be written (RFC 9110, 15.2). Within it there is not: then an
    answer that goes on is the probe, and one that stands still is taken for nobody's.
    """

    __slots__ = ("_heard_at", "_pulse", "_sent", "_turn", "_way")

    def __init__(self, way: Way, turn: Turn, pulse: Pulse) -> None:
        self._way = way
        self._turn = turn
        self._pulse = pulse
        self._heard_at = pulse.now
        self._sent = turn.sent

    def probe(self, *, has_begun: bool) -> None:
        """Probe once, and have it done again."""
        now = self._pulse.now
        if not (has_begun or self._turn.read.is_old):
            self._way.write(CONTINUE)
        elif self._turn.sent != self._sent:
            self._sent, self._heard_at = self._turn.sent, now
        elif now - self._heard_at >= _SILENT_SECONDS:
            self._way.abort()
            return
        self._way.deadline = now + _EVERY_SECONDS
