"""``wakeproxy deploy``: roll out an image, or any other change of a task definition."""

from dataclasses import replace
from typing import Any

import click

from wakeproxy.bootstrap import open_works
from wakeproxy.cli.carrying import carry_out, register_only
from wakeproxy.cli.options import run_until_told, with_any_settings, with_options
from wakeproxy.cli.rollout_options import Manner, with_conduct, with_manner, with_request, with_scale
from wakeproxy.cli.rollout_screen import open_screen
from wakeproxy.cli.run_options import WHERE, refuse_where, take_where
from wakeproxy.cli.task import Runs, run_once
from wakeproxy.deploy.planning import plan_rollout
from wakeproxy.deploy.request import Conduct, Request
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings


@click.command("deploy")
@click.argument("service", required=False)
@click.option("--task-definition", "family", metavar="FAMILY", help="Register a revision; no service is given it.")
@click.option("--run-task", "runs_task", is_flag=True, help="Run the revision once instead of giving it to a service.")
@with_options(WHERE)
@with_request
@with_conduct
@with_scale
@with_manner
@with_any_settings
def command(settings: Settings, request: Request, conduct: Conduct, manner: Manner, **target: Any) -> int:
    """Roll out an image, or any other change of a task definition, to a service.

    SERVICE is a name of wakeproxy's config, or [CLUSTER/]SERVICE. What sleeps is woken once to see that it answers, and
    put back to sleep.
    """
    service, family = target.pop("service"), target.pop("family")
    request = replace(request, conduct=conduct)
    if bool(service) is bool(family):
        raise UsageError("Name what to roll out: a SERVICE, or a family with --task-definition, and not both.")
    if target.pop("runs_task"):
        _check_is_of_no_service(request, "--run-task gives a revision to no service")
        if manner.is_dry_run or manner.shows_diff:
            raise UsageError("--run-task runs a task; --dry-run and --diff are of rollouts, so leave them out.")
        placement, count = take_where(target)
        runs = Runs(request, placement, service, family, count, conduct.timeout if conduct.waits else None)
        return run_until_told(run_once(settings, runs, as_json=manner.as_json))
    refuse_where(target)
    if service:
        return run_until_told(_roll_out(settings, service, request, manner))
    _check_is_of_no_service(request, f"{family} is a task definition and no service")
    return run_until_told(_register(settings, family, request, manner))


def _check_is_of_no_service(request: Request, why: str) -> None:
    conduct = request.conduct
    if conduct.changes_service or conduct.rolls_back or conduct.supersedes or request.redeploys:
        raise UsageError(
            f"{why}: --redeploy, --desired-count, --min-percent, --max-percent, --rollback-on-failure and --supersede "
            "are of services; leave them out."
        )


async def _roll_out(settings: Settings, name: str, request: Request, manner: Manner) -> int:
    with open_screen(name, as_json=manner.as_json) as tell:
        async with open_works(settings) as works:
            service, yard = works.find(name)
            plan = await plan_rollout(yard, service, request, tell)
            return await carry_out(yard, plan, request.conduct, manner, tell)


async def _register(settings: Settings, family: str, request: Request, manner: Manner) -> int:
    with open_screen(family, as_json=manner.as_json) as tell:
        async with open_works(settings) as works:
            return await register_only(works.yard, family, request, manner, tell)
