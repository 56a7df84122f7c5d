"""What a Lambda's first request costs before it is answered: wakeproxy beside a plain boto3 handler, the same calls.

Each request has a process of its own, and the handlers take turns. A service that sleeps costs a read of the ledger
and a DescribeServices; one awake on a public address ListTasks, DescribeTasks and DescribeNetworkInterfaces besides.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.world import CLUSTER, run_sandbox
from wakeproxy.bootstrap import open_light_house
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import Address
from wakeproxy.ports import Look
from wakeproxy.settings import load_settings

_HERE = "benchmarks.lambda_cold_start"
_TABLE = "wakes"
_HANDLERS = {
    "Python alone": "nothing",
    "wakeproxy": "ours",
    "wakeproxy, precompiled": "precompiled",
    "wakeproxy by aioboto3": "library",
    "plain boto3": "plain_boto3",
}
_OURS, _THEIRS = "wakeproxy", "plain boto3"
_SERVICES = ("sleeps", "awake")
_CPU_BOUND, _WALL_BOUND, _MEMORY_BOUND = 0.6, 0.6, 45


@dataclass(frozen=True)
class Cost:
    """Of one process."""

    cpu: float
    """Milliseconds of processor time, user's and system's."""
    wall: float
    """Milliseconds until it ended."""
    peak: float
    """Most memory it had, in MB."""
    said: str


def run(handler: str, service: str, environ: Mapping[str, str]) -> Cost:
    """Run a handler once, in a process that has loaded nothing yet."""
    command = [sys.executable, "-m", f"{_HERE}.peak", f"{_HERE}.{handler}", service]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stderr
    with process.stdout, process.stderr:
        said, complaints = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, complaints
    return Cost(1000 * (usage.ru_utime + usage.ru_stime), 1000 * wall, int(complaints.split()[-1]) / 1024, said)


def compare(service: str, environ: Mapping[str, str], rounds: int) -> None:
    """Let all handlers have their turns, and print what each cost; a ratio is the median of those within a turn."""
    costs: dict[str, list[Cost]] = {name: [] for name in _HANDLERS}
    for number in range(rounds + 1):
        for name, handler in _HANDLERS.items():
            cost = run(handler, service, environ)
            if number:  # the first turn only fills the caches of files
                costs[name].append(cost)
    answers = {cost.said for name in (_OURS, _THEIRS) for cost in costs[name]}
    assert len(answers) == 1, answers
    print(f"{service + ', ' + str(rounds) + ' turns':24}{'CPU ms':>8}{'wall ms':>9}{'MB':>6}{'CPU x':>8}{'wall x':>8}")
    for name, some in costs.items():
        cpu, wall, peak = (median(getattr(one, what) for one in some) for what in ("cpu", "wall", "peak"))
        print(
            f"{name:24}{cpu:8.0f}{wall:9.0f}{peak:6.0f}"
            f"{ratio(some, costs[_THEIRS], 'cpu'):8.2f}{ratio(some, costs[_THEIRS], 'wall'):8.2f}"
        )


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost], what: str) -> float:
    """Compare turn by turn, for the machine is not as busy in one as in the next."""
    ratios: list[float] = [getattr(one, what) / getattr(other, what) for one, other in zip(ours, theirs, strict=True)]
    return median(ratios)


async def furnish(config: Path) -> None:
    """Make the ledger's table, and a record of each service; wait until the one that is awake has its address."""
    async with open_light_house(load_settings(config, environ={})) as house:
        assert house.table
        await house.table.create()
        used = Record(generation=3, intent=Intent.AWAKE, last_used_at=datetime.now(UTC), ready=("arn",))
        for name in _SERVICES:
            assert await house.ledger.swap(ServiceName(name), Record(), used)
        awake = house.find("awake").ecs
        look = Look(awake, Address.PUBLIC)
        seen = (await house.fleet.observe([look]))[awake]
        while not any(task.public_address for task in seen.tasks):
            await asyncio.sleep(0.1)
            seen = (await house.fleet.observe([look]))[awake]


async def precompile(path: Path) -> None:
    """Have the data classes of what the handler loads compiled, as a bundle would."""
    modules = ("wakeproxy.bootstrap.light", "wakeproxy.settings")
    command = (sys.executable, "-m", "wakeproxy.precompiled", str(path), *modules)
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0


async def measure(rounds: int) -> None:
    """Measure everything on one sandbox."""
    with tempfile.TemporaryDirectory() as folder:
        async with run_sandbox(Path(folder)) as world:
            for name in _SERVICES:
                await world.create(name, public=True, desired_count=int(name == "awake"))
            services = {name: {"address": "public"} for name in _SERVICES}
            config = world.configure(services, ledger=f"dynamodb://{_TABLE}")
            await furnish(config)
            precompiled = Path(folder, "classes")
            await precompile(precompiled)
            environ = {
                "PRECOMPILED": str(precompiled),
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "AWS_ENDPOINT_URL": world.url,
                "AWS_REGION": "eu-central-1",
                "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "any",
                "AWS_SECRET_ACCESS_KEY": "any",
                "AWS_SESSION_TOKEN": "any",
                "WAKEPROXY_CONFIG": str(config),
                "CLUSTER_NAME": CLUSTER,
                "TABLE_NAME": _TABLE,
            }
            for service in _SERVICES:
                compare(service, environ, rounds)
    print(f"aimed at: {_CPU_BOUND}x the CPU and {_WALL_BOUND}x the wall time of {_THEIRS}, {_MEMORY_BOUND} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    asyncio.run(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
