"""The GitHub action, before a sandbox: what a workflow asks for stands in ECS."""

import asyncio
import sys
from collections.abc import Mapping

from tests.action import ROOT, Done, run_steps
from tests.world import CLUSTER, World, call_ecs

COMMAND = f"""#!/usr/bin/env bash
exec {sys.executable} -m wakeproxy "$@"
"""


async def act(world: World, inputs: Mapping[str, str]) -> Done:
    """Run the action in a job whose environment knows where AWS is, and that has a variable with a tag."""
    environ = {
        "AWS_ENDPOINT_URL": world.url,
        "AWS_REGION": "eu-central-1",
        "HOME": str(world.folder),
        "PYTHONPATH": str(ROOT),
        "RELEASE": "2",
    }
    return await asyncio.to_thread(run_steps, world.folder, COMMAND, inputs, environ)


async def read_image(world: World) -> str:
    asked = {"taskDefinition": (await world.describe("shop"))["taskDefinition"]}
    definition = (await call_ecs(world.url, "DescribeTaskDefinition", asked))["taskDefinition"]
    image: str = definition["containerDefinitions"][0]["image"]
    return image


async def test_it_deploys(world: World) -> None:
    await world.create("shop", desired_count=1)

    done = await act(world, {"service_name": "shop", "cluster": CLUSTER, "image": "wakeproxy/hello:2"})

    assert (done.status, done.outputs) == (0, "exit-status=0\n"), done.err
    assert await read_image(world) == "wakeproxy/hello:2"


async def test_it_takes_the_place_of_the_action_of_ecs_deploy(world: World) -> None:
    await world.create("shop", desired_count=1)
    inputs = {
        "command": "ecs-deploy",
        "service_name": "shop",
        "cluster": CLUSTER,
        "image": "wakeproxy/hello",
        "tag_env_var": "RELEASE",
        "enable_rollback_cmd": "--enable-rollback",
    }

    done = await act(world, inputs)

    assert (done.status, done.outputs) == (0, "exit-status=0\n"), done.err
    assert await read_image(world) == "wakeproxy/hello:2"


async def test_it_runs_a_task_whose_exit_code_is_the_jobs(world: World) -> None:
    await world.create("shop", command=["sh", "-c", "echo $GREETING; exit 3"])
    inputs = {
        "command": "task run",
        "service_name": "shop",
        "cluster": CLUSTER,
        "arguments": "--wait\n--env GREETING=good morning\n",
    }

    done = await act(world, inputs)

    assert (done.status, done.outputs) == (1, "exit-status=1\n")
    assert "shop: good morning" in done.err
