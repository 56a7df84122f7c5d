"""Services found by their tags, with a front that runs and an AWS that changes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.test_reload import PATIENCE, ask, until_ready
from tests.world import Front, World, call_ecs, run_front
from wakeproxy.settings import OPT_IN_TAGS

ENABLE = {"wakeproxy:enable": "true"}
DOWN = {"kind": "error", "operation": "GetResources", "code": "InternalServiceException", "status": 500, "times": None}


def arn_of(name: str) -> str:
    return f"arn:aws:ecs:eu-central-1:123456789012:service/apps/{name}"


async def tag(world: World, name: str, **tags: str) -> None:
    """Set tags of ours, as anybody would."""
    pairs = [{"key": f"wakeproxy:{key.replace('_', '-')}", "value": value} for key, value in tags.items()]
    await call_ecs(world.url, "TagResource", {"resourceArn": arn_of(name), "tags": pairs})


async def untag(world: World, name: str, *keys: str) -> None:
    tags = [f"wakeproxy:{key}" for key in keys]
    await call_ecs(world.url, "UntagResource", {"resourceArn": arn_of(name), "tagKeys": tags})


async def until_disabled(front: Front, *names: str) -> list[dict[str, Any]]:
    """Wait until these services are disabled, and no others."""
    async with asyncio.timeout(PATIENCE):
        while True:
            told: list[dict[str, Any]] = (await front.admin_json("/api/services"))["disabled"]
            if {one["service"] for one in told} == set(names):
                return told
            await asyncio.sleep(0.02)


@pytest.fixture
async def front(world: World) -> AsyncIterator[Front]:
    keys = {"discover": {"every": "1s"}, "flush_interval": "200ms", "sleeper": {"every": "1s"}}
    async with run_front(world.configure({}, **keys)) as front:
        yield front


async def test_a_service_made_while_the_front_runs_is_found_and_woken(world: World, front: Front) -> None:
    assert await ask(front, "shop") == 404
    await world.create("shop", tags={**ENABLE, "wakeproxy:hosts": "shop.localhost _.shop.localhost"})
    await front.serves("shop")

    assert await ask(front, "shop") == 200
    assert await ask(front, "below.shop") == 200
    assert (await world.describe("shop"))["desiredCount"] == 1


async def test_what_was_there_before_the_front_is_served_from_its_first_moment(world: World) -> None:
    await world.create("shop", tags={**ENABLE, "wakeproxy:hosts": "shop.localhost"})
    await world.create("blog", cluster="team", tags={"sablier.enable": "true", "wakeproxy:hosts": "blog.localhost"})
    async with run_front(world.configure({}, discover=True)) as front:
        assert [await ask(front, name) for name in ("shop", "blog")] == [200, 200]
        await front.serves("shop", "team.blog")


async def test_other_tags_hold_as_soon_as_they_are_found(world: World, front: Front) -> None:
    await world.create("shop", tags={**ENABLE, "wakeproxy:hosts": "shop.localhost", "wakeproxy:idle-after": "1h"})
    await front.serves("shop")
    assert await ask(front, "shop") == 200

    await tag(world, "shop", hosts="store.localhost", idle_after="1s", min_awake="0s")
    async with asyncio.timeout(PATIENCE):
        while await ask(front, "store", "/.wakeproxy/status") != 200:
            await asyncio.sleep(0.05)
        assert await ask(front, "shop") == 404
        while (await world.describe("shop"))["desiredCount"]:
            await asyncio.sleep(0.05)


async def test_a_service_that_is_no_longer_tagged_is_gone_and_left_as_it_is(world: World, front: Front) -> None:
    for name in ("shop", "blog"):
        await world.create(name, tags={**ENABLE, "wakeproxy:hosts": f"{name}.localhost"})
    await front.serves("shop", "blog")
    assert await ask(front, "shop") == 200

    await untag(world, "shop", "enable")
    await tag(world, "blog", enable="false")
    await front.serves()

    assert await ask(front, "shop") == 404
    assert (await world.describe("shop"))["desiredCount"] == 1


async def test_a_bad_tag_disables_its_service_only_until_it_is_right(
    world: World, front: Front, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("shop", "blog"):
        await world.create(name, tags={**ENABLE, "wakeproxy:hosts": f"{name}.localhost"})
    await front.serves("shop", "blog")
    assert await ask(front, "shop") == 200
    await tag(world, "shop", idle_after="soon")
    (told,) = await until_disabled(front, "shop")
    assert [await ask(front, name) for name in ("shop", "blog")] == [404, 200]
    assert "wakeproxy_disabled_services 1.0" in await front.admin_json("/metrics")
    asked = (await world.calls())["GetResources"]
    async with asyncio.timeout(PATIENCE):
        while (await world.calls())["GetResources"] < asked + 2 * len(OPT_IN_TAGS):  # it is found again, twice
            await asyncio.sleep(0.05)

    await tag(world, "shop", idle_after="15m")
    await until_disabled(front)
    assert await ask(front, "shop") == 200

    reason = 'wakeproxy:idle-after: "soon" is no duration; write it like 15m (units: ms, s, m, h, d).'
    assert told == {"service": "shop", "ecs": "apps/shop", "phase": "DISABLED", "reasons": [reason]}
    assert capfd.readouterr().err.count(f"shop (apps/shop) is disabled: {reason}") == 1


async def test_while_aws_cannot_be_asked_nothing_is_dropped_and_it_is_told(world: World, front: Front) -> None:
    await world.create("shop", tags={**ENABLE, "wakeproxy:hosts": "shop.localhost"})
    await front.serves("shop")
    await world.control("POST", "faults", DOWN)
    (fault,) = await until_ready(front, "degraded")
    await untag(world, "shop", "enable")
    assert await ask(front, "shop") == 200
    assert "find services by their tags" in fault

    await world.control("DELETE", "faults")
    await front.serves()
    assert await until_ready(front, "ok") == []
    assert "wakeproxy_discovery_last_success_timestamp_seconds" in await front.admin_json("/metrics")


async def test_a_front_that_begins_while_aws_cannot_be_asked_serves_the_file_and_finds_the_rest_later(
    world: World,
) -> None:
    await world.create("shop")
    await world.create("blog", tags={**ENABLE, "wakeproxy:hosts": "blog.localhost"})
    await world.control("POST", "faults", DOWN)
    async with run_front(world.configure({"shop": {}}, discover={"every": "1s"})) as front:
        assert [await ask(front, name) for name in ("shop", "blog")] == [200, 404]
        await world.control("DELETE", "faults")
        await front.serves("shop", "blog")


async def test_discovery_is_switched_on_and_off_while_the_front_runs(world: World) -> None:
    await world.create("shop")
    await world.create("blog", tags={**ENABLE, "wakeproxy:hosts": "blog.localhost"})
    async with run_front(world.configure({"shop": {}})) as front:
        assert (await world.calls())["GetResources"] == 0
        world.configure({"shop": {}}, discover={"every": "1s"})
        front.hang_up()
        await front.serves("shop", "blog")
        await world.create("wiki", tags={**ENABLE, "wakeproxy:hosts": "wiki.localhost"})
        await front.serves("shop", "blog", "wiki")

        world.configure({"shop": {}})
        front.hang_up()
        await front.serves("shop")


async def test_what_the_file_takes_over_from_tags_goes_on_as_it_was(world: World) -> None:
    await world.create("blog", tags={**ENABLE, "wakeproxy:hosts": "blog.localhost"})
    async with run_front(world.configure({}, discover=True)) as front:
        assert await ask(front, "blog") == 200
        world.configure({"blog": {"display_name": "Of the file"}}, discover=True)
        front.hang_up()
        async with asyncio.timeout(PATIENCE):
            while (told := await front.status("blog"))["display_name"] != "Of the file":
                await asyncio.sleep(0.02)

    assert told["phase"] == "AWAKE"
