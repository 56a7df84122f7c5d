"""A front in several processes, and which of them a connection led to."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.upstream.wire import Line, Message, head
from tests.world import PROGRAM, Front, World, find_front, run_python, run_sandbox

PATIENCE = 60.0
OWNER = "0"
FOLLOWER = "1"


@dataclass(frozen=True)
class Crew(Front):
    """A crew that serves."""

    def workers(self) -> dict[str, int]:
        """The process of each worker that runs, by its index."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_text().split("\0")
            except (OSError, IndexError):
                continue
            if parent == self.process.pid and "worker" in command:
                found[command[-2]] = int(entry.name)
        return found

    def folder(self) -> Path:
        """Where the crew's own socket is."""
        for row in Path("/proc/net/unix").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[-1].startswith("/") and _has(self.process.pid, fields[6]):
                return Path(fields[-1]).parent
        raise AssertionError

    async def dial(self, index: str) -> Line:
        """Connect until a connection leads to a certain worker."""
        async with asyncio.timeout(PATIENCE):
            while True:
                line = await Line.to(self.port)
                if await self._find(line) == self.workers().get(index):
                    return line
                await line.close()

    async def ask(self, index: str, name: str, target: str, **who: str) -> Message:
        """Ask a certain worker."""
        line = await self.dial(index)
        try:
            await line.say(self.request(name, target, **who))
            return await line.hear()
        finally:
            await line.close()

    def request(self, name: str, target: str, **who: str) -> bytes:
        """Write a request; a program sends it unless said otherwise."""
        fields = {**PROGRAM, **{key.replace("_", "-"): value for key, value in who.items()}}
        lines = [f"{key}: {value}" for key, value in fields.items()]
        return head(f"GET {target} HTTP/1.1", f"Host: {name}.localhost:{self.port}", *lines)

    async def kill(self, index: str) -> int:
        """Kill a worker and wait until another has its place; returns who that is."""
        before = self.workers()[index]
        os.kill(before, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while (after := self.workers().get(index, before)) == before:
                await asyncio.sleep(0.02)
        return after

    async def until_phase(self, index: str, name: str, phase: str) -> None:
        """Wait until a certain worker sees a service in a phase."""
        async with asyncio.timeout(PATIENCE):
            while (await self.ask(index, name, "/.wakeproxy/status"))["Wakeproxy-Phase"] != phase:
                await asyncio.sleep(0.05)

    async def _find(self, line: Line) -> int | None:
        """Find the process that accepted a connection, as soon as it has."""
        mine = line.transport.get_extra_info("sockname")[1]
        while (inode := _inode(self.port, mine)) == "0":
            await asyncio.sleep(0.005)
        return next((pid for pid in self.workers().values() if _has(pid, inode)), None)


def _inode(here: int, there: int) -> str | None:
    """Look up the socket of a connection's accepting end; ``0`` while it waits to be accepted."""
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        if (fields[1][-4:], fields[2][-4:]) == (f"{here:04X}", f"{there:04X}"):
            return fields[9]
    return None


def _has(pid: int, inode: str | None) -> bool:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if str(entry.readlink()) == f"socket:[{inode}]":
                return True
        except OSError:
            continue
    return False


@asynccontextmanager
async def run_crew(config: Path, *, workers: int = 2) -> AsyncIterator[Crew]:
    """Run a front of several workers."""
    command = ("wakeproxy", "serve", "-c", str(config), "--workers", str(workers))
    async with run_python(command, stderr=PIPE) as process:
        front = await find_front(process)
        yield Crew(front.process, front.port, front.admin)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with run_sandbox(tmp_path) as world:
        await world.create("shop")
        yield world


@pytest.fixture
async def crew(world: World) -> AsyncIterator[Crew]:
    """Two workers before one service, asleep."""
    async with run_crew(world.configure({"shop": {"hold_for": "20s"}})) as crew:
        yield crew


async def until_wake(world: World) -> None:
    """Wait until AWS was told to start something."""
    async with asyncio.timeout(PATIENCE):
        while not await count_wakes(world):
            await asyncio.sleep(0.02)


async def count_wakes(world: World) -> int:
    """How often AWS was told to start something."""
    calls = (await world.control("GET", "calls"))["calls"]
    return sum(call["operation"] == "UpdateService" and call["params"]["desiredCount"] > 0 for call in calls)
