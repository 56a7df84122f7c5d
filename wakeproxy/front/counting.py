"""Counting: everything a front knows in numbers, read off at one moment as plain values."""

from collections import Counter
from dataclasses import replace

from wakeproxy.core.counts import Counts
from wakeproxy.front.door import Door


def count(door: Door, *, log_dropped: int) -> Counts:
    """Read everything off once; nothing of it changes afterwards."""
    waker, traffic = door.visitor.waker, door.visitor.traffic
    return replace(
        door.journal.snapshot(),
        in_flight=_count_in_flight(door),
        last_used_at={str(name): at for name, at in traffic.last_used_at.items()},
        held={name: door.holds.held[name] for name in waker.names},
        upstream=_count_upstream(door),
        visitors=len(door.guests),
        log_dropped=log_dropped,
    )


def _count_in_flight(door: Door) -> dict[str, int]:
    """By service; what is left of those that are served no more is counted until it ends."""
    served = dict.fromkeys(map(str, door.visitor.waker.names), 0)
    return served | {str(name): count for name, count in door.visitor.traffic.in_flight.items() if count}


def _count_upstream(door: Door) -> dict[str, int]:
    """By service; connections to a task that is no service's any more are the empty one's."""
    waker = door.visitor.waker
    owners = {endpoint: name for name in waker.names for endpoint in waker.look(name).endpoints}
    found: Counter[str] = Counter(dict.fromkeys(waker.names, 0))
    for endpoint, connections in door.relay.connections.items():
        found[owners.get(endpoint, "")] += connections
    return dict(found)
