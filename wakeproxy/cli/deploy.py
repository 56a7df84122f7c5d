"""``wakeproxy deploy``: roll out an image, or any other change of a task definition."""

from dataclasses import replace

import click

from wakeproxy.bootstrap import open_works
from wakeproxy.cli.carrying import carry_out, register_only, telling_refusals
from wakeproxy.cli.options import run_until_told, with_any_settings
from wakeproxy.cli.rollout_options import Manner, with_conduct, with_manner, with_request, with_scale
from wakeproxy.cli.rollout_screen import open_screen
from wakeproxy.deploy.planning import plan_rollout
from wakeproxy.deploy.request import Conduct, Request
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings


@click.command("deploy")
@click.argument("service", required=False)
@click.option("--task-definition", "family", metavar="FAMILY", help="Register a revision; no service is given it.")
@with_request
@with_conduct
@with_scale
@with_manner
@with_any_settings
def command(settings: Settings, request: Request, conduct: Conduct, manner: Manner, **target: str | None) -> int:
    """Roll out an image, or any other change of a task definition, to a service.

    SERVICE is a name of wakeproxy's config, or [CLUSTER/]SERVICE. What sleeps is woken once to see that it answers, and
    put back to sleep.
    """
    service, family = target["service"], target["family"]
    request = replace(request, conduct=conduct)
    if service and not family:
        return run_until_told(_roll_out(settings, service, request, manner))
    if family and not service:
        if conduct.changes_service or conduct.rolls_back or conduct.supersedes or request.redeploys:
            raise UsageError(
                f"{family} is a task definition and no service: --redeploy, --desired-count, --min-percent, "
                "--max-percent, --rollback-on-failure and --supersede are of services; leave them out."
            )
        return run_until_told(_register(settings, family, request, manner))
    raise UsageError("Name what to roll out: a SERVICE, or a family with --task-definition, and not both.")


async def _roll_out(settings: Settings, name: str, request: Request, manner: Manner) -> int:
    with open_screen(name, as_json=manner.as_json) as tell, telling_refusals(tell, as_json=manner.as_json):
        async with open_works(settings) as works:
            service, yard = works.find(name)
            plan = await plan_rollout(yard, service, request, tell)
            return await carry_out(yard, plan, request.conduct, manner, tell)


async def _register(settings: Settings, family: str, request: Request, manner: Manner) -> int:
    with open_screen(family, as_json=manner.as_json) as tell, telling_refusals(tell, as_json=manner.as_json):
        async with open_works(settings) as works:
            return await register_only(works.yard, family, request, manner, tell)
