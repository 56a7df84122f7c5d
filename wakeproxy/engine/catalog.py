"""The catalog: the services that are served, and where their hosts lead.

It may be replaced at any time. Whoever serves visitors looks it up anew for each of them, which costs an attribute.
"""

from collections.abc import Mapping

from wakeproxy.core.names import ServiceName
from wakeproxy.core.roster import Disabled, Roster
from wakeproxy.core.routes import Routes, build_routes
from wakeproxy.core.service import Service


class Catalog:
    """The services as they are now; one loop reads and replaces it, so that nobody sees half of two."""

    __slots__ = ("named", "roster", "routes")
    roster: Roster
    named: Mapping[ServiceName, Service]
    routes: Routes

    def __init__(self, roster: Roster) -> None:
        self.replace(roster)

    @property
    def services(self) -> tuple[Service, ...]:
        """Those that are served."""
        return self.roster.services

    @property
    def disabled(self) -> tuple[Disabled, ...]:
        """Those that were found, and cannot be served."""
        return self.roster.disabled

    def replace(self, roster: Roster) -> None:
        """Serve these from now on."""
        self.roster = roster
        self.named = {service.name: service for service in roster.services}
        self.routes = build_routes(roster.services)
