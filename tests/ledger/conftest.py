"""The ledgers that must all keep the same contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import MemoryLedger
from wakeproxy.ports import Ledger
from wakeproxy.sqlite_ledger import SqliteLedger


@pytest.fixture(params=["fake", "sqlite in memory", "sqlite in a file"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "fake":
        yield MemoryLedger()
        return
    opened = await SqliteLedger.open(tmp_path / "ledger.sqlite" if "file" in request.param else None)
    yield opened
    await opened.close()
