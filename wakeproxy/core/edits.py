"""Edits of a task definition. Skeleton."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wakeproxy.core.image import Image
from wakeproxy.core.taskdef import Revision


@dataclass(frozen=True, slots=True)
class Edits:
    """What to change."""

    images: tuple[Image, ...] = ()
    """Each replaces the image of every container that has one of the same repository, or ``container``'s whatever it is."""
    tag: str | None = None
    """Of every container's image, or of ``container``'s alone."""
    digest: str | None = None
    container: str | None = None
    """Which container is meant."""
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """ARNs or names of parameters, by the variable that gets them."""
    cpu: str | None = None
    memory: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be changed."""
        return self == Edits()


def edit(revision: Revision, edits: Edits) -> Revision:
    """Apply edits; the result is not registered.

    Raises:
        NothingToDoError: an image or container matches nothing that is there; it says what is there.
        UsageError: it is not clear which container is meant.
    """
    raise NotImplementedError
