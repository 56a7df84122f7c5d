"""Counting: everything a front and its engine know in numbers, read off at one moment as plain values."""

from collections import Counter
from dataclasses import replace

from wakeproxy.core.counts import Counts
from wakeproxy.front.door import Door


def count(door: Door, *, log_dropped: int) -> Counts:
    """Read everything off once; nothing of it changes afterwards."""
    waker, traffic = door.visitor.waker, door.visitor.traffic
    return replace(
        door.journal.snapshot(),
        in_flight={name: max(traffic.in_flight[name], 0) for name in waker.lives},
        held={name: door.holds.held[name] for name in waker.lives},
        upstream=_count_upstream(door),
        visitors=len(door.guests),
        log_dropped=log_dropped,
        phases={name: waker.look(name).phase for name in waker.lives},
        wakes=dict(waker.deeds.wakes),
        wake_seconds={key: each.read() for key, each in waker.deeds.wake_seconds.items()},
        sleeps=dict(waker.deeds.sleeps),
    )


def _count_upstream(door: Door) -> dict[str, int]:
    """By service; connections to a task that is no service's any more are the empty one's."""
    waker = door.visitor.waker
    owners = {endpoint: name for name in waker.lives for endpoint in waker.look(name).endpoints}
    found: Counter[str] = Counter(dict.fromkeys(waker.lives, 0))
    for endpoint, connections in door.relay.connections.items():
        found[owners.get(endpoint, "")] += connections
    return dict(found)
