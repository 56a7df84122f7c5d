"""``wakeproxy sleep``: put services to sleep by hand."""

from collections.abc import Sequence
from functools import partial

import click

from wakeproxy.bootstrap import House, open_house, put_to_sleep
from wakeproxy.cli.each import Outcome, do_each, gravest, list_failures
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, say
from wakeproxy.core.service import Service
from wakeproxy.settings import Settings


@click.command("sleep")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--force", is_flag=True, help="Even while it is in use.")
@as_json
@with_settings
def command(settings: Settings, names: tuple[str, ...], *, force: bool, as_json: bool) -> int:
    """Put services to sleep, unless they are in use."""
    outcomes = run(_sleep(settings, names, force=force))
    refused = {one.service.name: one.value for one in outcomes if one.value}
    if as_json:
        slept = [one.service.name for one in outcomes if one.error is None and not one.value]
        print_json({"slept": slept, "refused": refused, "failed": list_failures(outcomes)})
    return gravest(outcomes, 1 if refused else 0)


async def _sleep(settings: Settings, names: Sequence[str], *, force: bool) -> Sequence[Outcome[str]]:
    async with open_house(settings) as house:
        return await do_each(house.select(names), partial(_put_to_sleep, house, force=force))


async def _put_to_sleep(house: House, service: Service, *, force: bool) -> str:
    """Put one service to sleep; why not, if it was refused, and nothing otherwise."""
    slept = await put_to_sleep(house, service, force=force)
    if slept.was_asleep:
        say(f"{service.name} is asleep already")
    elif slept.refusal:
        hint = " --force puts it to sleep all the same." if slept.may_be_forced else ""
        say(f"{service.name} is left awake: {slept.refusal}.{hint}")
    else:
        say(f"{service.name} is put to sleep")
    return slept.refusal
