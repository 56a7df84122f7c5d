"""A service with a scalable target, in real processes: it sleeps, stays asleep, and wakes to what the target wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fronts import PATIENCE
from tests.world import PROGRAM, Front, World, borrow_sandbox, call_scaling, run_front, visit

TARGET = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/apps/shop",
}
SHOP: dict[str, Any] = {"idle_after": "1s", "min_awake": "0s"}
FIGHT_SECONDS = 1.0
"""Five times as long as the sandbox takes to raise a count below the minimum."""


@pytest.fixture
async def world(sandbox: str, tmp_path: Path) -> AsyncIterator[World]:
    async with borrow_sandbox(sandbox, tmp_path) as world:
        await world.create("shop", image="wakeproxy/hello", desired_count=2)
        await call_scaling(world.url, "RegisterScalableTarget", {**TARGET, "MinCapacity": 2, "MaxCapacity": 5})
        yield world


def a_front(world: World) -> AbstractAsyncContextManager[Front]:
    return run_front(world.configure({"shop": SHOP}, flush_interval="200ms", sleeper={"every": "1s"}))


async def counts(world: World) -> tuple[int, int]:
    """The desired count, and the target's minimum."""
    (target,) = (await call_scaling(world.url, "DescribeScalableTargets", {"ServiceNamespace": "ecs"}))[
        "ScalableTargets"
    ]
    return (await world.describe("shop"))["desiredCount"], target["MinCapacity"]


async def until(world: World, *wanted: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await counts(world) != wanted:
            await asyncio.sleep(0.05)


async def until_asleep(world: World, front: Front) -> None:
    await until(world, 0, 0)
    await front.until("shop", "ASLEEP")


async def use(front: Front) -> None:
    async with visit() as session, session.get(front.url("shop", "/api/echo"), headers=PROGRAM) as answer:
        assert answer.status == 200


async def fail(world: World, operation: str) -> None:
    """Have a call fail from now on, as if whoever makes it were killed just before."""
    fault = {"kind": "error", "code": "ServerException", "status": 500, "operation": operation, "times": None}
    await world.control("POST", "faults", fault)


async def until_called(world: World, operation: str, times: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await world.calls())[operation] < times:
            await asyncio.sleep(0.05)


async def test_it_sleeps_stays_asleep_and_wakes_to_its_minimum(world: World) -> None:
    async with a_front(world) as front:
        await until_asleep(world, front)
        await asyncio.sleep(FIGHT_SECONDS)
        assert await counts(world) == (0, 0)

        await use(front)
        await until(world, 2, 2)


async def test_what_a_policy_scales_out_is_not_lowered(world: World) -> None:
    async with a_front(world) as front:
        await until_asleep(world, front)
        await use(front)
        await until(world, 2, 2)
        await world.scale("shop", 3)
        for _ in range(15):
            await use(front)
            await asyncio.sleep(0.2)

        assert await counts(world) == (3, 2)


async def test_a_front_killed_between_the_two_calls_of_a_sleep_leaves_it_to_the_next(world: World) -> None:
    await fail(world, "UpdateService")
    async with a_front(world) as front:
        await until(world, 2, 0)
        front.process.kill()
    await world.control("DELETE", "faults")

    async with a_front(world) as front:
        await until_asleep(world, front)
        await use(front)
        await until(world, 2, 2)


async def test_a_front_killed_between_the_two_calls_of_a_wake_leaves_the_minimum_to_the_next(world: World) -> None:
    async with a_front(world) as front:
        await until_asleep(world, front)
        await fail(world, "RegisterScalableTarget")
        before = (await world.calls())["RegisterScalableTarget"]
        await use(front)
        await until_called(world, "RegisterScalableTarget", before + 1)
        front.process.kill()
    assert await counts(world) == (2, 0)
    await world.control("DELETE", "faults")

    async with a_front(world) as front:
        async with asyncio.timeout(PATIENCE):
            while await counts(world) != (2, 2):
                await use(front)
                await asyncio.sleep(0.1)


async def test_without_permission_it_is_put_to_sleep_as_any_other_and_who_fights_is_the_target(world: World) -> None:
    fault = {"kind": "error", "code": "AccessDeniedException", "operation": "application-autoscaling:*", "times": None}
    await world.control("POST", "faults", fault)
    async with a_front(world):
        async with asyncio.timeout(PATIENCE):
            while (await world.describe("shop"))["desiredCount"]:
                await asyncio.sleep(0.02)
            while not (await world.describe("shop"))["desiredCount"]:
                await asyncio.sleep(0.02)
