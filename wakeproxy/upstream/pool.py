"""A pool: one task's connections that are idle, and how much is under way to it."""

from typing import TYPE_CHECKING

from wakeproxy.core.observation import Endpoint

if TYPE_CHECKING:
    from wakeproxy.upstream.app import AppConnection

_MOST_IDLE = 64
"""Idle connections kept to one task; a burst leaves no more behind."""


class Pool:
    """The last used is the first taken, so that what a burst left behind grows old and is closed."""

    __slots__ = ("endpoint", "idle", "in_flight")

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.idle: list[AppConnection] = []
        self.in_flight = 0

    def keep(self, connection: "AppConnection", *, now: float) -> None:
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
