"""``wakeproxy rollback``: give a service an earlier revision again."""

from typing import Any

import click

from wakeproxy.bootstrap import open_works
from wakeproxy.cli.carrying import carry_out
from wakeproxy.cli.options import run_until_told, with_any_settings
from wakeproxy.cli.rollout_options import Manner, with_conduct, with_manner
from wakeproxy.cli.rollout_screen import open_screen
from wakeproxy.core.release import family_of
from wakeproxy.core.service import Service
from wakeproxy.deploy.planning import find_earlier, plan_revision
from wakeproxy.deploy.request import Conduct
from wakeproxy.deploy.yard import Yard
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings


@click.command("rollback")
@click.argument("name", metavar="SERVICE")
@click.option("--to", metavar="REVISION", help="Which one: 12, shop:12 or its ARN.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="How many active revisions back.  [default: 1]")
@with_conduct
@with_manner
@with_any_settings
def command(settings: Settings, name: str, conduct: Conduct, manner: Manner, **which: Any) -> int:
    """Give a service an earlier revision of its task definition again, and watch it like a rollout."""
    to, steps = which["to"], which["steps"]
    if to and steps:
        raise UsageError("--to and --steps both say which revision; leave one of them out.")
    return run_until_told(_roll_back(settings, name, to or steps or 1, conduct, manner))


async def _roll_back(settings: Settings, name: str, to: str | int, conduct: Conduct, manner: Manner) -> int:
    with open_screen(name, as_json=manner.as_json) as tell:
        async with open_works(settings) as works:
            service, yard = works.find(name)
            plan = await plan_revision(yard, service, await _choose(yard, service, to), conduct)
            return await carry_out(yard, plan, conduct, manner, tell)


async def _choose(yard: Yard, service: Service, to: str | int) -> str:
    """Name a revision in full: a number is one of the family that the service has."""
    if isinstance(to, int):
        return await find_earlier(yard, service, to)
    if to.isascii() and to.isdigit():
        return f"{family_of((await yard.releases.read(service.ecs)).revision)}:{to}"
    return to
