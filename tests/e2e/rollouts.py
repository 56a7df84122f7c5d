"""Rollouts as people and CI call them: a process, what it said, and what then stands in ECS."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.world import World, call_ecs

_PATIENCE = 240.0


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """What ``--json`` told, line by line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def result(self) -> dict[str, Any]:
        """The last of it."""
        return self.events[-1]


async def start(world: World, *arguments: str, **environment: str) -> Process:
    """Begin a command that finds the world's config, if there is one."""
    config = world.folder / "wakeproxy.yaml"
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "wakeproxy",
        *arguments,
        stdout=PIPE,
        stderr=PIPE,
        cwd=world.folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(world.folder),
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            **({"WAKEPROXY_CONFIG": str(config)} if config.exists() else {}),
            **environment,
        },
    )


async def finish(process: Process) -> Ended:
    """Wait for its end."""
    async with asyncio.timeout(_PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def roll(world: World, *arguments: str, **environment: str) -> Ended:
    """Run a command to its end."""
    return await finish(await start(world, *arguments, **environment))


async def read_until(process: Process, *words: str) -> str:
    """Read what a process says on stderr until all these words stood in one line."""
    assert process.stderr
    said = ""
    async with asyncio.timeout(_PATIENCE):
        while line := (await process.stderr.readline()).decode():
            said += line
            if all(word in line for word in words):
                return said
    raise AssertionError(said)


async def image_of(world: World, name: str = "shop") -> str:
    """Look up which image a service's revision has."""
    containers = (await definition_of(world, name))["containerDefinitions"]
    image: str = containers[0]["image"]
    return image


async def definition_of(world: World, name: str = "shop") -> Mapping[str, Any]:
    """Look up a service's revision."""
    arn = (await world.describe(name))["taskDefinition"]
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": arn})
    definition: Mapping[str, Any] = told["taskDefinition"]
    return definition


async def is_up(world: World, count: int, name: str = "shop") -> Mapping[str, Any]:
    """Wait until so many tasks of a service run and nothing else is under way."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            found = await world.describe(name)
            if found["runningCount"] == count and len(found["deployments"]) == 1 and not found["pendingCount"]:
                return found
            await asyncio.sleep(0.05)


async def revisions(world: World, family: str) -> Sequence[str]:
    """List the numbers of a family's active revisions, newest first."""
    told = await call_ecs(world.url, "ListTaskDefinitions", {"familyPrefix": family, "sort": "DESC"})
    return [arn.rpartition(":")[2] for arn in told["taskDefinitionArns"]]
