"""What a rollout is asked to do."""

from dataclasses import dataclass, field
from datetime import timedelta

from wakeproxy.core.edits import Edits
from wakeproxy.core.taskdef import Revision

PATIENCE = timedelta(minutes=15)
"""How long a rollout may take unless told otherwise: ECS's own limit of a task that drains is far below it."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How something is rolled out, whatever it is."""

    timeout: timedelta = PATIENCE
    rolls_back: bool = False
    """Whether a failure is answered by the revision that ran before."""
    waits: bool = True
    verifies: bool = True
    """Whether a sleeping service is woken to see that the revision answers."""
    supersedes: bool = False
    """Whether another rollout under way is cut short."""
    keep_revisions: int | None = None
    """How many active revisions stay afterwards; ``None``: all."""
    desired_count: int | None = None
    min_percent: int | None = None
    max_percent: int | None = None

    @property
    def changes_service(self) -> bool:
        """Whether more is to be changed than the revision."""
        return any(one is not None for one in (self.desired_count, self.min_percent, self.max_percent))


@dataclass(frozen=True, slots=True)
class Request:
    """What is rolled out: edits of a task definition."""

    edits: Edits = field(default_factory=Edits)
    written: Revision | None = None
    """A task definition from a file, to be used instead of what runs."""
    takes_latest: bool = False
    """Whether the family's newest revision is edited rather than the one that runs."""
    redeploys: bool = False
    """Whether a deployment is begun even if nothing changes."""
    pins: bool = False
    """Whether images are named by the digest that their tag has now."""
    copies_tags: bool = True
    conduct: Conduct = field(default_factory=Conduct)
