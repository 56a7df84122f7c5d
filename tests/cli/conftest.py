"""Commands as people call them: processes with an exit status, before a real sandbox."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.world import World, run_sandbox


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with run_sandbox(tmp_path) as world:
        yield world
