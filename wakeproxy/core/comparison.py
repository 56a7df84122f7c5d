"""How two task definitions differ, for people and programs. Skeleton."""

from dataclasses import dataclass
from typing import Any

from wakeproxy.core.taskdef import Revision


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where they differ; ``None`` stands for nothing there."""

    path: str
    """Such as ``containerDefinitions[web].environment[LOG_LEVEL]``."""
    before: Any
    after: Any


def compare(before: Revision, after: Revision) -> tuple[Difference, ...]:
    """List the differences in document and tags; what only ECS filled in is none, and order only where it means something."""
    raise NotImplementedError
