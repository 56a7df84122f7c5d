"""What owner and followers tell each other. Names and sights are the engine's own values."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from wakeproxy.core.counts import Counts
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.record import Record, Use
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight

# A follower to its owner.


@dataclass(frozen=True, slots=True)
class Hello:
    """Here I am; an owner that has just begun learns what its predecessor knew."""

    index: int
    sights: tuple[Sight, ...]
    recent: tuple[float, ...]
    """When wakes were begun, as the gate counts them."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A visit wants a service awake."""

    name: ServiceName


@dataclass(frozen=True, slots=True)
class Keep:
    """A visitor wants a service to stay awake until then at least."""

    name: ServiceName
    until: datetime


@dataclass(frozen=True, slots=True)
class Refuse:
    """A task refuses."""

    name: ServiceName
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class LookAgain:
    """A task broke off."""

    name: ServiceName


@dataclass(frozen=True, slots=True)
class NoteUse:
    """A service is in use; answered by `Noted`."""

    number: int
    name: ServiceName
    use: Use


@dataclass(frozen=True, slots=True)
class Reported:
    """The answer to `Report`; ``has_flushed`` when the ledger knows of every use."""

    number: int
    counts: Counts
    has_flushed: bool


# An owner to its followers.


@dataclass(frozen=True, slots=True)
class Services:
    """Which services are served from now on, said before the sights of those that are new."""

    services: tuple[Service, ...]
    has_new_themes: bool = False
    """Their pages must be read anew."""


@dataclass(frozen=True, slots=True)
class Sights:
    """How services stand: first all of them, then those that changed; and the wakes that the gate counts."""

    sights: tuple[Sight, ...]
    recent: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an `Ask`, a `Keep` or a `Refuse`: how the service stands now."""

    sight: Sight


@dataclass(frozen=True, slots=True)
class Noted:
    """The answer to `NoteUse`: the record, or why there is none."""

    number: int
    record: Record | str


@dataclass(frozen=True, slots=True)
class Report:
    """Say what you counted; with ``flush``, after the ledger was told of every use."""

    number: int
    flush: bool


FromFollower: TypeAlias = Ask | Keep | Refuse | LookAgain | NoteUse | Reported
FromOwner: TypeAlias = Sights | Told | Noted | Report
"""Besides `Services`, which is taken in before anything else is heard."""
