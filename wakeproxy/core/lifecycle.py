"""One service's life as a table: ``(phase, event) -> (phase, effects)``. There are no other transitions.

Events are readings: of AWS (counts and tasks), of our own probe, and of visits. Effects are carried out by
`engine.waker`; telling those who wait is no effect, for every change of phase does it.
"""

from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import Final


class Phase(StrEnum):
    """What a service is to its visitors."""

    ASLEEP = "ASLEEP"
    WAKING = "WAKING"
    AWAKE = "AWAKE"
    DRAINING = "DRAINING"
    FAILED = "FAILED"


UP: Final = frozenset({Phase.AWAKE, Phase.WAKING})
"""Wanted and there, or on its way."""
DOWN: Final = frozenset({Phase.ASLEEP, Phase.DRAINING})
"""Not wanted, as far as is known."""
OVER: Final = frozenset({Phase.AWAKE, Phase.FAILED})
"""How a wake ends, well or badly."""


class Event(StrEnum):
    """What can happen to a service."""

    VISITED = "visited"
    SEEN_UP = "seen up"
    """Tasks are wanted (desired count above 0)."""
    SEEN_DRAINING = "seen draining"
    """None are wanted, some still run; or the ledger says another put it to sleep."""
    SEEN_AT_REST = "seen at rest"
    """None are wanted and none run."""
    ANSWERED = "answered"
    """The app answered a probe."""
    FELL_SILENT = "fell silent"
    """No task is left that answers: stopped, replaced, or refusing."""
    GAVE_UP = "gave up"
    """The wake cannot succeed, or took too long."""


class Effect(Enum):
    """What a transition asks of the engine."""

    CLAIM = auto()
    """Claim the wake in the ledger; raise the desired count if the claim is ours."""
    FOLLOW = auto()
    """Somebody else's wake (or a restart's own): note when it began."""
    LOOK = auto()
    """Observe at once instead of at the next turn."""
    RECORD = auto()
    """The wake has ended, well or badly: write it to the ledger's history."""
    REST = auto()
    """Give a wake of ours back, so that nobody pays for tasks that cannot serve."""


Step = tuple[Phase, tuple[Effect, ...]]

_A, _W, _K, _D, _F = Phase.ASLEEP, Phase.WAKING, Phase.AWAKE, Phase.DRAINING, Phase.FAILED

TABLE: MappingProxyType[tuple[Phase, Event], Step] = MappingProxyType(
    {
        (_A, Event.VISITED): (_W, (Effect.CLAIM,)),
        (_A, Event.SEEN_UP): (_W, (Effect.FOLLOW,)),
        (_A, Event.SEEN_DRAINING): (_D, ()),
        (_A, Event.SEEN_AT_REST): (_A, ()),
        (_A, Event.ANSWERED): (_A, ()),
        (_A, Event.FELL_SILENT): (_A, ()),
        (_A, Event.GAVE_UP): (_F, ()),
        (_W, Event.VISITED): (_W, ()),
        (_W, Event.SEEN_UP): (_W, ()),
        (_W, Event.SEEN_DRAINING): (_D, ()),
        (_W, Event.SEEN_AT_REST): (_A, ()),
        (_W, Event.ANSWERED): (_K, (Effect.RECORD,)),
        (_W, Event.FELL_SILENT): (_W, ()),
        (_W, Event.GAVE_UP): (_F, (Effect.RECORD, Effect.REST)),
        (_K, Event.VISITED): (_K, ()),
        (_K, Event.SEEN_UP): (_K, ()),
        (_K, Event.SEEN_DRAINING): (_D, ()),
        (_K, Event.SEEN_AT_REST): (_A, ()),
        (_K, Event.ANSWERED): (_K, ()),
        (_K, Event.FELL_SILENT): (_W, (Effect.FOLLOW, Effect.LOOK)),
        (_K, Event.GAVE_UP): (_F, ()),
        (_D, Event.VISITED): (_W, (Effect.CLAIM,)),
        (_D, Event.SEEN_UP): (_W, (Effect.FOLLOW,)),
        (_D, Event.SEEN_DRAINING): (_D, ()),
        (_D, Event.SEEN_AT_REST): (_A, ()),
        (_D, Event.ANSWERED): (_D, ()),
        (_D, Event.FELL_SILENT): (_D, ()),
        (_D, Event.GAVE_UP): (_F, ()),
        (_F, Event.VISITED): (_W, (Effect.CLAIM,)),
        (_F, Event.SEEN_UP): (_F, ()),
        (_F, Event.SEEN_DRAINING): (_F, ()),
        (_F, Event.SEEN_AT_REST): (_F, ()),
        (_F, Event.ANSWERED): (_K, ()),
        (_F, Event.FELL_SILENT): (_F, ()),
        (_F, Event.GAVE_UP): (_F, ()),
    }
)


def advance(phase: Phase, event: Event) -> Step:
    """Look up what an event makes of a phase, and what must be done about it."""
    return TABLE[phase, event]


def draw() -> str:
    """Draw the table as a Mermaid state diagram, one arrow per pair of phases; the docs hold a copy."""
    arrows: dict[tuple[Phase, Phase], list[str]] = {}
    for (phase, event), (after, effects) in TABLE.items():
        if phase is not after:
            done = ", ".join(effect.name.lower() for effect in effects)
            arrows.setdefault((phase, after), []).append(f"{event} / {done}" if done else str(event))
    lines = [f"    {before} --> {after}: {', or '.join(labels)}" for (before, after), labels in arrows.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {Phase.ASLEEP}", *lines]) + "\n"
