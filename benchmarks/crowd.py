"""A thousand visitors of one sleeping service: AWS calls for all of them, and the front's memory for each.

The same wake is run with one visitor and with a thousand, half of them at the page and half held.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp

from benchmarks.ready_to_served import be_held, follow_page
from tests.world import BROWSER, PROGRAM, Front, World, run_front, run_sandbox, visit

_APP = Path(__file__).with_name("late_app.py")
_START_SECONDS = 8
_WRITES = ("UpdateService",)


def resident(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(pid)


async def wake(world: World, front: Front, name: str, visitors: int) -> None:
    """Let a crowd wake one service, and print what it cost in AWS."""
    await world.control("DELETE", "calls")
    began = time.monotonic()
    async with visit() as session:
        ways = [(follow_page if number % 2 else be_held) for number in range(visitors)]
        served = await asyncio.gather(*(way(session, front.url(name)) for way in ways))
    seconds = time.monotonic() - began
    calls = await world.calls()
    reads = sum(count for operation, count in calls.items() if operation not in _WRITES)
    print(
        f"{visitors:5} visitors: {len(served)} got the app in {seconds:.1f} s; "
        f"{calls['UpdateService']} UpdateService, {reads / seconds:.1f} reads/s  {dict(_of_ecs(calls))}"
    )


def _of_ecs(calls: Counter[str]) -> Counter[str]:
    return Counter(
        {
            operation: count
            for operation, count in calls.items()
            if operation in {"UpdateService", "DescribeServices", "ListTasks", "DescribeTasks"}
        }
    )


async def weigh(front: Front, name: str, visitors: int, *, held: bool) -> None:
    """Let a crowd wait, and print what each of them weighs in the front's memory."""
    before = resident(front.process.pid)
    async with visit() as session:
        url = front.url(name) if held else front.url(name, "/.wakeproxy/events")
        waiting = [asyncio.create_task(_stay(session, url, PROGRAM if held else BROWSER)) for _ in range(visitors)]
        await asyncio.sleep(4)
        weight = (resident(front.process.pid) - before) / visitors
        kind = "held request" if held else "page that waits"
        print(f"{visitors:5} waiting: {weight / 1024:.1f} KiB for each {kind}")
        await asyncio.gather(*waiting)


async def _stay(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
    async with session.get(url, headers=headers) as answer:
        await answer.read()


async def measure(visitors: int) -> None:
    """Run everything on one sandbox."""
    with tempfile.TemporaryDirectory() as folder:
        async with run_sandbox(Path(folder)) as world:
            names = ("alone", "crowd", "held", "page")
            for name in names:
                await world.create(
                    name,
                    image="late",
                    command=[sys.executable, str(_APP)],
                    environment={"START_SECONDS": str(_START_SECONDS)},
                )
            places = {"held_requests": 2 * visitors, "held_per_service": 2 * visitors}
            limits: dict[str, int | None] = {**places, "connections_per_client": None}  # they all come from here
            config = world.configure(
                {name: {"hold_for": "60s"} for name in names}, limits=limits, watch={"waking": "500ms"}
            )
            async with run_front(config) as front:
                await wake(world, front, "alone", 1)
                await wake(world, front, "crowd", visitors)
            for name, held in (("held", True), ("page", False)):
                async with run_front(config) as front:
                    await weigh(front, name, visitors, held=held)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=1000)
    asyncio.run(measure(parser.parse_args().visitors))


if __name__ == "__main__":
    main()
