"""Bounds on what others can make us hold, open, wake or wait for, with their defaults.

Values only: each is kept where its resource is. ``None`` is no bound.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """How much visitors can make us hold, open or wake."""

    held_requests: int = 1000
    """Requests held at once, of all services."""
    held_per_service: int = 200
    """Requests held at once for one service."""
    head_bytes: int = 64 * 1024
    """Bytes of a message's first line and header fields together."""
    head_fields: int = 100
    """Header fields of one message."""
    connections: int = 10_000
    """Connections of visitors open at once."""
    connections_per_client: int | None = 1000
    """Connections of one client address open at once; those of trusted proxies are not counted."""
    wakes_per_minute: int = 60
    """Wakes begun within a minute, of all services."""
    awake_services: int | None = None
    """Services awake at once."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long we wait for whom before we give up."""

    head: timedelta = timedelta(seconds=10)
    """A request's head, from its first byte to its last: who sends it drop by drop gets a 408."""
    body: timedelta = timedelta(minutes=1)
    """Between two pieces of a request's body."""
    send: timedelta = timedelta(minutes=1)
    """A client that takes nothing of its answer."""
    keep_alive: timedelta = timedelta(seconds=75)
    """A client's connection without a request; longer than the 60 s after which load balancers close theirs, so that
    it is never us who close while they send (ELB's "idle timeout", and its advice to targets)."""
    connect: timedelta = timedelta(seconds=5)
    """A connection to an app, until it is made."""
    first_byte: timedelta = timedelta(minutes=5)
    """The head of an app's answer, once it has the request."""
    idle: timedelta = timedelta(minutes=5)
    """Between two pieces of an app's answer."""
    tunnel: timedelta = timedelta(hours=1)
    """An upgraded connection on which nothing passes in either direction."""
    upstream_keep_alive: timedelta = timedelta(seconds=4)
    """A connection to an app without a request; shorter than the 5 s that common app servers allow (Node.js, uvicorn),
    so that it is us who close."""
    drain: timedelta = timedelta(seconds=20)
    """What runs may go on for after SIGTERM; ECS kills 30 s after it by default (``stopTimeout``)."""
    drain_delay: timedelta = timedelta(0)
    """Between the readiness check's first "no" and the closing of the listener."""
