"""``wakeproxy sleep``: put services to sleep by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import click

from wakeproxy.bootstrap import House, open_house
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, say
from wakeproxy.core.idleness import Judgement, Sleep
from wakeproxy.core.service import Service
from wakeproxy.errors import ServiceGoneError
from wakeproxy.ports import Look
from wakeproxy.settings import Settings


@click.command("sleep")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--force", is_flag=True, help="Even while it is in use.")
@as_json
@with_settings
def command(settings: Settings, names: tuple[str, ...], *, force: bool, as_json: bool) -> int:
    """Put services to sleep, unless they are in use."""
    answers = run(_sleep(settings, names, force=force))
    refused = {name: answer for name, answer in answers.items() if answer is not None}
    if as_json:
        print_json({"slept": [name for name in answers if name not in refused], "refused": refused})
    return 1 if refused else 0


async def _sleep(settings: Settings, names: Sequence[str], *, force: bool) -> dict[str, str | None]:
    """Put services to sleep; by name why each was refused, if it was."""
    async with open_house(settings) as house:
        services = house.select(names)
        answers = await asyncio.gather(*(_put_to_sleep(house, service, force=force) for service in services))
        return {service.name: answer for service, answer in zip(services, answers, strict=True)}


async def _put_to_sleep(house: House, service: Service, *, force: bool) -> str | None:
    """Put one service to sleep; why not, if it was refused."""
    record = (await house.ledger.read([service.name]))[service.name]
    observation = (await house.fleet.observe([Look(service.ecs)]))[service.ecs]
    if not observation.exists:
        raise ServiceGoneError(f"ECS knows no service {service.ecs}; check its name, cluster, region and account.")
    if not observation.desired:
        say(f"{service.name} is asleep already")
        return None
    judgement = await _judge(house, service)
    if not (force or isinstance(judgement, Sleep)):
        say(f"{service.name} is left awake: {judgement.reason}. --force puts it to sleep all the same.")
        return judgement.reason
    claims = replace(house.claims, grace=timedelta()) if force else house.claims
    if not await claims.sleep(service, record):
        say(f"{service.name} is left awake: it was visited just now.")
        return "visited just now"
    say(f"{service.name} is put to sleep")
    return None


async def _judge(house: House, service: Service) -> Judgement:
    """Judge one service as a sweep would, with those that need it."""
    decisions = await replace(house.sleeper(), services=house.with_dependents(service)).sweep(is_dry_run=True)
    return decisions[0].judgement
