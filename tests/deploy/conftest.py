"""Virtual time for this folder alone: a rollout of minutes takes a millisecond. It would break real sockets."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
VIRTUAL_TIME = pytest.mark.looptime(resolution=1e-9, noop_cycles=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(VIRTUAL_TIME)
