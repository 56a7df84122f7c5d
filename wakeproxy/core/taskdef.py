"""Task definitions as data: what ``DescribeTaskDefinition`` adds is taken off, every other field is kept.

Skeleton.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Document: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Revision:
    """A task definition: registered, or as it is to be registered."""

    document: Document
    """What ``RegisterTaskDefinition`` takes, without tags."""
    tags: Mapping[str, str] = field(default_factory=dict)
    arn: str = ""
    """Empty while it is not registered."""
    is_active: bool = True

    @property
    def family(self) -> str:
        """Its family."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """What people call it: ``shop:12``."""
        raise NotImplementedError


def read_revision(described: Document, tags: Sequence[Mapping[str, str]] = ()) -> Revision:
    """Read ``taskDefinition`` and ``tags`` of ``DescribeTaskDefinition`` or ``RegisterTaskDefinition``."""
    raise NotImplementedError


def read_written(written: Any) -> Revision:
    """Read what somebody wrote into a file: a task definition, bare or as ``DescribeTaskDefinition`` wraps it.

    Raises:
        UsageError: it is none.
    """
    raise NotImplementedError


def would_be_same(wanted: Revision, registered: Revision) -> bool:
    """Whether registering one would only repeat the other: defaults that ECS fills in are no difference."""
    raise NotImplementedError
