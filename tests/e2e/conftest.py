"""The whole thing: real processes, real sockets, a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.pages.conftest import browser
from tests.world import World, run_sandbox

__all__ = ["browser"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with run_sandbox(tmp_path) as world:
        yield world
