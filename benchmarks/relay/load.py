"""Loads: as many requests as will go (wrk), and what a proxy has done and used meanwhile.

wrk writes fixed requests in C, so one core of it and of the upstream outruns every proxy in Python or Go; beside nginx
it is itself the bound, which the busy share of the proxy's core shows.
"""

import asyncio
import json
import os
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.relay.headers import BROWSER, Fields, host_of
from benchmarks.relay.machine import core_seconds, cpu_seconds
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
    varies: bool = False
    """Whether each request has a path and a cookie of its own, as those of different visitors do."""
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

    others: float = 0.0
    """Processor seconds that others took from its core meanwhile."""

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

    @property
    def disturbed(self) -> float:
        """Percents of that core that went to others: rates of turns that differ in it do not compare."""
        return self.others / self.seconds * 100


@dataclass(slots=True)
class Meter:
    """Tells what a proxy, and what others, have used of its core since it was made."""

    seat: Seat
    core: int = field(init=False)
    _cpu: float = field(init=False)
    _all: float = field(init=False)

    def __post_init__(self) -> None:
        self.core = min(os.sched_getaffinity(self.seat.pid))
        self._cpu, self._all = cpu_seconds(self.seat.pid), core_seconds(self.core)

    def read(self, amount: float, seconds: float) -> Done:
        """Make a result of it."""
        used = cpu_seconds(self.seat.pid) - self._cpu
        return Done(amount, seconds, used, max(0.0, core_seconds(self.core) - self._all - used))


async def run_load(seat: Seat, load: Load, *, seconds: float) -> Done:
    """Load a proxy as hard as it bears."""
    meter = Meter(seat)
    told = await _run_wrk(seat, load, seconds)
    done = meter.read(max(told["requests"], 1), told["seconds"])
    wrong = told["requests"] - told["refused"] if load.status_is_error else told["refused"]
    if wrong or told["broken"] or not told["requests"]:
        where = f"{seat.name}, {load.service}{load.path}"
        print(f"  {where}: {wrong:.0f} wrong answers, {told['broken']:.0f} broken connections")
    return done


async def warm_up(seats: Sequence[Seat], load: Load) -> None:
    """Let each proxy do it once before it counts."""
    for seat in seats:
        await _run_wrk(seat, load, 1)


async def run_thread(seat: Seat, work: Callable[[], tuple[float, float]]) -> Done:
    """Run a load of our own, which tells amount and seconds, beside the loop."""
    meter = Meter(seat)
    amount, seconds = await asyncio.to_thread(work)
    return meter.read(amount, seconds)


async def _run_wrk(seat: Seat, load: Load, seconds: float) -> dict[str, float]:
    fields = [f"-HHost: {host_of(load.service)}", *(f"-H{name}: {value}" for name, value in load.fields)]
    whole = max(1, round(seconds))  # it takes no others
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{whole}s", "--timeout=10s", "-s", str(_SCRIPT), *fields]
    command.append(f"http://127.0.0.1:{seat.port}{load.path}")
    if load.varies:
        command += ["--", "vary"]
    elif load.upload:
        command += ["--", "POST", str(load.upload)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    told: dict[str, float] = json.loads(said.splitlines()[-1])
    return told
