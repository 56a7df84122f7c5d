"""The door: what all visitors' connections share, and how many there may be."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.core.roster import Changes
from wakeproxy.engine.tasks import Tasks
from wakeproxy.front.dates import Dates
from wakeproxy.front.holds import Holds
from wakeproxy.front.host import Host
from wakeproxy.front.journal import Journal
from wakeproxy.front.streams import Streams
from wakeproxy.front.tls import Certificates
from wakeproxy.front.tracing import Tracing
from wakeproxy.front.trust import Networks, is_trusted
from wakeproxy.pages.replies import Reply, Trouble, reply_problem
from wakeproxy.upstream.pulse import Pulse
from wakeproxy.upstream.relay import Relay
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.forwarding import Hop, Pseudonym
from wakeproxy.wire.requests import RequestHead

_WELL_KNOWN_PORTS = frozenset({80, 443})


class Guest(Protocol):
    """A connection, as the door sees it."""

    def drain(self) -> None:
        """Finish what runs and take nothing new."""

    def cut(self) -> None:
        """End at once."""


@dataclass(slots=True)
class Door:
    """Shared by all connections of one listener."""

    visitor: Host
    relay: Relay
    streams: Streams
    holds: Holds
    journal: Journal
    pulse: Pulse
    dates: Dates
    limits: Limits
    timeouts: Timeouts
    tracing: Tracing | None = None
    trusted: Networks = ()
    ports: frozenset[int] = frozenset()
    """Further ports that visitors may have come in by, besides the listener's own and the well-known ones."""
    certificates: Certificates | None = None
    """What TLS is spoken with; ``None`` for none."""
    hears_proxies: bool = False
    """Connections begin with a PROXY protocol header."""
    me: Pseudonym = field(default_factory=Pseudonym)
    tasks: Tasks = field(default_factory=lambda: Tasks("visitors"))
    guests: set[Guest] = field(default_factory=set)
    is_leaving: bool = False
    """Load balancers are told to send nothing more; what comes all the same is served."""
    is_draining: bool = False
    emptied: asyncio.Event = field(default_factory=asyncio.Event)
    idle_seconds: float = field(init=False)
    head_seconds: float = field(init=False)
    send_seconds: float = field(init=False)
    _by_client: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.idle_seconds = self.timeouts.keep_alive.total_seconds()
        self.head_seconds = self.timeouts.head.total_seconds()
        self.send_seconds = self.timeouts.send.total_seconds()

    def admit(self, guest: Guest, hop: Hop) -> Reply | None:
        """Let a connection in; or say why not."""
        self.guests.add(guest)
        self.emptied.clear()
        if not hop.is_trusted:
            self._by_client[hop.peer] += 1
        if len(self.guests) > self.limits.connections:
            self.journal.refused["connections"] += 1
            return _FULL
        most = self.limits.connections_per_client
        if most is not None and self._by_client[hop.peer] > most:
            self.journal.refused["connections_per_client"] += 1
            return _GREEDY
        return None

    def dismiss(self, guest: Guest, hop: Hop) -> None:
        """Take note that a connection is over."""
        self.guests.discard(guest)
        if not hop.is_trusted:
            left = self._by_client[hop.peer] - 1
            if left > 0:
                self._by_client[hop.peer] = left
            else:
                del self._by_client[hop.peer]
        if not self.guests:
            self.emptied.set()

    def renew(self, changes: Changes) -> None:
        """Go by other services from now on; what is under way to those that are gone goes on."""
        for service in (*changes.changed, *changes.removed):
            self.streams.end(service.name)
        self.visitor.traffic.keep(self.visitor.catalog.named)
        self.forget_gone()

    def forget_gone(self) -> None:
        """Forget what was counted of services that are gone, and that nobody uses any more."""
        names = self.visitor.catalog.named.keys() | self.visitor.traffic.in_flight.keys()
        self.journal.keep(names)
        self.visitor.speech.wait_pages.keep(names)

    def find_hop(self, transport: asyncio.Transport, came_from: tuple[str, int] | None) -> Hop:
        """Say how a connection reached us; ``came_from`` is who came by which port, where a load balancer told."""
        tell = transport.get_extra_info
        if came_from is None:
            came_from = (tell("peername") or ("unknown",))[0], (tell("sockname") or ("", 0))[1]
        peer, port = came_from
        scheme = "https" if tell("sslcontext") is not None else "http"
        return Hop(peer, scheme, port, is_trusted=is_trusted(peer, self.trusted))

    def judge_port(self, read: RequestHead, hop: Hop) -> None:
        """Refuse a request for a port that is not ours; a trusted proxy may have taken it in by any.

        Raises:
            BadMessageError: it names another.
        """
        port = read.port
        if port is None or port == hop.port or hop.is_trusted or port in _WELL_KNOWN_PORTS or port in self.ports:
            return
        raise BadMessageError(f"Nothing is served on port {port}; where it leads here, it must be named in ports.")


_FULL = reply_problem(
    Trouble(503, "Too many connections", "More connections are open than can be served.", retry_after=5),
    fields=(),
    extra={},
    closes=True,
)
_GREEDY = reply_problem(
    Trouble(429, "Too many connections", "Your address has more connections open than one may have.", retry_after=5),
    fields=(),
    extra={},
    closes=True,
)
