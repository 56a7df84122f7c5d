"""Much, cut into pieces."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def batched(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    """Cut into pieces of ``size``; the last may be smaller."""
    return (items[start : start + size] for start in range(0, len(items), size))
