"""Which revisions of a family are to be made inactive, so that it does not grow without end."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from wakeproxy.errors import UsageError


def choose_prunable(active: Sequence[str], *, keep: int, spared: AbstractSet[str]) -> tuple[str, ...]:
    """Choose from a family's active revisions, the newest first, those to make inactive, the oldest first.

    The newest ``keep`` stay, and beyond them all that are ``spared``, because they are in use or rolled back to.

    Raises:
        UsageError: none would be kept.
    """
    if keep < 1:
        raise UsageError(f"{keep} revisions cannot be kept: keep at least 1, the one that runs.")
    return tuple(arn for arn in reversed(active[keep:]) if arn not in spared)
