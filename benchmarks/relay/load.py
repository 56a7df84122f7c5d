"""Loads: as many requests as will go (wrk), and what a proxy has done and used meanwhile.

wrk writes fixed requests in C, so one core of it and of the upstream outruns every proxy in Python or Go; beside nginx
it is itself the bound, which the busy share of the proxy's core shows.
"""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.relay.headers import BROWSER, Fields, host_of
from benchmarks.relay.machine import cpu_seconds
from benchmarks.relay.peers import Seat

_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked, and by how many."""

    service: str = "web"
    path: str = "/"
    fields: Fields = BROWSER
    connections: int = 64
    upload: int = 0
    """Bytes of a POST's body."""
    status_is_error: bool = False
    """Whether the answer wanted is none of 200-399, as a wait page is."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a load."""

    amount: float
    """Requests, bytes or messages."""
    seconds: float
    cpu: float
    """Processor seconds of the proxy."""

    @property
    def rate(self) -> float:
        """By the second."""
        return self.amount / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of the proxy's processor for each."""
        return self.cpu / self.amount * 1e6

    @property
    def busy(self) -> float:
        """Percents of its core that the proxy used: well below 100, somebody else was the bound."""
        return self.cpu / self.seconds * 100


async def run_load(seat: Seat, load: Load, *, seconds: float) -> Done:
    """Load a proxy as hard as it bears."""
    before = cpu_seconds(seat.pid)
    told = await _run_wrk(seat, load, seconds)
    used = cpu_seconds(seat.pid) - before
    wrong = told["requests"] - told["refused"] if load.status_is_error else told["refused"]
    if wrong or told["broken"] or not told["requests"]:
        print(
            f"  {seat.name}: {wrong:.0f} wrong answers and {told['broken']:.0f} broken connections at {load.service}{load.path}"
        )
    return Done(max(told["requests"], 1), told["seconds"], used)


async def warm_up(seats: Sequence[Seat], load: Load) -> None:
    """Let each proxy do it once before it counts."""
    for seat in seats:
        await _run_wrk(seat, load, 1)


async def run_thread(seat: Seat, work: Callable[[], tuple[float, float]]) -> Done:
    """Run a load of our own, which tells amount and seconds, beside the loop."""
    before = cpu_seconds(seat.pid)
    amount, seconds = await asyncio.to_thread(work)
    return Done(amount, seconds, cpu_seconds(seat.pid) - before)


async def _run_wrk(seat: Seat, load: Load, seconds: float) -> dict[str, float]:
    fields = [f"-HHost: {host_of(load.service)}", *(f"-H{name}: {value}" for name, value in load.fields)]
    whole = max(1, round(seconds))  # it takes no others
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{whole}s", "--timeout=10s", "-s", str(_SCRIPT), *fields]
    command.append(f"http://127.0.0.1:{seat.port}{load.path}")
    if load.upload:
        command += ["--", "POST", str(load.upload)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    told: dict[str, float] = json.loads(said.splitlines()[-1])
    return told
