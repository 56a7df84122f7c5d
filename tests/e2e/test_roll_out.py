"""`tools/roll-out` as a workflow runs it: AWS's own command line, wakeproxy, and a sandbox."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.clients.tools import find
from tests.world import BROWSER, World, call_ecs, run_front, visit

_ROLL_OUT = Path(__file__).parents[2] / "tools/roll-out"
_PATIENCE = 240.0


async def start(world: World, image: str, **environment: str) -> Process:
    """Begin to roll an image out to the service `shop`."""
    for name in ("aws", "jq"):
        find(name)
    return await asyncio.create_subprocess_exec(
        _ROLL_OUT,
        "shop",
        image,
        stdout=PIPE,
        stderr=PIPE,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(world.folder),
            "AWS_ENDPOINT_URL": world.url,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "WAKEPROXY_CONFIG": str(world.folder / "wakeproxy.yaml"),
            "PAUSE": "0.2",
            **environment,
        },
    )


async def finish(process: Process) -> tuple[int, str]:
    """Wait for its end; its exit status, and all that it said."""
    async with asyncio.timeout(_PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode() + err.decode()


async def image_of(world: World, service: Mapping[str, Any]) -> str:
    """Look up which image a service's revision has."""
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": service["taskDefinition"]})
    image: str = told["taskDefinition"]["containerDefinitions"][0]["image"]
    return image


async def test_what_slept_is_woken_to_see_that_it_answers_and_sleeps_again(world: World) -> None:
    await world.create("shop")
    world.configure({"shop": {"ready": {"path": "/healthz"}}}, flush_interval="100ms")

    status, said = await finish(await start(world, "wakeproxy/hello:abc"))
    after = await world.describe("shop")

    assert status == 0, said
    assert "the new revision answers" in said
    assert after["desiredCount"] == 0
    assert await image_of(world, after) == "wakeproxy/hello:abc"


async def test_what_is_awake_stays_awake_with_the_new_revision(world: World) -> None:
    await world.create("shop", desired_count=1)
    world.configure({"shop": {}}, flush_interval="100ms")

    status, said = await finish(await start(world, "wakeproxy/hello:abc"))
    after = await world.describe("shop")

    assert status == 0, said
    assert (after["desiredCount"], after["runningCount"], len(after["deployments"])) == (1, 1, 1)
    assert await image_of(world, after) == "wakeproxy/hello:abc"


async def test_what_does_not_answer_is_taken_back_and_sleeps(world: World) -> None:
    await world.create("shop")
    world.configure({"shop": {}}, flush_interval="100ms")
    before = await world.describe("shop")

    status, said = await finish(await start(world, "registry.example/none:1"))
    after = await world.describe("shop")

    assert status == 1, said
    assert "did not answer" in said
    assert after["taskDefinition"] == before["taskDefinition"]
    assert after["desiredCount"] == 0


async def test_it_stays_awake_for_who_came_meanwhile(world: World) -> None:
    await world.create("shop", image="wakeproxy/slow", environment={"START_SECONDS": "4"})
    config = world.configure({"shop": {"ready": {"path": "/healthz"}}}, flush_interval="100ms")

    async with run_front(config) as front, visit() as visitor:
        process = await start(world, "wakeproxy/slow:abc")
        async with asyncio.timeout(_PATIENCE):
            while not (await world.describe("shop"))["desiredCount"]:
                await asyncio.sleep(0.05)
        async with visitor.get(front.url("shop"), headers=BROWSER) as page:
            await page.read()
        status, said = await finish(process)

    assert status == 0, said
    assert "somebody came meanwhile" in said
    assert (await world.describe("shop"))["desiredCount"] == 1


async def test_of_several_containers_it_asks_which(world: World) -> None:
    sidecar = {"name": "log", "image": "wakeproxy/echo", "essential": False}
    await world.create("shop", sidecars=[sidecar])
    world.configure({"shop": {}})
    before = await world.describe("shop")

    status, said = await finish(await start(world, "registry.example/shop:abc"))

    assert status != 0
    assert "Set CONTAINER to one of: shop, log" in said
    assert (await world.describe("shop"))["taskDefinition"] == before["taskDefinition"]
