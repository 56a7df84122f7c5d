"""What tests of several fronts and their ledger ask of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp

from tests.ledger.opening import open_dynamodb, open_ledger
from tests.world import PROGRAM, Front, World, visit
from wakeproxy.aws.dynamo_table import LedgerTable
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record
from wakeproxy.ports import Ledger

PATIENCE = 60.0
TABLE = "wakeproxy"
SHARED = f"dynamodb://{TABLE}"


async def make_table(world: World) -> None:
    """Make the table of the ledger that fronts share."""
    async with open_dynamodb(world.url) as client:
        await LedgerTable(client, TABLE).create()


@asynccontextmanager
async def have_table(world: World) -> AsyncIterator[None]:
    """Have the table of the ledger that fronts share."""
    await make_table(world)
    yield
    async with open_dynamodb(world.url) as client:
        await world.control("DELETE", "faults")
        await client.delete_table(TableName=TABLE)


def open_shared(world: World) -> AbstractAsyncContextManager[Ledger]:
    """Open the ledger that fronts share."""
    return open_ledger(f"{world.url}#{TABLE}")


async def read_record(ledger: Ledger, name: str = "shop") -> Record:
    """Read what a ledger says of a service."""
    return (await ledger.read([ServiceName(name)]))[ServiceName(name)]


async def counts_told(world: World, name: str = "shop") -> list[int]:
    """List every desired count that ECS was told of a service."""
    calls = (await world.control("GET", "calls"))["calls"]
    return [
        call["params"]["desiredCount"]
        for call in calls
        if call["operation"] == "UpdateService" and call["params"]["service"] == name
    ]


async def ask(front: Front, name: str = "shop", path: str = "/api/echo") -> int:
    """Ask a service as a program does, held until it answers; returns the status."""
    async with visit() as session, session.get(front.url(name, path), headers=PROGRAM) as answer:
        await answer.read()
        return answer.status


async def admin(front: Front, method: str, path: str) -> Any:
    """Ask the admin listener."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{front.admin}{path}") as answer,
    ):
        return await (answer.text() if path == "/metrics" else answer.json())


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something of another process is so."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.02)
