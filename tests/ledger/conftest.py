"""The ledgers that must all keep the same contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import MemoryLedger
from tests.ledger.opening import open_ledger
from wakeproxy.ports import Ledger


@pytest.fixture(params=["fake", "sqlite in memory", "sqlite in a file"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "fake":
        yield MemoryLedger()
        return
    async with open_ledger("memory" if "memory" in request.param else str(tmp_path / "ledger.sqlite")) as opened:
        yield opened
