"""Speed: AWS calls, and seconds from a tool's start to its verdict, of rollouts in turns."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.rollout.scene import settle
from benchmarks.rollout.tools import SERVICE, Tool
from tests.world import World, run_sandbox

TIMINGS: Final = ("instant", "fast")
SIZES: Final = (1, 3, 20)
_CHECKED: Final = 3
"""Tasks of the service that has a health check, too."""
_CHECK: Final = {"command": ["CMD-SHELL", "true"], "interval": 5}
_SECONDS_AIMED_AT: Final = 0.8
_tags = count(2)


@dataclass(frozen=True, slots=True)
class Run:
    """One rollout."""

    seconds: float
    beside: float
    """Of them those that are the tool's own: what ECS itself took is left out."""
    calls: Counter[str]


async def measure_all(tools: Sequence[Tool], sizes: Sequence[int], rounds: int) -> None:
    """Measure each number of tasks at each timing, and print it."""
    ours, peer = tools
    seats = (ours, peer, replace(peer, name="--sleep-time 0", command=(*peer.command, "--sleep-time", "0")))
    print(f"medians of {rounds} turns; ratios are medians of those within a turn\n")
    print(f"{'timing, tasks':20}{'':18}{'calls':>6}{'seconds':>9}{'x':>6}{'own s':>8}{'x':>6}")
    for timing in TIMINGS:
        with tempfile.TemporaryDirectory() as folder:
            async with run_sandbox(Path(folder), timing=timing) as world:
                for size in sizes:
                    _print_rows(f"{timing}, {size}", await _measure(world, seats, size, rounds))
                checked = await _measure(world, seats, _CHECKED, rounds, health_check=_CHECK)
                _print_rows(f"{timing}, {_CHECKED} checked", checked)


async def _measure(
    world: World, seats: Sequence[Tool], size: int, rounds: int, **more: Any
) -> Mapping[str, Sequence[Run]]:
    await world.empty()
    await world.create(
        SERVICE, image="example.com/shop:1", command=["sleep", "600"], logs=False, desired_count=size, **more
    )
    found: dict[str, list[Run]] = {one.name: [] for one in seats}
    for turn in range(rounds):
        for seat in (*seats[turn % len(seats) :], *seats[: turn % len(seats)]):
            await settle(world)
            await asyncio.sleep(0.5)  # so that what has stopped does not take the processor from the next
            found[seat.name].append(await _roll_out(world, seat))
    return found


async def _roll_out(world: World, tool: Tool) -> Run:
    await world.control("DELETE", "calls")
    attempt = await tool.run(world, "--tag", str(next(_tags)))
    assert attempt.status == 0, attempt.said
    calls = await world.calls()
    service = await world.describe(SERVICE)
    deployment = service["deployments"][0]
    done = f"(deployment {deployment['id']}) deployment completed."
    ended_at = next(one["createdAt"] for one in service["events"] if one["message"].endswith(done))
    return Run(attempt.seconds, attempt.seconds - (ended_at - deployment["createdAt"]), calls)


def _print_rows(what: str, found: Mapping[str, Sequence[Run]]) -> None:
    first, *others = found
    for name, runs in found.items():
        ratios = [_ratio(found[first], runs, which) for which in ("seconds", "beside")] if name != first else []
        x, own_x = (f"{ratio:.2f}" for ratio in ratios) if ratios else ("", "")
        print(
            f"{what if name == first else '':20}{name:18}{median(one.calls.total() for one in runs):6.0f}"
            f"{median(one.seconds for one in runs):9.2f}{x:>6}{median(one.beside for one in runs):8.2f}{own_x:>6}",
            flush=True,
        )
    peer = found[others[0]]
    is_fewer = median(one.calls.total() for one in found[first]) < median(one.calls.total() for one in peer)
    is_quicker = _ratio(found[first], peer, "seconds") <= _SECONDS_AIMED_AT
    print(
        f"{'':20}fewer calls: {'reached' if is_fewer else 'NOT REACHED'}; at most {_SECONDS_AIMED_AT:g}x of its time: "
        f"{'reached' if is_quicker else 'NOT REACHED'}"
    )
    print("".join(f"{'':20}{name}: {_spell(runs[-1].calls)}\n" for name, runs in found.items()), flush=True)


def _ratio(ours: Sequence[Run], theirs: Sequence[Run], which: str) -> float:
    pairs = zip(ours, theirs, strict=True)
    return float(median(getattr(one, which) / getattr(other, which) for one, other in pairs))


def _spell(calls: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in calls.most_common())
