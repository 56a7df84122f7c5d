"""What the front needs of whoever has services woken: the waker itself, or what stands for it in another process."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.sight import Sight


class Wakes(Protocol):
    """Knows every service's sight and takes visitors' wishes; every method is quick and never waits."""

    @property
    def names(self) -> Collection[ServiceName]:
        """The names of all services."""
        ...

    def look(self, name: ServiceName) -> Sight:
        """Say what is known of a service; memory only."""
        ...

    def ask(self, name: ServiceName) -> None:
        """Take note that a visit wants the service awake."""
        ...

    def keep_awake(self, name: ServiceName, until: datetime) -> None:
        """Take note that a visitor wants the service to stay awake until then at least; it wakes nothing."""
        ...

    def refuse(self, name: ServiceName, endpoint: Endpoint) -> None:
        """Take note that a task which answered refuses now; it is not looked at again before AWS was asked."""
        ...

    def look_again(self, name: ServiceName) -> None:
        """Take note that a task broke off."""
        ...
