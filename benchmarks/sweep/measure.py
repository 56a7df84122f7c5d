"""What is measured of one number of services, in a process of its own."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.sweep.leaping import Clock
from benchmarks.sweep.site import Site, open_site
from benchmarks.sweep.units import RUNS_AFTER, State
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.roster import Roster
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.engine import Engine, build_engine
from wakeproxy.engine.sleeper import Decision, Sleeper
from wakeproxy.engine.watcher import Cadence

_WAKES: Final = 12
_APART: Final = 1.5
"""Seconds between two wakes: as many as AWS takes changes of the desired count for."""
_LATER: Final = 0.1
"""Seconds after a sweep began at which somebody comes: it is busiest then."""
_SETTLES: Final = 420.0
"""Seconds of a front's life before anything is measured: it has looked at all, and given up what fails."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep cost."""

    seconds: float
    """Without the grace that sleeps wait for."""
    processor: float
    blocks: float
    """The longest time in which nobody else in the process had a turn."""
    calls: dict[str, int]
    throttled: int
    memory: float
    """By how much the process grew meanwhile, in MB."""
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Wakes:
    """How long visitors waited beyond what AWS itself takes for a task."""

    to_call: list[float]
    """Seconds from the visit until AWS is told."""
    to_answer: list[float]
    """Seconds from the visit until the app is known to answer, less those that its task takes."""


async def measure(count: int, clock: Clock) -> dict[str, Any]:
    """Measure a sweep by itself, as a command makes it, and those beside a front's watchers."""
    found: dict[str, Any] = {"services": count}
    async with open_site(count, clock) as site:
        found["alone"] = asdict(await sweep(site, site.sleeper()))
    async with open_site(count, clock) as site, run_front(site) as engine:
        await asyncio.sleep(_SETTLES)
        asleep = [ServiceName(unit.name) for unit in site.aws.units.values() if unit.state is State.ASLEEP]
        wakes = min(_WAKES, len(asleep) // 3)
        before, started, spent = Counter(site.aws.calls), clock.read(), clock.spent()
        await asyncio.sleep(60)
        found["watchers"] = {
            "calls": dict(sorted((site.aws.calls - before).items())),
            "processor": (clock.spent() - spent) / (clock.read() - started),
        }
        presuming = replace(site.sleeper(), last_look=engine.last_look)
        found["in a front"] = asdict(await sweep(site, presuming))
        await asyncio.sleep(60)
        found["wakes"] = {"without": asdict(await wake(site, engine, asleep[:wakes]))}
        for key, sleeper, some in (
            ("presuming", presuming, asleep[wakes : 2 * wakes]),
            ("asking", site.sleeper(), asleep[2 * wakes : 3 * wakes]),
        ):
            found["wakes"][key] = asdict(await wake(site, engine, some, sleeper))
            await asyncio.sleep(30)
        found["throttled"] = dict(site.aws.throttled)
    return found


async def sweep(site: Site, sleeper: Sleeper) -> Sweep:
    """Sweep once, and say what it cost."""
    gc.collect()
    _forget_peak()
    clock, before, memory = site.clock, Counter(site.aws.marked), _read_memory("VmRSS")
    spent, clock.longest_turn = clock.spent(), 0.0
    await asyncio.sleep(0)
    clock.longest_turn = 0.0
    with site.aws.marking():
        decisions = await sleeper.sweep()
    spent = clock.spent() - spent
    return Sweep(
        seconds=sleeper.deeds.sweep_seconds.read().total,
        processor=spent,
        blocks=clock.longest_turn,
        calls=dict(sorted((site.aws.marked - before).items())),
        throttled=sum(site.aws.throttled.values()),
        memory=_read_memory("VmHWM") - memory,
        outcomes=dict(Counter(map(_name, decisions))),
    )


async def wake(site: Site, engine: Engine, names: Sequence[ServiceName], sleeper: Sleeper | None = None) -> Wakes:
    """Let visitors come to services that sleep, one after the other, each as a sweep begins, if there is a sleeper."""
    clock, to_call, to_answer = site.clock, list[float](), list[float]()

    async def visit(name: ServiceName) -> None:
        asked_at = clock.read()
        engine.waker.ask(name)
        async with asyncio.timeout(120):
            await engine.board.until(name, lambda sight: sight.phase is Phase.AWAKE)
        unit = next(one for one in site.aws.units.values() if one.name == name)
        to_call.append(unit.since - asked_at)
        to_answer.append(clock.read() - asked_at - RUNS_AFTER)

    async with asyncio.TaskGroup() as visits, sweeping(sleeper) as begin:
        for name in names:
            begin.set()
            await asyncio.sleep(_LATER)
            visits.create_task(visit(name))
            await asyncio.sleep(_APART)
    return Wakes(to_call, to_answer)


@asynccontextmanager
async def run_front(site: Site) -> AsyncIterator[Engine]:
    """Run what wakes and watches in a front."""
    catalog = Catalog(Roster(site.services))
    engine = build_engine(catalog, site.claims, site, Cadence())
    records = await site.claims.ledger.read([one.name for one in site.services])
    engine.waker.remember(records, {})
    gc.collect()
    gc.freeze()  # as `wakeproxy serve` does
    engine.start()
    try:
        yield engine
    finally:
        await engine.stop()
        gc.unfreeze()


@asynccontextmanager
async def sweeping(sleeper: Sleeper | None) -> AsyncIterator[asyncio.Event]:
    """Sweep whenever the event is set and no sweep is under way."""
    begin = asyncio.Event()

    async def go_on() -> None:
        while sleeper is not None:
            await begin.wait()
            begin.clear()
            await sleeper.sweep()

    task = asyncio.create_task(go_on())
    try:
        yield begin
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _name(decision: Decision) -> str:
    return decision.label if decision.outcome == "stays" else decision.outcome


def _read_memory(key: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(key)


def _forget_peak() -> None:
    """Let the kernel note the peak of this process's memory anew (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")
