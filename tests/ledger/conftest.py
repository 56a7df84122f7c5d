"""The ledgers that must all keep the same contract."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fakes import MemoryLedger
from tests.ledger.opening import REGION, open_dynamodb, open_ledger
from wakeproxy.aws.dynamo_table import LedgerTable
from wakeproxy.ports import Ledger
from wakeproxy.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(region=REGION) as running:
        yield running


@pytest.fixture(params=["file", "dynamodb"])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger is that several processes can open."""
    if request.param == "file":
        return str(tmp_path / "ledger.sqlite")
    return await make_table(request.getfixturevalue("sandbox"))


@pytest.fixture(params=["fake", "memory", "file", "dynamodb"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "fake":
        yield MemoryLedger()
        return
    address = str(tmp_path / "ledger.sqlite") if request.param == "file" else request.param
    if request.param == "dynamodb":
        address = await make_table(request.getfixturevalue("sandbox"))
    async with open_ledger(address) as opened:
        yield opened


async def make_table(sandbox: Sandbox) -> str:
    """Make a table of its own for a test."""
    name = f"ledger-{secrets.token_hex(4)}"
    async with open_dynamodb(sandbox.url) as client:
        await LedgerTable(client, name).create()
    return f"{sandbox.url}#{name}"
