"""``wakeproxy wake``: wake services, and with ``--wait`` stay until each answers."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import click

from wakeproxy.bootstrap import House, now, open_house, run_engine
from wakeproxy.cli.each import do_each, gravest, list_failures
from wakeproxy.cli.options import DURATION, as_json, run, with_settings
from wakeproxy.cli.output import print_json, say
from wakeproxy.cli.statuses import Status, read_statuses
from wakeproxy.core.causes import Cause
from wakeproxy.core.lifecycle import OVER, Phase
from wakeproxy.core.service import Service
from wakeproxy.core.sight import Sight, describe
from wakeproxy.engine.engine import Engine
from wakeproxy.errors import AccessDeniedError, ServiceGoneError, UsageError, WakeproxyError, WakeTimeoutError
from wakeproxy.settings import Settings

_PATIENCE: Final = timedelta(minutes=5)
_STATUSES: Final[Mapping[Cause, int]] = {
    Cause.ACCESS_DENIED: AccessDeniedError.exit_status,
    Cause.SERVICE_MISSING: ServiceGoneError.exit_status,
}
"""The exit status of a wake that failed for one of these; for any other it is that of a failure."""


@click.command("wake")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--wait", "waits", is_flag=True, help="Stay until the services answer.")
@click.option("--timeout", type=DURATION, help="How long --wait may take.  [default: 5m]")
@as_json
@with_settings
def command(
    settings: Settings, names: tuple[str, ...], *, waits: bool, timeout: timedelta | None, as_json: bool
) -> int:
    """Wake services and what they need; desired counts are raised, never lowered.

    With --wait a service is started when all that it requires answers; without, all are started at once.
    """
    if timeout is not None and not waits:
        raise UsageError("--timeout says how long --wait may take; add --wait, or leave it out.")
    told, status = run(_wait(settings, names, timeout or _PATIENCE) if waits else _wake(settings, names))
    if as_json:
        print_json(told)
    return status


# At once.


async def _wake(settings: Settings, names: Sequence[str]) -> tuple[Status, int]:
    async with open_house(settings) as house:
        services = house.select(names)
        outcomes = await do_each(house.with_needs(services), partial(_ask, house))
        woken = [one.service for one in outcomes if one.error is None and one.service in services]
        statuses = await read_statuses(house, woken) if woken else []
        failed = any(one["phase"] == Phase.FAILED for one in statuses)
        return {"services": statuses, "failed": list_failures(outcomes)}, gravest(outcomes, 1 if failed else 0)


async def _ask(house: House, service: Service) -> None:
    before = await house.claims.wake(service)
    told = "is up already" if before.desired >= service.desired_count else "is being woken"
    say(f"{service.name} {told}")


# And waiting.


async def _wait(settings: Settings, names: Sequence[str], patience: timedelta) -> tuple[Status, int]:
    async with open_house(settings) as house:
        services = house.select(names)
        async with run_engine(house, house.with_needs(services)) as engine:
            for service in services:
                engine.waker.ask(service.name)
            outcomes = await do_each(services, partial(_follow, engine, patience=patience))
            sights = [engine.waker.look(service.name) for service in services]
    statuses = [describe(sight, now()) for sight in sights]
    failures = list_failures(outcomes)
    return {"services": statuses, "failed": failures}, gravest(outcomes, *map(_judge, sights))


async def _follow(engine: Engine, service: Service, *, patience: timedelta) -> None:
    """Tell each stage as it comes, until the wake has ended."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await _tell(engine, service)
    except TimeoutError as error:
        raise WakeTimeoutError(
            f"It did not answer within {patience.total_seconds():g} s. It goes on starting; wait longer with --timeout."
        ) from error


async def _tell(engine: Engine, service: Service) -> None:
    told = 0
    async for sight in engine.board.follow(service.name):
        for line in sight.log[told:]:
            say(f"{service.name}: {line.text}")
        told = len(sight.log)
        if sight.phase in OVER:
            if sight.diagnosis:
                say(f"{service.name}: {sight.diagnosis.remedy}")
            return


def _judge(sight: Sight) -> int:
    """Say which exit status a wake deserves."""
    if sight.phase is not Phase.FAILED:
        return 0
    return _STATUSES.get(sight.diagnosis.cause, 1) if sight.diagnosis else WakeproxyError.exit_status
