"""Virtual time for this folder alone: a test of a minute takes a millisecond. It would break real sockets."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
# The loop runs timers that are due within a nanosecond; a coarser clock could never reach some of the others.
VIRTUAL_TIME = pytest.mark.looptime(resolution=1e-9, noop_cycles=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(VIRTUAL_TIME)
