"""The soak: mixed traffic on a real front and sandbox, while tasks are replaced and the service is put to sleep."""

import asyncio
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import aiohttp

from tests.soak.traffic import Log, Trouble, visit_until
from tests.world import CLUSTER, Front, World, run_front, run_sandbox

APP = Path(__file__).with_name("app.py")
NAME = "soaked"
VISITORS = 8
GRACE = 6.0
"""Seconds after a disturbance in which visits may suffer from it: the old task ends, a new one starts."""


@dataclass(frozen=True)
class Weight:
    """What the front's process holds."""

    resident: int
    files: int

    @classmethod
    def of(cls, front: Front) -> "Weight":
        status = Path(f"/proc/{front.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return cls(int(found[1]) * 1024, len(list(Path(f"/proc/{front.process.pid}/fd").iterdir())))


@dataclass
class Soak:
    """What a soak saw."""

    log: Log = field(default_factory=Log)
    disturbances: list[tuple[float, str]] = field(default_factory=list)
    before: Weight = Weight(0, 0)
    after: Weight = Weight(0, 0)
    in_flight: float = -1.0

    @property
    def unexplained(self) -> list[Trouble]:
        """Troubles that no disturbance can have caused."""
        return [each for each in self.log.troubles if not self._explains(each)]

    def _explains(self, trouble: Trouble) -> bool:
        return any(trouble.began <= at + GRACE and trouble.ended >= at for at, _ in self.disturbances)

    def __str__(self) -> str:
        return (
            f"visits {dict(self.log.done)}; troubles {len(self.log.troubles)}, unexplained {self.unexplained}; "
            f"wrong {self.log.wrong}; disturbances {[what for _, what in self.disturbances]}; "
            f"memory {self.before.resident >> 20} -> {self.after.resident >> 20} MiB, "
            f"files {self.before.files} -> {self.after.files}, in flight {self.in_flight:.0f}"
        )


async def run_soak(folder: Path, *, seconds: float, every: float) -> Soak:
    """Let visitors come for so long, and disturb them every so often."""
    async with run_sandbox(folder) as world:
        await world.create(NAME, image="soak", command=[sys.executable, str(APP)])
        config = world.configure({NAME: {"hold_for": "30s", "ready": {"path": "/healthz"}}})
        async with run_front(config) as front:
            soak = Soak()
            await _warm(front)
            soak.before = Weight.of(front)
            await _visit(world, front, soak, seconds=seconds, every=every)
            await _rest(front, soak)
    return soak


async def _warm(front: Front) -> None:
    """Have everything in memory that any traffic brings there."""
    over, log = asyncio.Event(), Log()
    async with asyncio.TaskGroup() as group:
        for number in range(VISITORS):
            group.create_task(visit_until(over, front, NAME, 1000 + number, log))
        await front.until(NAME, "AWAKE")
        await asyncio.sleep(4)
        over.set()
    assert log.wrong == []


async def _visit(world: World, front: Front, soak: Soak, *, seconds: float, every: float) -> None:
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(VISITORS):
            group.create_task(visit_until(over, front, NAME, number, soak.log))
        ends = monotonic() + seconds
        while (left := ends - monotonic()) > 0:
            await asyncio.sleep(min(every, left))
            if left > every:
                await _disturb(world, soak)
        over.set()


async def _disturb(world: World, soak: Soak) -> None:
    """Replace the task, and the next time put the service to sleep behind everybody's back."""
    is_sleep = len(soak.disturbances) % 2
    soak.disturbances.append((monotonic(), "sleep" if is_sleep else "replacement"))
    if is_sleep:
        await world.scale(NAME, 0)
    else:
        await world.control("POST", "replace-task", {"cluster": CLUSTER, "service": NAME})


async def _rest(front: Front, soak: Soak) -> None:
    """Wait until the front has nothing more to do; what it holds then."""
    async with asyncio.timeout(15), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://127.0.0.1:{front.admin}/metrics") as answer:
                found = re.search(rf'wakeproxy_in_flight{{service="{NAME}"}} (\S+)', await answer.text())
            assert found
            soak.in_flight, soak.after = float(found[1]), Weight.of(front)
            if not soak.in_flight and soak.after.files <= soak.before.files:
                return
            await asyncio.sleep(0.2)
