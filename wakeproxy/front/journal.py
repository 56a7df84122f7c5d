"""The journal: what was answered, counted without locks, and told to whoever keeps a log of it."""

from collections import Counter
from collections.abc import Container
from typing import Final, NamedTuple, Protocol

from wakeproxy.core.counts import ANSWER_BOUNDS, Counts
from wakeproxy.engine.tally import Tally
from wakeproxy.front.turn import Turn
from wakeproxy.pages.forms import OWN_PREFIX
from wakeproxy.wire.forwarding import Hop

LEFT: Final = 499
"""Where a visitor left before an answer; nginx's logs made this number known."""
_OWN: Final = OWN_PREFIX.encode()
_SWITCHED: Final = 101


class Entry:
    """One request whose answer is over; ``seconds`` until its last byte."""

    __slots__ = ("hop", "seconds", "turn")

    def __init__(self, turn: Turn, hop: Hop, seconds: float) -> None:
        self.turn = turn
        self.hop = hop
        self.seconds = seconds


class Refusal(NamedTuple):
    """A connection or a message that never became a request; ``at`` by the loop's time."""

    hop: Hop
    code: int
    request_id: bytes
    at: float


class Log(Protocol):
    """Keeps entries; must not block, and must not hold on to a turn for long."""

    def write(self, entry: Entry | Refusal) -> None:
        """Keep one entry."""


class Journal:
    """Counts answers. One loop writes, so that plain dictionaries do."""

    def __init__(self, *logs: Log) -> None:
        self._logs = logs
        self.requests: dict[tuple[str, str, int], int] = {}
        """By service, answer and status code; the service is empty on hosts that nobody serves."""
        self.seconds: dict[str, Tally] = {}
        """By service; without tunnels and what is asked of ourselves."""
        self.ignored: Counter[tuple[str, str]] = Counter()
        """Requests that were nobody's visit, by service and rule."""
        self.ready_to_served = Tally(ANSWER_BOUNDS)
        self.refused: Counter[str] = Counter()
        """Connections and messages that never became a request, by reason."""

    def note(self, turn: Turn, hop: Hop, *, now: float) -> None:
        """Count a request whose answer is over."""
        name = "" if turn.service is None else turn.service.name
        answer = answer_of(turn)
        key = (name, answer, turn.code or LEFT)
        self.requests[key] = self.requests.get(key, 0) + 1
        if turn.ignored is not None:
            self.ignored[name, turn.ignored] += 1
        seconds = now - turn.began_at
        if answer != "own" and turn.code != _SWITCHED:
            tally = self.seconds.get(name)
            if tally is None:
                tally = self.seconds[name] = Tally(ANSWER_BOUNDS)
            tally.add(seconds)
        for log in self._logs:
            log.write(Entry(turn, hop, seconds))

    def snapshot(self) -> Counts:
        """Copy what was counted, as plain values."""
        return Counts(
            requests=dict(self.requests),
            seconds={name: each.read() for name, each in self.seconds.items()},
            refused=dict(self.refused),
            ignored={(name, str(rule)): count for (name, rule), count in self.ignored.items()},
            ready_to_served=self.ready_to_served.read(),
        )

    def keep(self, names: Container[str]) -> None:
        """Forget what was counted of all other services; what nobody served is kept under no name."""
        self.requests = {key: count for key, count in self.requests.items() if not key[0] or key[0] in names}
        self.seconds = {name: each for name, each in self.seconds.items() if not name or name in names}
        self.ignored = Counter({key: count for key, count in self.ignored.items() if key[0] in names})

    def tell(self, refusal: Refusal) -> None:
        """Tell the logs of what is counted among the `refused`."""
        for log in self._logs:
            log.write(refusal)


def answer_of(turn: Turn) -> str:
    """Name the answer a request got: one of `Answer`, or ``own`` below our prefix, or ``refused`` by the front."""
    if turn.answer is not None:
        return turn.answer
    return "own" if turn.read.target.startswith(_OWN) else "refused"
