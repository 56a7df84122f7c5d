"""The front of a process stands back from a service that the same process puts to sleep.

It says whether the service is in use here, be it only since a moment ago. If it is not, a visit from then on waits for
the next wake, instead of for a task that ECS is about to stop.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record
from wakeproxy.engine.traffic import Traffic
from wakeproxy.engine.waker import Waker


@dataclass(frozen=True, slots=True)
class FrontHere:
    """`Bystander` where visitors are served."""

    waker: Waker
    traffic: Traffic
    users: Callable[[ServiceName], Iterable[ServiceName]]
    """Lists the services whose use is a use of one: itself, and all that need it."""
    clock: Callable[[], datetime]

    def is_in_use(self, name: ServiceName) -> bool:
        """Whether it, or what needs it, is in use, or was and the ledger has not heard of that yet."""
        return any(map(self.traffic.is_in_use, self.users(name)))

    def stand_back(self, name: ServiceName, claimed: Record) -> None:
        """See its tasks as ECS will show them in a moment."""
        life = self.waker.lives.get(name)
        if life is not None and life.observation is not None:
            life.take_up(claimed)
            life.leave(self.clock())
            self.waker.see(name, replace(life.observation, desired=0))

    def come_back(self, name: ServiceName) -> None:
        """Ask AWS at once, and then the tasks anew."""
        life = self.waker.lives.get(name)
        if life is not None:
            life.stay()
            self.waker.look_again(name)
