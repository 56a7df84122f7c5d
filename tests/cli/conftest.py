"""Commands as people call them: processes with an exit status, before a real sandbox that a module's tests share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.world import World, borrow_sandbox, share_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with share_sandbox() as url:
        yield url


@pytest.fixture
async def world(sandbox: str, tmp_path: Path) -> AsyncIterator[World]:
    async with borrow_sandbox(sandbox, tmp_path) as world:
        yield world
