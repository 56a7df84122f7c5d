"""A rollout under load: while ECS replaces tasks no visitor sees an error, and who is being served is served."""

import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.rolling import named, roll_out, until_rolled_out, visiting
from tests.world import Front, World, run_front

HEALTH_CHECK = ["CMD", "curl", "-fs", "http://localhost:8080/healthz"]
"""Without one ECS takes what runs for what is well: old tasks go as soon as the new ones have begun to fail."""
SHOP: dict[str, Any] = {"hold_for": "30s", "ready": {"path": "/healthz"}}


@pytest.fixture
async def front(world: World) -> AsyncIterator[Front]:
    async with run_front(world.configure({"shop": SHOP})) as front:
        yield front


@pytest.mark.parametrize("count", [1, 2])
async def test_no_request_fails_while_tasks_are_replaced_and_answers_move_on(
    world: World, front: Front, count: int
) -> None:
    await world.create("shop", desired_count=count, environment={"NAME": "first"})
    await front.until("shop", "AWAKE")
    await until_rolled_out(world, "shop")

    async with visiting(front, "shop") as load:
        await load.more(50)
        await load.until_told("first")
        for name in ("second", "third"):
            await roll_out(world, "shop", environment=named(name))
            await load.until_told(name)
            await until_rolled_out(world, "shop")
            await load.more(100)
        seen = len(load.told)
        await load.more(100)

    assert load.failures == []
    assert set(load.told) == {"first", "second", "third"}
    assert set(load.told[seen:]) == {"third"}


async def test_who_comes_while_the_new_tasks_are_still_starting_waits_and_is_served(world: World, front: Front) -> None:
    await world.create("shop", desired_count=2, environment={"NAME": "first"})
    await front.until("shop", "AWAKE")
    await until_rolled_out(world, "shop")

    async with visiting(front, "shop") as load:
        await load.more(50)
        later = [*named("second"), {"name": "START_SECONDS", "value": "3"}]
        await roll_out(world, "shop", image="wakeproxy/slow", environment=later)
        await load.until_told("second")
        await until_rolled_out(world, "shop")
        await load.more(50)

    assert load.failures == []


@pytest.mark.parametrize(
    "broken", [{"image": "shop/missing:1"}, {"command": [sys.executable, "-c", "raise SystemExit(1)"]}]
)
async def test_no_request_fails_when_ecs_gives_a_revision_up(
    world: World, front: Front, broken: dict[str, Any]
) -> None:
    checked = {"health_check": HEALTH_CHECK, "circuit_breaker": True}
    await world.create("shop", desired_count=2, environment={"NAME": "first"}, **checked)
    await front.until("shop", "AWAKE")
    await until_rolled_out(world, "shop")

    async with visiting(front, "shop") as load:
        await load.more(50)
        deployment = await roll_out(world, "shop", environment=named("second"), **broken)
        await load.more(50)
        left = await until_rolled_out(world, "shop")
        await load.more(50)

    assert left["id"] != deployment
    assert load.failures == []
    assert set(load.told) == {"first"}


async def test_who_is_connected_hears_goodbye_and_is_served_at_once_by_the_new_revision(
    world: World, front: Front
) -> None:
    await world.create("shop", desired_count=2, image="wakeproxy/live")
    await front.until("shop", "AWAKE")
    await until_rolled_out(world, "shop")

    async with visiting(front, "shop", live=True) as load:
        await load.more(50)
        for name in ("second", "third"):
            await roll_out(world, "shop", environment=named(name))
            await until_rolled_out(world, "shop")
            await load.more(50)

    assert load.failures == []
