"""``wakeproxy status``: what each service is doing, read from AWS and the ledger, and asked of the apps themselves."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import click

from wakeproxy.bootstrap import House, now, open_house
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, print_table
from wakeproxy.core.observation import Endpoint, Observation, list_endpoints
from wakeproxy.core.reading import Reading, read_sight
from wakeproxy.core.roster import Disabled, describe_disabled
from wakeproxy.core.service import Service
from wakeproxy.core.sight import describe
from wakeproxy.ports import Look
from wakeproxy.settings import Settings


@click.command("status")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@as_json
@with_settings
def command(settings: Settings, names: tuple[str, ...], *, as_json: bool) -> None:
    """Tell the phase of each service, how far its wake is, and what is wrong with it."""
    found, disabled = run(_read(settings, names))
    if as_json:
        print_json({"services": found, "disabled": [describe_disabled(one) for one in disabled]})
        return
    rows = [*map(_row, found), *map(_row_of_disabled, disabled)]
    print_table(("SERVICE", "PHASE", "TASKS", "LAST USED", "NOTE"), rows)


async def _read(settings: Settings, names: Sequence[str]) -> tuple[list[Mapping[str, Any]], Sequence[Disabled]]:
    async with open_house(settings) as house:
        if names:
            return await read_statuses(house, house.select(names)), ()
        return await read_statuses(house, house.catalog.services), house.catalog.disabled


async def read_statuses(house: House, services: Sequence[Service]) -> list[Mapping[str, Any]]:
    """Read the status of services once; looking changes nothing."""
    keys = [service.name for service in services]
    seen = await house.fleet.observe([Look(service.ecs, service.address) for service in services])
    records, wakes = await house.ledger.read(keys), await house.ledger.wakes(keys)
    answering = await asyncio.gather(*(_probe(house, service, seen[service.ecs]) for service in services))
    return [
        _describe(service, Reading(seen[service.ecs], records[service.name], wakes[service.name], found))
        for service, found in zip(services, answering, strict=True)
    ]


async def _probe(house: House, service: Service, observation: Observation) -> tuple[Endpoint, ...]:
    endpoints = list_endpoints(observation, address=service.address, port=service.port)
    answers = await asyncio.gather(
        *(house.prober.probe(one, scheme=service.scheme, ready=service.ready) for one in endpoints)
    )
    return tuple(endpoint for endpoint, answer in zip(endpoints, answers, strict=True) if answer)


def _describe(service: Service, reading: Reading) -> Mapping[str, Any]:
    seen, record = reading.observation, reading.record
    return {
        **describe(read_sight(service, reading, now()), now()),
        "ecs": str(service.ecs),
        "desired": seen.desired,
        "running": seen.running,
        "pending": seen.pending,
        "intent": str(record.intent),
        "last_used_at": record.last_used_at.isoformat() if record.last_used_at else None,
        "endpoints": [f"{one.host}:{one.port}" for one in reading.answering],
    }


def _row(status: Mapping[str, Any]) -> tuple[str, ...]:
    waking = status["phase"] == "WAKING"
    progress = f"{status['stage']}, {status['percent']} %" if waking else ""
    note = " · ".join(text for text in (progress, status["reason"], status["remedy"]) if text)
    tasks = f"{status['running']}/{status['desired']}"
    return status["service"], status["phase"], tasks, _ago(status["last_used_at"]), note


def _row_of_disabled(one: Disabled) -> tuple[str, ...]:
    return one.name, "DISABLED", "", "", " · ".join(one.reasons)


def _ago(instant: str | None) -> str:
    return instant[:19].replace("T", " ") + " UTC" if instant else "never seen"
