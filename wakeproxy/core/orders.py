"""What operators may write in an order by HTTP, wherever it is taken."""

from collections.abc import Mapping
from typing import Final

from wakeproxy.errors import UsageError

_FORCES: Final[Mapping[str, bool]] = {"1": True, "0": False}


def read_force(text: str) -> bool:
    """Read whether what is in use is to be put to sleep all the same.

    Raises:
        UsageError: it says neither.
    """
    if text not in _FORCES:
        raise UsageError(f"force is {text!r}, which is neither 1 nor 0.")
    return _FORCES[text]
