"""A front that ends in the middle of something: told to, or killed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.upstream.wire import dial, head, read_head
from tests.world import BROWSER, PROGRAM, Front, World, run_front, run_sandbox

PATIENCE = 20.0
SOON = timedelta(seconds=8).total_seconds()
"""Well below the time a front may take to finish what runs."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with run_sandbox(tmp_path) as world:
        await world.create("shop")
        yield world


def request(front: Front, target: str, who: dict[str, str], *, method: str = "GET") -> bytes:
    fields = [f"{name}: {value}" for name, value in who.items()]
    return head(f"{method} {target} HTTP/1.1", f"Host: shop.localhost:{front.port}", *fields)


async def wakes(world: World) -> int:
    calls = (await world.control("GET", "calls"))["calls"]
    return sum(call["operation"] == "UpdateService" and call["params"]["desiredCount"] > 0 for call in calls)


async def test_a_wake_outlives_the_front_that_began_it(world: World) -> None:
    await world.control("POST", "faults", {"kind": "capacity", "target": "apps/shop", "times": None})
    config = world.configure({"shop": {"hold_for": "20s"}})

    async with run_front(config) as first:
        async with dial(first.port) as line:
            await line.say(request(first, "/", BROWSER))
            assert (await line.hear()).status == 503
        async with asyncio.timeout(PATIENCE):
            while not await wakes(world):
                await asyncio.sleep(0.02)
        first.process.kill()
        assert await first.process.wait() == -signal.SIGKILL

    async with run_front(config) as second, dial(second.port) as line:
        told = await second.until("shop", "WAKING")
        await line.say(request(second, "/api/echo?kept", PROGRAM))
        await world.control("DELETE", "faults")
        answer = await line.hear()

    assert told["phase"] == "WAKING", "it carries on where the other was killed"
    assert (answer.status, b'"query": "kept"' in answer.body) == (200, True)
    assert await wakes(world) == 1


async def takes_connections(port: int) -> bool:
    try:
        async with dial(port):
            return True
    except ConnectionError:
        return False


async def test_told_to_stop_it_finishes_what_runs_and_takes_nothing_new(world: World) -> None:
    await world.create("quiet")
    config = world.configure({"shop": {}, "quiet": {"wake_on": "click"}})

    async with run_front(config) as front, dial(front.port) as slow, dial(front.port) as page, dial(front.port) as idle:
        for line, target in ((idle, "/healthz"), (slow, "/api/drip?seconds=1.5")):
            await line.say(request(front, target, PROGRAM))
            assert (await read_head(line.reader)).status == 200
        await page.say(head("GET /.wakeproxy/events HTTP/1.1", "Host: quiet.localhost"))
        assert (await read_head(page.reader)).status == 200

        front.process.terminate()
        async with asyncio.timeout(SOON):
            while await takes_connections(front.port):
                await asyncio.sleep(0.02)
            rest = await slow.reader.read()
            assert await front.process.wait() == 0

    assert b"drop 14" in rest
    assert rest.endswith(b"0\r\n\r\n"), "to its very end"
