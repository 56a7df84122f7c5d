"""Ledgers by an address that fits into one word, for tests and the processes they start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from types_aiobotocore_dynamodb import DynamoDBClient

from wakeproxy.aws.clients import Access, open_clients
from wakeproxy.aws.dynamo_calls import Table
from wakeproxy.aws.dynamo_ledger import DynamoLedger
from wakeproxy.ports import Ledger
from wakeproxy.sqlite_ledger import SqliteLedger

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REGION = "eu-central-1"
_PATIENCE = 30.0
"""Seconds for a call: what is tested is what comes of it, and a busy machine may take longer than visitors wait."""


@asynccontextmanager
async def open_ledger(address: str) -> AsyncIterator[Ledger]:
    """Open the ledger in a file, in ``memory``, or in a table: ``http://ENDPOINT#TABLE``."""
    endpoint, mark, table = address.partition("#")
    if mark:
        async with open_dynamodb(endpoint) as client:
            ledger = DynamoLedger(client, table, clock=lambda: NOON)
            ledger._table = Table(client, table, within=_PATIENCE)
            yield ledger
        return
    opened = SqliteLedger(None if address == "memory" else Path(address))
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def open_dynamodb(endpoint: str) -> AsyncIterator[DynamoDBClient]:
    """Open a client of a sandbox's DynamoDB, as the product does."""
    async with open_clients(Access(REGION, endpoint, takes_any_keys=True, has_dynamodb=True)) as clients:
        assert clients.dynamodb is not None
        yield clients.dynamodb
