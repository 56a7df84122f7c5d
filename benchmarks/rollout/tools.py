"""The two tools, run as CI runs them: processes with an environment of their own."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.peers import make_peers
from tests.world import CLUSTER, World

_PATIENCE: Final = 60.0
SERVICE: Final = "shop"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a tool ended, and what it said."""

    status: int | None
    """``None`` where it had to be killed."""
    said: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Tool:
    """A way to roll out."""

    name: str
    command: tuple[str, ...]
    """What stands before its own options."""
    where: Mapping[str, str]
    """How it finds AWS, by the environment."""

    async def start(self, world: World, *options: str, cluster: str = CLUSTER) -> Process:
        """Begin a rollout to the service."""
        return await asyncio.create_subprocess_exec(
            *(word.format(cluster=cluster, service=SERVICE) for word in self.command),
            *options,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=world.folder,
            env={**_environment(world), **self.where},
        )

    async def run(self, world: World, *options: str, cluster: str = CLUSTER) -> Attempt:
        """Roll out, and wait for the end."""
        began = time.perf_counter()
        return await finish(await self.start(world, *options, cluster=cluster), began)


async def finish(process: Process, began: float) -> Attempt:
    """Wait for a rollout's end, but not for ever."""
    talking = asyncio.ensure_future(process.communicate())
    done, _ = await asyncio.wait([talking], timeout=_PATIENCE)
    if not done:
        process.send_signal(signal.SIGKILL)
    said, _ = await talking
    status = process.returncode if done else None
    return Attempt(status, said.decode(errors="replace"), time.perf_counter() - began)


def make_tools() -> Sequence[Tool]:
    """Make both, ours first."""
    peer = (str(make_peers() / "ecs"), "deploy", "{cluster}", "{service}")
    return find_ourselves(), Tool("ecs-deploy", peer, {})


def find_ourselves() -> Tool:
    """Find wakeproxy, as it lies here."""
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return Tool("wakeproxy", (sys.executable, "-m", "wakeproxy", "deploy", "{cluster}/{service}"), here)


def _environment(world: World) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(world.folder),
        "LC_ALL": "C.UTF-8",
        "AWS_ENDPOINT_URL": world.url,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
