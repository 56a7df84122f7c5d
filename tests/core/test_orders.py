"""Orders by HTTP."""

import pytest

from wakeproxy.core.orders import read_force
from wakeproxy.errors import UsageError


def test_force_is_yes_or_no() -> None:
    assert (read_force("1"), read_force("0")) == (True, False)
    for text in ("", "yes", "true", "01", "1,1"):
        with pytest.raises(UsageError, match=f"force is {text!r}, which is neither 1 nor 0"):
            read_force(text)
