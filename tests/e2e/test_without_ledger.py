"""A ledger that cannot be reached, at the start or later: everybody is served, nothing sleeps, and it is said."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.crew.conftest import FOLLOWER, OWNER, run_crew
from tests.e2e.fronts import SHARED, admin, ask, counts_told, have_table, until
from tests.world import Front, World, borrow_sandbox, run_front

SERVICE: dict[str, Any] = {
    "hold_for": "30s",
    "ready": {"path": "/healthz"},
    "idle_after": "1s",
    "min_awake": "0s",
}
KEYS: dict[str, Any] = {"flush_interval": "200ms", "sleeper": {"every": "1s"}}
OUTAGE_SECONDS = 6.0
"""Longer than an unused service takes to be put to sleep: idle for 1.2 s, swept within 1 s, a grace of 3.2 s."""

LOST, FOUND = "the ledger cannot be reached; ", "the ledger can be reached again"

Outage = Callable[[World], Any]


@asynccontextmanager
async def refuse(world: World) -> AsyncIterator[None]:
    """Have DynamoDB break every connection."""
    async with faults(world, {"kind": "lose_request"}):
        yield


@asynccontextmanager
async def throttle(world: World) -> AsyncIterator[None]:
    """Have DynamoDB say that every call is one too many."""
    async with faults(world, {"kind": "throttle"}):
        yield


@asynccontextmanager
async def faults(world: World, fault: dict[str, Any]) -> AsyncIterator[None]:
    await world.control("POST", "faults", [{**fault, "operation": "dynamodb:*", "times": None}])
    yield
    await world.control("DELETE", "faults")


@asynccontextmanager
async def lock(world: World) -> AsyncIterator[None]:
    """Hold the ledger's file locked, as a shell does that somebody forgot."""
    holder = sqlite3.connect(world.folder / "ledger.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


@asynccontextmanager
async def spoil(world: World) -> AsyncIterator[None]:
    """Have something else lie where the ledger's file would be."""
    path = world.folder / "ledger.db"
    path.write_text("buy milk\n" * 1000)
    yield
    path.unlink()


@pytest.fixture
async def world(sandbox: str, tmp_path: Path) -> AsyncIterator[World]:
    async with borrow_sandbox(sandbox, tmp_path) as world, have_table(world):
        for name in ("up", "down"):
            await world.create(name)
        yield world


def config(world: World, outage: Outage) -> Path:
    services = {"up": SERVICE, "down": SERVICE}
    ledger = {"ledger": SHARED} if outage in {refuse, throttle} else {}
    return world.configure(services, **ledger, **KEYS)


async def is_well(front: Front) -> bool:
    """Whether the front says that everything can be reached; it says so everywhere or nowhere."""
    ready, metrics = await admin(front, "GET", "/readyz"), await admin(front, "GET", "/metrics")
    is_up = "wakeproxy_ledger_up 1.0" in metrics
    return ready == {"status": "ok", "faults": []} and is_up


async def is_ill(front: Front) -> bool:
    ready, metrics = await admin(front, "GET", "/readyz"), await admin(front, "GET", "/metrics")
    return ready["status"] == "degraded" and "wakeproxy_ledger_up 0.0" in metrics


async def is_asleep(world: World) -> bool:
    return await counts_told(world, "up") == [1, 0] and await counts_told(world, "down") == [1, 0]


@pytest.mark.parametrize("outage", [refuse, throttle, lock])
async def test_a_ledger_that_is_lost_for_a_while(
    world: World, outage: Outage, capsys: pytest.CaptureFixture[str]
) -> None:
    async with run_front(config(world, outage)) as front:
        assert await ask(front, "up") == 200
        assert await is_well(front)
        async with outage(world):
            answers = await asyncio.gather(*(ask(front, "down") for _ in range(30)))
            assert set(answers) == {200}, "wakes go on"
            assert await counts_told(world, "down") == [1], "one call, however many ask"
            await until(lambda: is_ill(front))
            await asyncio.sleep(OUTAGE_SECONDS)
            assert await counts_told(world, "up") == await counts_told(world, "down") == [1], "nothing sleeps"
            assert [await ask(front, name) for name in ("up", "down")] == [200, 200], "what is awake is served"
            assert await is_ill(front)

        await until(lambda: is_well(front))
        await until(lambda: is_asleep(world))
    said = capsys.readouterr().err
    assert (said.count(LOST), said.count(FOUND)) == (1, 1)


@pytest.mark.parametrize("outage", [refuse, spoil])
async def test_a_ledger_that_is_not_there_at_the_start(
    world: World, outage: Outage, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(world, outage)
    await world.scale("up", 1)
    async with AsyncExitStack() as stack:
        async with outage(world):
            front = await stack.enter_async_context(run_front(path))
            assert [await ask(front, name) for name in ("up", "down")] == [200, 200]
            assert await counts_told(world, "down") == [1]
            assert await is_ill(front)

        await until(lambda: is_well(front))
        await until(lambda: is_asleep(world))
        assert await ask(front, "down") == 200
    said = capsys.readouterr().err
    assert (said.count(LOST), said.count(FOUND)) == (1, 1)


async def test_two_fronts_that_have_lost_their_ledger_each_make_one_call_at_most(world: World) -> None:
    path = config(world, refuse)
    async with run_front(path) as one, run_front(path) as other, refuse(world):
        answers = await asyncio.gather(*(ask(front, "down") for front in (one, other) for _ in range(20)))

        assert set(answers) == {200}
        assert await counts_told(world, "down") in ([1], [1, 1])


async def test_several_workers_go_on_without_the_ledger(world: World) -> None:
    async with run_crew(config(world, refuse)) as crew, refuse(world):
        answers = [await crew.ask(index, "down", "/api/echo") for index in (FOLLOWER, OWNER, FOLLOWER)]

        assert [answer.status for answer in answers] == [200, 200, 200]
        assert await counts_told(world, "down") == [1]
        await until(lambda: is_ill(crew))
