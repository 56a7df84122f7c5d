"""Ledgers by an address that fits into one word, for tests and the processes they start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from types_aiobotocore_dynamodb import DynamoDBClient

from wakeproxy.aws.clients import Access, open_clients
from wakeproxy.aws.dynamo_ledger import DynamoLedger
from wakeproxy.ports import Ledger
from wakeproxy.sqlite_ledger import SqliteLedger

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REGION = "eu-central-1"


@asynccontextmanager
async def open_ledger(address: str) -> AsyncIterator[Ledger]:
    """Open the ledger in a file, in ``memory``, or in a table: ``http://ENDPOINT#TABLE``."""
    endpoint, mark, table = address.partition("#")
    if mark:
        async with open_dynamodb(endpoint) as client:
            yield DynamoLedger(client, table, clock=lambda: NOON)
        return
    ledger = SqliteLedger(None if address == "memory" else Path(address))
    try:
        yield ledger
    finally:
        await ledger.close()


@asynccontextmanager
async def open_dynamodb(endpoint: str) -> AsyncIterator[DynamoDBClient]:
    """Open a client of a sandbox's DynamoDB, as the product does."""
    async with open_clients(Access(REGION, endpoint, takes_any_keys=True, has_dynamodb=True)) as clients:
        assert clients.dynamodb is not None
        yield clients.dynamodb
