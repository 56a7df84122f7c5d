"""The journal: what was answered, counted without locks, and told to whoever keeps a log of it."""

from bisect import bisect_left
from collections import Counter
from typing import Final, NamedTuple, Protocol

from wakeproxy.core.answers import Answer
from wakeproxy.front.turn import Turn

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds; what took longer is in the last, open bucket."""

_LABELS: Final = {answer.value: answer.name.lower() for answer in Answer}
"""By value, for a member's hash is not a number's."""


class Entry(NamedTuple):
    """One answered request; ``code`` is 0 where the visitor left before an answer, ``seconds`` until its last byte."""

    turn: Turn
    peer: str
    code: int
    seconds: float


class Log(Protocol):
    """Keeps entries; must not block."""

    def write(self, entry: Entry) -> None:
        """Keep one entry."""


class Journal:
    """Counts answers. One loop writes, so that plain dictionaries do."""

    def __init__(self, log: Log | None = None) -> None:
        self._log = log
        self.requests: dict[tuple[str, str, int], int] = {}
        """By service, answer and status code; the service is empty on hosts that nobody serves."""
        self.seconds: dict[str, list[int]] = {}
        """By service: how many answers took so long, by `BUCKETS`."""
        self.seconds_total: dict[str, float] = {}
        self.refused: Counter[str] = Counter()
        """Connections and messages that never became a request, by reason."""

    def note(self, turn: Turn, peer: str, *, now: float) -> None:
        """Count a request whose answer is over."""
        service, answer = turn.service, turn.answer
        name = "" if service is None else service.name
        key = (name, "own" if answer is None else _LABELS[answer.value], turn.code)
        self.requests[key] = self.requests.get(key, 0) + 1
        seconds = now - turn.began_at
        counts = self.seconds.get(name)
        if counts is None:
            counts = self.seconds[name] = [0] * (len(BUCKETS) + 1)
        counts[bisect_left(BUCKETS, seconds)] += 1
        self.seconds_total[name] = self.seconds_total.get(name, 0.0) + seconds
        if self._log is not None:
            self._log.write(Entry(turn, peer, turn.code, seconds))
