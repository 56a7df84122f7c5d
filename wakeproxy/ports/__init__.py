"""What the engine needs of the world, as protocols in domain types. Adapters live in the rooms beside and above."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wakeproxy.core.capacity import Capacity
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint, Observation
from wakeproxy.core.record import PastWake, Record, Use
from wakeproxy.core.service import Address, EcsService, Ready
from wakeproxy.core.signals import SignalPolicy, SignalReading


@dataclass(frozen=True, slots=True)
class Look:
    """One service to observe; public addresses cost a call of their own and are fetched only when asked for."""

    ecs: EcsService
    address: Address = Address.PRIVATE
    tasks: bool = True
    """Whether its tasks are wanted; its counts and deployments alone cost a tenth of a call."""


@dataclass(frozen=True, slots=True)
class SignalAsk:
    """Which signals of one service to read, since when, and where they are to be found."""

    ecs: EcsService
    policy: SignalPolicy
    since: datetime
    target_groups: tuple[str, ...] = ()
    """ARNs of the target groups that requests come through."""
    task_definitions: tuple[str, ...] = ()
    """ARNs of what its tasks are made of, which tells where they log to."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """An ECS service as its tags describe it."""

    ecs: EcsService
    tags: Mapping[str, str]


class Directory(Protocol):
    """Where services are found by their tags."""

    async def find(self) -> Sequence[Tagged]:
        """Find every ECS service, in whichever cluster, whose tags speak of being served.

        Raises:
            FleetError: not all of them could be read, so that who is missing may be there all the same.
        """
        ...


class Fleet(Protocol):
    """The services in AWS."""

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        """Look at all these services in as few calls as AWS allows.

        Raises:
            FleetError: AWS did not answer; `ThrottledError` and `AccessDeniedError` say why.
        """
        ...

    async def scale(self, ecs: EcsService, *, desired_count: int) -> None:
        """Set a service's desired count, whatever it was.

        Raises:
            FleetError: AWS refused, or it is unknown whether the call was carried out.
        """
        ...

    async def protected_until(self, observations: Sequence[Observation]) -> Mapping[EcsService, datetime]:
        """Say until when live tasks are protected from scale-in; a service without any such task is left out.

        Raises:
            FleetError: AWS did not answer.
        """
        ...

    def patient(self) -> "Fleet":
        """View the same services with calls for which nobody waits: they let those of wakes go first."""
        ...

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait, on entering, until AWS's limits admit a `scale`; one within is made at once.

        What must be true at the time of the call is looked up within.
        """
        ...


class Scaling(Protocol):
    """Whatever else scales the services: Application Auto Scaling."""

    async def capacities(self, services: Sequence[EcsService]) -> Mapping[EcsService, Capacity]:
        """Look up what those services may have that are scaled; the others, and those suspended, are left out.

        Raises:
            AccessDeniedError: nobody may ask, which was logged once; it is as if nothing else scaled.
            FleetError: AWS did not answer.
        """
        ...

    async def set_minimum(self, ecs: EcsService, minimum: int) -> None:
        """Change the least that a scaled service has; what it has below it is raised to it.

        Raises:
            AccessDeniedError: the same.
            FleetError: AWS refused, or it is unknown whether the call was carried out.
        """
        ...


class Signals(Protocol):
    """The metrics that tell of use."""

    async def read(self, asks: Sequence[SignalAsk], now: datetime) -> Mapping[EcsService, SignalReading]:
        """Read all signals that are asked for, in as few calls as AWS allows; each of them is in the answer.

        Nothing is raised: what could not be read, for whatever reason, says so and why.
        """
        ...


class Uses(Protocol):
    """Where uses are told of."""

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Take note of a use unless a newer one is known, and return the record as it now stands.

        A service never written to becomes one that is wanted awake.

        Raises:
            LedgerError: the ledger cannot be reached.
        """
        ...


class Ledger(Uses, Protocol):
    """The memory that all fronts and sleepers share. Every method raises `LedgerError` when it cannot be reached."""

    async def read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        """Read records; a service never written to has the empty one."""
        ...

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Replace a record if its generation and last use are still those of ``before``; say whether they were."""
        ...

    async def note_ready(self, name: ServiceName, generation: int, tasks: tuple[str, ...]) -> Record:
        """Take note of the tasks found answering, and return the record as it now stands.

        They are noted only while the service is wanted awake by the claim of this very generation, for whoever claims
        begins anew. A service never written to stays so.
        """
        ...

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        """Append to a service's history; old entries may be dropped."""
        ...

    async def wakes(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Sequence[PastWake]]:
        """Read the history of each service, oldest first."""
        ...

    async def close(self) -> None:
        """Let go of what was opened; what was acknowledged stays."""
        ...


class Prober(Protocol):
    """Asks an app whether it answers."""

    async def probe(self, endpoint: Endpoint, *, scheme: str, ready: Ready) -> bool:
        """Try once, within ``ready.timeout``; every failure is just ``False``."""
        ...
