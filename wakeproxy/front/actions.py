"""What can be done about a request: the closed choice that `visitor` makes and `connection` carries out."""

from dataclasses import dataclass
from typing import TypeAlias

from wakeproxy.core.observation import Endpoint
from wakeproxy.core.service import Service
from wakeproxy.pages.replies import Fields, Ready, Reply


class Carry:
    """Pass it on to a task, and the task's answer back with these fields added; nobody changes one, see `Visit`."""

    __slots__ = ("added", "endpoint", "scheme")

    def __init__(self, endpoint: Endpoint, scheme: str, added: Fields = ()) -> None:
        self.endpoint = endpoint
        self.scheme = scheme
        self.added = added


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep it as it came until the wake has ended, for so many seconds at most; then choose again."""

    service: Service
    seconds: float


@dataclass(frozen=True, slots=True)
class Follow:
    """Send a service's events as they happen."""

    service: Service


Action: TypeAlias = Carry | Hold | Follow | Reply | Ready
