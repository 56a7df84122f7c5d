"""The whole thing: real processes, real sockets, a real browser.

Starting a sandbox takes seconds, so the tests of a module share one; each finds it empty.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from tests.pages.conftest import browser
from tests.world import World, borrow_sandbox, share_sandbox

__all__ = ["browser"]

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Give tests of many processes the time of a busy machine."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with share_sandbox() as url:
        yield url


@pytest.fixture
async def world(sandbox: str, tmp_path: Path) -> AsyncIterator[World]:
    async with borrow_sandbox(sandbox, tmp_path) as world:
        yield world
