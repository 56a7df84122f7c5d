"""What came of a rollout."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from wakeproxy.core.rollout import Done, Failed


@dataclass(frozen=True, slots=True)
class TimedOut:
    """It went on when its time was up."""

    sentence: str


Ending: TypeAlias = Done | Failed | TimedOut


class Outcome(StrEnum):
    """The ways in which a rollout may end."""

    DONE = "done"
    STARTED = "started"
    """It was not to be waited for."""
    UNVERIFIED = "unverified"
    """The service sleeps with a revision that nobody has seen answer."""
    FAILED = "failed"
    TIMED_OUT = "timed out"

    @property
    def exit_status(self) -> int:
        """The exit status of the command line."""
        return _STATUSES.get(self, 0)


_STATUSES: Final[Mapping[Outcome, int]] = {Outcome.FAILED: 1, Outcome.TIMED_OUT: 3, Outcome.UNVERIFIED: 7}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it, and what stands now."""

    outcome: Outcome
    sentence: str
    revision: str
    """The ARN of what was rolled out."""
    stands: str
    """The ARN of what the service has now."""
    deployment: str | None = None
    reasons: tuple[str, ...] = ()
    """Why tasks failed, each with what to do."""

    @property
    def exit_status(self) -> int:
        """The exit status of the command line."""
        return self.outcome.exit_status

    def describe(self) -> Mapping[str, Any]:
        """Say it in JSON."""
        return {
            "outcome": str(self.outcome),
            "revision": self.revision,
            "stands": self.stands,
            "deployment": self.deployment,
            "reasons": list(self.reasons),
        }
