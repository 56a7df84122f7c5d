"""A case: how things stand, the same intent in each tool's own options, and what has to be true afterwards."""

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any, Final, TypeAlias

from benchmarks.rollout.scene import Seen, look, settle
from benchmarks.rollout.tools import SERVICE, Attempt, Tool, finish
from tests.world import CLUSTER, World

Check: TypeAlias = Callable[[Seen], str | None]
"""Says what is wrong; ``None`` when nothing is."""
Options: TypeAlias = Sequence[str]
"""In them ``{family}`` stands for the service's family."""
Deed: TypeAlias = Callable[[World, str], Awaitable[None]]
"""Does something in the world; it is told the family."""
IMAGE: Final = "wakeproxy/hello:1"
_families = count(1)


async def nothing(_: World, __: str) -> None:
    """Leave everything as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hard case."""

    what: str
    ours: Options
    theirs: Options | None
    """``None`` where ecs-deploy has nothing for it."""
    judge: Check
    service: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the sandbox's `ServiceSpec`."""
    prepare: Deed = nothing
    faults: Sequence[Mapping[str, Any]] = ()
    """Of the sandbox, while the tools work."""
    meanwhile: Deed = nothing
    """Begins with the rollout, as soon as ECS was told of it."""
    ends_by: int | None = None
    """A signal that the tool gets when ECS was told."""
    cluster: str = CLUSTER
    knows: Mapping[str, Any] | None = None
    """What `wakeproxy.yaml` says of the service; ``None`` where there is no such file."""


class Verdict(StrEnum):
    """What is to be said of a tool."""

    RIGHT = "right"
    WRONG = "WRONG"
    NOT_OFFERED = "not offered"


@dataclass(frozen=True, slots=True)
class Trial:
    """One tool before one case."""

    verdict: Verdict
    words: str = ""
    said: str = ""


async def try_case(world: World, tool: Tool, case: Case, *, is_ours: bool) -> Trial:
    """Put a case before a tool, in a world that is empty."""
    options = case.ours if is_ours else case.theirs
    if options is None:
        return Trial(Verdict.NOT_OFFERED)
    family = f"family-{next(_families)}"
    await world.empty()
    for file in (*world.folder.glob("wakeproxy*"), *world.folder.glob("ledger*")):
        file.unlink()
    await world.create(SERVICE, **{"family": family, "image": IMAGE, "desired_count": 1, **case.service})
    await settle(world)
    if case.knows is not None and is_ours:
        world.configure({SERVICE: case.knows}, flush_interval="100ms")
    await case.prepare(world, family)
    before = await look(world, family)
    for fault in case.faults:
        await world.control("POST", "faults", dict(fault))
    await world.control("DELETE", "calls")
    attempt = await _attempt(world, tool, case, [one.format(family=family) for one in options], family)
    await world.control("DELETE", "faults")
    seen = Seen(attempt, before, await look(world, family))
    complaint = "it did not end within a minute" if attempt.status is None else case.judge(seen)
    words = complaint or ("done" if attempt.status == 0 else "told")
    return Trial(
        Verdict.WRONG if complaint else Verdict.RIGHT,
        f"{words} (exit {attempt.status}, {attempt.seconds:.0f} s)",
        attempt.said,
    )


async def _attempt(world: World, tool: Tool, case: Case, options: Options, family: str) -> Attempt:
    began = time.perf_counter()
    process = await tool.start(world, *options, cluster=case.cluster)
    others = asyncio.ensure_future(_interfere(world, case, process, family))
    attempt = await finish(process, began)
    await others
    return attempt


async def _interfere(world: World, case: Case, process: Process, family: str) -> None:
    if case.meanwhile is nothing and case.ends_by is None:
        return
    while process.returncode is None and not (await world.calls())["UpdateService"]:  # noqa: ASYNC110 - others work
        await asyncio.sleep(0.03)
    await case.meanwhile(world, family)
    if case.ends_by is not None and process.returncode is None:
        process.send_signal(case.ends_by)
