"""The date in answers of ours, written once a second."""

from collections.abc import Callable
from datetime import datetime

from wakeproxy.pages.replies import tell_date
from wakeproxy.upstream.pulse import Pulse


class Dates:
    """Tells the time to the second, as old as the pulse's last beat at most (RFC 9110, 6.6.1)."""

    def __init__(self, pulse: Pulse, clock: Callable[[], datetime]) -> None:
        self._pulse = pulse
        self._clock = clock
        self._told_at = -1.0
        self._text = ""

    def tell(self) -> str:
        """Say what time it is."""
        if self._pulse.now - self._told_at >= 1.0:
            self._told_at, self._text = self._pulse.now, tell_date(self._clock())
        return self._text
