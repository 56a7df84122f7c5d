"""Bystanders: who is asked before ECS is told to stop the tasks of a service.

Between a sleeper's last look at the ledger and its call to ECS a visit may begin of which the ledger knows nothing yet.
ECS then stops the task that answers it, and what must not be sent twice would be lost. So who serves visitors in the
sleeper's own process is asked first. Other processes hear of the sleep from AWS and the ledger only.
"""

from typing import Protocol

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record


class Bystander(Protocol):
    """Who serves visitors in the process that puts a service to sleep."""

    def is_in_use(self, name: ServiceName) -> bool:
        """Whether somebody uses a service, be it only since a moment ago."""

    def stand_back(self, name: ServiceName, claimed: Record) -> None:
        """Pass nothing on to its tasks from now on, under the sleep that was ``claimed``."""

    def come_back(self, name: ServiceName) -> None:
        """Go on with the tasks that still answer, for ECS may not have been told after all."""


class Nobody:
    """Nobody serves visitors here."""

    def is_in_use(self, name: ServiceName) -> bool:
        """Know of no use."""
        del name
        return False

    def stand_back(self, name: ServiceName, claimed: Record) -> None:
        """Do nothing."""

    def come_back(self, name: ServiceName) -> None:
        """Do nothing."""
