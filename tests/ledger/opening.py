"""Ledgers by an address that fits into one word, for tests and the processes they start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from wakeproxy.ports import Ledger
from wakeproxy.sqlite_ledger import SqliteLedger


@asynccontextmanager
async def open_ledger(address: str) -> AsyncIterator[Ledger]:
    """Open the ledger in a file, or in ``memory``."""
    ledger = SqliteLedger(None if address == "memory" else Path(address))
    try:
        yield ledger
    finally:
        await ledger.close()
