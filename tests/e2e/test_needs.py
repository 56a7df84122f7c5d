"""Services that need each other, with real processes: awake together, asleep together."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.world import PROGRAM, Front, World, borrow_sandbox, run_front, visit

SERVICES: dict[str, dict[str, Any]] = {
    "shop": {"needs": ["db"], "idle_after": "2s", "min_awake": "0s"},
    "db": {"needs_optional": ["disk"], "idle_after": "1s", "min_awake": "0s"},
    "disk": {"idle_after": "1s", "min_awake": "0s"},
}


@pytest.fixture
async def world(sandbox: str, tmp_path: Path) -> AsyncIterator[World]:
    async with borrow_sandbox(sandbox, tmp_path) as world:
        for name in SERVICES:
            await world.create(name, image="wakeproxy/live")
        yield world


@pytest.fixture
async def front(world: World) -> AsyncIterator[Front]:
    services = {name: {"hosts": [f"{name}.localhost"], **service} for name, service in SERVICES.items()}
    async with run_front(world.configure(services, flush_interval="200ms", sleeper={"every": "1s"})) as front:
        yield front


async def desired(world: World) -> dict[str, int]:
    return {name: (await world.describe(name))["desiredCount"] for name in SERVICES}


async def until_desired(world: World, **wanted: int) -> None:
    async with asyncio.timeout(60):
        while not wanted.items() <= (await desired(world)).items():
            await asyncio.sleep(0.05)


async def test_all_stay_awake_while_one_is_used_and_sleep_after_it(world: World, front: Front) -> None:
    async with visit() as session, session.ws_connect(front.url("shop", "/ws"), headers=PROGRAM) as socket:
        await until_desired(world, shop=1, db=1, disk=1)
        loop = asyncio.get_running_loop()
        until = loop.time() + 5  # longer than any may be idle, and five sweeps
        while loop.time() < until:
            assert "time" in (await socket.receive(timeout=5)).data
        assert await desired(world) == {"shop": 1, "db": 1, "disk": 1}

    await until_desired(world, shop=0, db=0, disk=0)


async def put_to_sleep(front: Front, name: str) -> None:
    """Do so by hand, as soon as the ledger has been told of the last use: until then a use is told to be in between."""
    address = f"http://127.0.0.1:{front.admin}/api/services/{name}/sleep?force=1"
    async with aiohttp.ClientSession() as operator, asyncio.timeout(60):
        is_done = False
        while not is_done:
            async with operator.post(address) as answer:
                is_done = (await answer.json())["slept"]


async def test_one_put_to_sleep_by_hand_is_woken_by_the_next_use(world: World, front: Front) -> None:
    async with visit() as session:
        async with session.get(front.url("shop", "/api/echo"), headers=PROGRAM) as answer:
            assert answer.status == 200
        await put_to_sleep(front, "db")
        async with session.get(front.url("shop", "/api/echo"), headers=PROGRAM) as answer:
            assert answer.status == 200

        await until_desired(world, db=1)
