"""A rolling update's next step, from counts alone. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Crew:
    """The live tasks of one or more deployments."""

    ready: int
    starting: int

    @property
    def live(self) -> int:
        """All of them."""
        return self.ready + self.starting


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many tasks may be ready at least and live at most during a deployment."""

    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now."""

    start: int
    stop_new: int
    stop_old: int
    is_stuck: bool
    """Nothing can be done although something should: the bounds leave no room."""


def read_bounds(desired: int, configuration: Mapping[str, Any]) -> Bounds:
    """Read minimumHealthyPercent, rounded up, and maximumPercent, rounded down, as AWS rounds them."""
    low, high = configuration.get("minimumHealthyPercent", 100), configuration.get("maximumPercent", 200)
    return Bounds(math.ceil(desired * low / 100), math.floor(desired * high / 100))


def plan_step(desired: int, bounds: Bounds, new: Crew, old: Crew) -> Step:
    """Choose the next step: surplus goes first, then old tasks that are not missed, then new ones as room allows."""
    stop_new = max(0, new.live - desired)
    spare = max(0, new.ready + old.ready - bounds.lowest)
    stop_old = old.starting + min(old.ready, spare)
    lacking = max(0, desired - new.live)
    room = max(0, bounds.highest - new.live - (old.live - stop_old))
    start = min(lacking, room)
    is_stuck = lacking > 0 and start == 0 and stop_old == 0 and new.starting == 0
    return Step(start, stop_new, stop_old, is_stuck)
