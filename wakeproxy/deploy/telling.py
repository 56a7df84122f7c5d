"""What becomes known in the course of a rollout, as values: people read the sentence, programs the details."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any, TypeAlias


class Kind(StrEnum):
    """What an event is about."""

    PLAN = auto()
    WARNING = auto()
    REGISTERED = auto()
    STARTED = auto()
    PROGRESS = auto()
    SERVICE_EVENT = auto()
    TASK_FAILED = auto()
    TASK = auto()
    LOG = auto()
    VERIFYING = auto()
    VERIFIED = auto()
    SLEPT = auto()
    ROLLING_BACK = auto()
    ROLLED_BACK = auto()
    PRUNED = auto()
    STANDS = auto()
    RESULT = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that became known."""

    kind: Kind
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """JSON."""


Tell: TypeAlias = Callable[[Event], None]
