"""``wakeproxy wake``: wake services, and with ``--wait`` stay until each answers."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import click

from wakeproxy.bootstrap import House, now, open_house, run_engine
from wakeproxy.cli.options import DURATION, as_json, run, with_settings
from wakeproxy.cli.output import print_json, say
from wakeproxy.cli.status import read_statuses
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight, describe
from wakeproxy.engine.engine import Engine
from wakeproxy.errors import WakeTimeoutError
from wakeproxy.settings import Settings

_OVER = frozenset({Phase.AWAKE, Phase.FAILED})


@click.command("wake")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--wait", "waits", is_flag=True, help="Stay until the services answer.")
@click.option("--timeout", type=DURATION, default="5m", show_default=True, help="How long --wait may take.")
@as_json
@with_settings
def command(settings: Settings, names: tuple[str, ...], *, waits: bool, timeout: timedelta, as_json: bool) -> int:
    """Wake services and what they need; desired counts are raised, never lowered.

    With --wait a service is started when all that it requires answers; without, all are started at once.
    """
    done = run(_wake(settings, names, wait_for=timeout if waits else None))
    if as_json:
        print_json({"services": done})
    return 1 if any(one["phase"] == Phase.FAILED for one in done) else 0


async def _wake(settings: Settings, names: Sequence[str], *, wait_for: timedelta | None) -> list[Mapping[str, Any]]:
    async with open_house(settings) as house:
        services = house.select(names)
        together = house.with_needs(services)
        if wait_for is None:
            await asyncio.gather(*(_ask(house, service) for service in together))
            return await read_statuses(house, services)
        async with run_engine(house, together) as engine:
            return await _stay(engine, services, wait_for)


async def _ask(house: House, service: Service) -> None:
    floor = (await house.claims.claim_wake(service.name)).record.floor
    before = await house.claims.raise_count(service, floor=floor)
    told = "is up already" if before.desired >= service.desired_count else "is being woken"
    say(f"{service.name} {told}")
    if floor:
        await house.claims.floors.give_back(service)


async def _stay(engine: Engine, services: Sequence[Service], wait_for: timedelta) -> list[Mapping[str, Any]]:
    for service in services:
        engine.waker.ask(service.name)
    try:
        async with asyncio.timeout(wait_for.total_seconds()):
            ended = await asyncio.gather(*(_follow(engine, service) for service in services))
    except TimeoutError as error:
        waiting = [s.name for s in services if engine.waker.look(s.name).phase not in _OVER]
        raise WakeTimeoutError(
            f"After {wait_for.total_seconds():g} s these services did not answer yet: {', '.join(waiting)}. "
            "They go on starting; wait longer with --timeout."
        ) from error
    return [describe(sight, now()) for sight in ended]


async def _follow(engine: Engine, service: Service) -> Sight:
    """Tell each stage as it comes, until the wake has ended."""
    told = 0
    async for sight in engine.board.follow(service.name):
        for line in sight.log[told:]:
            say(f"{service.name}: {line.text}")
        told = len(sight.log)
        if sight.phase in _OVER:
            if sight.diagnosis:
                say(f"{service.name}: {sight.diagnosis.remedy}")
            return sight
    raise AssertionError("a board never ends")
