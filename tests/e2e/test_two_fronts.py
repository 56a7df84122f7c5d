"""Two fronts, one table: they wake once, carry on for each other, and put to sleep only what neither has in use."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fronts import PATIENCE, SHARED, admin, ask, counts_told, have_table, open_shared, read_record, until
from tests.world import Front, World, borrow_sandbox, run_front
from wakeproxy.core.record import Intent
from wakeproxy.ports import Ledger

SHOP: dict[str, Any] = {"hold_for": "30s", "ready": {"path": "/healthz"}}
IDLE: dict[str, Any] = {**SHOP, "idle_after": "1s", "min_awake": "0s"}
SLEEPLESS: dict[str, Any] = {"flush_interval": "200ms", "sleeper": {"every": "1h"}}
BUSY_SLEEPER: dict[str, Any] = {"flush_interval": "200ms", "sleeper": {"every": "1s"}}


@dataclass(frozen=True)
class Two:
    """Two fronts before the same services."""

    world: World
    ledger: Ledger
    one: Front
    other: Front


@pytest.fixture
async def world(sandbox: str, tmp_path: Path) -> AsyncIterator[World]:
    async with borrow_sandbox(sandbox, tmp_path) as world, have_table(world):
        yield world


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def run_front_with(world: World, stack: AsyncExitStack, shop: dict[str, Any], keys: dict[str, Any]) -> Front:
    """Run a front with a config file of its own, for it goes by every change of that."""
    config = world.configure({"shop": shop}, ledger=SHARED, **keys)
    own = config.rename(config.with_name(f"{secrets.token_hex(4)}.yaml"))
    return await stack.enter_async_context(run_front(own))


async def run_two(
    world: World, stack: AsyncExitStack, shop: dict[str, Any] = SHOP, *keys: dict[str, Any], **spec: Any
) -> Two:
    await world.create("shop", **spec)
    one, other = keys or (SLEEPLESS, SLEEPLESS)
    ledger = await stack.enter_async_context(open_shared(world))
    first, second = await asyncio.gather(*(run_front_with(world, stack, shop, keys) for keys in (one, other)))
    return Two(world, ledger, first, second)


async def test_a_crowd_at_both_wakes_once_and_all_are_served(world: World, stack: AsyncExitStack) -> None:
    two = await run_two(world, stack)

    answers = await asyncio.gather(*(ask(front) for front in (two.one, two.other) for _ in range(40)))

    assert set(answers) == {200}
    assert await counts_told(world) == [1]
    assert (await read_record(two.ledger)).generation == 1


async def test_what_one_put_to_sleep_the_other_wakes(world: World, stack: AsyncExitStack) -> None:
    two = await run_two(world, stack)
    assert await ask(two.one) == 200
    await two.other.until("shop", "AWAKE")

    async def has_ended() -> bool:
        record = await read_record(two.ledger)
        return bool(record.used_by) and record.in_flight == 0

    await until(has_ended)
    assert (await admin(two.one, "POST", "/api/services/shop/sleep?force=1"))["slept"]
    await two.other.until("shop", "ASLEEP", "DRAINING")
    assert await ask(two.other) == 200
    assert await ask(two.one) == 200

    assert await counts_told(world) == [1, 0, 1]


async def test_what_answers_one_front_is_named_in_the_ledger(world: World, stack: AsyncExitStack) -> None:
    two = await run_two(world, stack)
    assert await ask(two.one) == 200

    async def is_named() -> bool:
        return bool((await read_record(two.ledger)).ready)

    await until(is_named)
    (task,) = (await world.control("GET", "tasks?cluster=apps&service=shop"))["tasks"]
    assert (await read_record(two.ledger)).ready == (task["arn"],)


async def test_who_used_it_last_is_told_by_name(world: World, stack: AsyncExitStack) -> None:
    two = await run_two(world, stack)
    await asyncio.gather(ask(two.one), ask(two.other))
    for front in (two.one, two.other):
        assert await ask(front) == 200

        async def is_told(pid: int = front.process.pid) -> bool:
            return (await read_record(two.ledger)).used_by.endswith(f"/{pid}")

        await until(is_told)


async def claimed(two: Two) -> None:
    """Wait for the claim, with the call to ECS still to come."""

    async def is_claimed() -> bool:
        return (await read_record(two.ledger)).generation == 1

    await until(is_claimed)
    assert await counts_told(two.world) == []


async def told(two: Two) -> None:
    """Wait for the call to ECS, which takes its time to answer."""

    async def is_told() -> bool:
        return await counts_told(two.world) == [1]

    await until(is_told)


async def starting(two: Two) -> None:
    """Wait for the task that is to serve."""

    async def has_task() -> bool:
        return bool((await two.world.control("GET", "tasks?cluster=apps&service=shop"))["tasks"])

    await until(has_task)


async def awake(two: Two) -> None:
    """Wait until the app answers."""
    await two.one.until("shop", "AWAKE")


SLOW_LOOK = {"kind": "delay", "operation": "ecs:DescribeServices", "seconds": 3.0, "times": None, "lasts": 5.0}
SLOW_CALL = {"kind": "delay", "operation": "ecs:UpdateService", "seconds": 1.0}


@pytest.mark.parametrize(("point", "fault"), [(claimed, SLOW_LOOK), (told, SLOW_CALL), (starting, None), (awake, None)])
async def test_when_the_front_that_wakes_is_killed_the_other_carries_on(
    world: World, stack: AsyncExitStack, point: Any, fault: dict[str, Any] | None
) -> None:
    two = await run_two(world, stack, image="wakeproxy/slow", environment={"START_SECONDS": "2"})
    if fault is not None:
        await world.control("POST", "faults", [fault])
    first = asyncio.create_task(ask(two.one))
    async with asyncio.timeout(PATIENCE):
        while (await two.one.status("shop"))["phase"] == "ASLEEP":
            await asyncio.sleep(0.005)
    second = asyncio.create_task(ask(two.other))
    await point(two)
    two.one.process.kill()

    assert await second == 200
    assert await ask(two.other) == 200
    assert await counts_told(world) == [1]
    await asyncio.gather(first, return_exceptions=True)


async def test_what_one_has_in_use_the_other_does_not_put_to_sleep(world: World, stack: AsyncExitStack) -> None:
    two = await run_two(world, stack, IDLE, SLEEPLESS, BUSY_SLEEPER)
    assert await ask(two.one) == 200

    assert await ask(two.one, path="/api/drip?seconds=7") == 200
    assert await counts_told(world) == [1]
    await two.one.until("shop", "ASLEEP")
    assert await counts_told(world) == [1, 0]


async def test_when_a_sleeper_is_killed_between_claim_and_call_the_other_finishes(
    world: World, stack: AsyncExitStack
) -> None:
    two = await run_two(world, stack, IDLE, BUSY_SLEEPER, SLEEPLESS)
    assert await ask(two.other) == 200

    async def is_claimed() -> bool:
        return (await read_record(two.ledger)).intent is Intent.ASLEEP

    await until(is_claimed)
    two.one.process.kill()
    assert await counts_told(world) == [1]
    await run_front_with(world, stack, IDLE, BUSY_SLEEPER)

    async def is_done() -> bool:
        return await counts_told(world) == [1, 0]

    await until(is_done)
    assert await ask(two.other) == 200

    async def is_woken() -> bool:  # at once, or as soon as the ledger hears of a visit to what is not stopped yet
        return await counts_told(world) == [1, 0, 1]

    await until(is_woken)


async def is_claimed_asleep(two: Two) -> None:
    """Wait for the claim of a sleep, with the call to ECS still to come."""

    async def is_claimed() -> bool:
        return (await read_record(two.ledger)).intent is Intent.ASLEEP

    await until(is_claimed)
    assert await counts_told(two.world) == [1]


async def is_on_its_way(two: Two) -> None:
    """Wait for the call of a sleep, which ECS hears only when its sender is dead."""

    async def has_come() -> bool:
        return not (await two.world.control("GET", "faults"))["faults"]

    await until(has_come)


@pytest.mark.parametrize(("point", "counts"), [(is_claimed_asleep, [1]), (is_on_its_way, [1, 0, 1])])
async def test_when_a_sleeper_is_killed_a_visit_to_the_other_wins(
    world: World, stack: AsyncExitStack, point: Any, counts: list[int]
) -> None:
    two = await run_two(world, stack, IDLE, BUSY_SLEEPER, SLEEPLESS)
    assert await ask(two.other) == 200
    await world.control("POST", "faults", [{**SLOW_CALL, "seconds": 2.0}])
    await point(two)
    two.one.process.kill()
    assert await ask(two.other) == 200

    async def is_wanted() -> bool:
        told, record = await counts_told(world), await read_record(two.ledger)
        return told == counts and record.intent is Intent.AWAKE

    await until(is_wanted)
    assert await ask(two.other) == 200
    assert (await world.describe("shop"))["desiredCount"] == 1


async def test_what_a_killed_front_had_in_use_sleeps_once_it_is_idle(world: World, stack: AsyncExitStack) -> None:
    two = await run_two(world, stack, IDLE, SLEEPLESS, BUSY_SLEEPER)
    using = asyncio.create_task(ask(two.one, path="/api/drip?seconds=120"))
    await two.one.until("shop", "AWAKE")

    async def is_told() -> bool:
        return (await read_record(two.ledger)).in_flight == 1

    await until(is_told)
    two.one.process.kill()
    await asyncio.gather(using, return_exceptions=True)

    async def is_put_to_sleep() -> bool:
        return await counts_told(world) == [1, 0]

    await until(is_put_to_sleep)
    assert await ask(two.other) == 200


@pytest.mark.parametrize("kills_both", [False, True])
async def test_a_wake_outlives_who_follows_it_and_even_all_who_want_it(
    world: World, stack: AsyncExitStack, *, kills_both: bool
) -> None:
    two = await run_two(world, stack, image="wakeproxy/slow", environment={"START_SECONDS": "2"})
    first = asyncio.create_task(ask(two.one))
    await told(two)
    second = asyncio.create_task(ask(two.other))
    await starting(two)
    two.other.process.kill()
    if kills_both:
        two.one.process.kill()
    heir = await run_front_with(world, stack, SHOP, SLEEPLESS) if kills_both else two.one

    assert await ask(heir) == 200
    assert await counts_told(world) == [1]
    answers = await asyncio.gather(first, second, return_exceptions=True)
    assert kills_both or answers[0] == 200
