"""A passage: one request's way to a task; and the task's pool, which keeps what is idle and counts what is not."""

from typing import Protocol

from wakeproxy.core.observation import Endpoint
from wakeproxy.upstream.asker import Asker
from wakeproxy.wire.requests import RequestHead

_SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_MOST_IDLE = 64
"""Idle connections kept to one task; a burst leaves no more behind."""


class Reusable(Protocol):
    """A connection to a task."""

    idle_since: float

    @property
    def is_usable(self) -> bool:
        """Whether it can take another request."""

    def ask(self, asker: Asker, passage: "Passage") -> None:
        """Write a request's head; the asker sends the body after it."""

    def close(self) -> None:
        """Close it, idle as it is."""


class Pool:
    """The last used is the first taken, so that what a burst left behind grows old and is closed."""

    __slots__ = ("endpoint", "idle", "in_flight")

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.idle: list[Reusable] = []
        self.in_flight = 0

    def keep(self, connection: Reusable, *, now: float) -> None:
        """Keep a connection for another request, if there is place."""
        if len(self.idle) >= _MOST_IDLE:
            connection.close()
            return
        connection.idle_since = now
        self.idle.append(connection)

    def expire(self, *, oldest: float) -> bool:
        """Close what was last used before ``oldest``; whether nothing is left of the pool."""
        idle = self.idle
        while idle and idle[0].idle_since <= oldest:
            idle.pop(0).close()
        return not (idle or self.in_flight)


class Passage:
    """One request on its way; it is written as it stands, and once more if that may be.

    It ``is_given_up`` when the second try broke off too: all that is left to know then is whether the app is there at
    all. It ``is_abandoned`` when nobody waits for its answer any more.
    """

    __slots__ = ("head", "is_abandoned", "is_given_up", "is_second_try", "pool", "read", "scheme")

    def __init__(self, pool: Pool, scheme: str, head: bytes, read: RequestHead) -> None:
        self.pool = pool
        self.scheme = scheme
        self.head = head
        self.read = read
        self.is_second_try = False
        self.is_given_up = False
        self.is_abandoned = False

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent twice: it changes nothing, and all of it is still here (RFC 9110, 9.2.2)."""
        read = self.read
        return read.method in _SAFE and not (read.length or read.body_is_chunked)

    @property
    def may_be_stale(self) -> bool:
        """Whether it may take a connection that was idle; what becomes a tunnel leaves none behind and takes none."""
        return self.is_repeatable and self.read.upgrade is None
