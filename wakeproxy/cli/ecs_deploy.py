"""``wakeproxy ecs-deploy``: takes the command line of silinternational's tool, and rolls out as `deploy` does.

What it does differently, and why, stands in ``docs/ecs-deploy.md``.
"""

import logging
import os
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from wakeproxy import __version__
from wakeproxy.bootstrap import open_works
from wakeproxy.cli.aws_profiles import find_region
from wakeproxy.cli.carrying import carry_out
from wakeproxy.cli.ecs_deploy_options import USAGE, render_usage
from wakeproxy.cli.ecs_deploy_wanted import Asked, Caller, Wanted, parse_ecs_deploy
from wakeproxy.cli.options import choose_source, run_until_told
from wakeproxy.cli.output import say
from wakeproxy.cli.rollout_options import Manner, read_file
from wakeproxy.cli.rollout_screen import open_screen
from wakeproxy.cli.task import Runs, run_once
from wakeproxy.core.edits import Edits
from wakeproxy.core.release import label_of
from wakeproxy.deploy.outcome import Outcome
from wakeproxy.deploy.planning import Plan, plan_rollout
from wakeproxy.deploy.pruning import prune
from wakeproxy.deploy.request import Conduct, Request
from wakeproxy.deploy.task_order import register_edited
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.errors import WakeproxyError
from wakeproxy.settings import Overrides, Settings
from wakeproxy.settings.aws_names import parse_service

_FAILED: Final = WakeproxyError.exit_status
_ID, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_REGION: Final = "AWS_DEFAULT_REGION"


class _Verbatim(click.Command):
    """Takes its arguments as they are: what is an option is for ``ecs-deploy`` to say."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.params["arguments"] = tuple(args)
        return []


@click.command("ecs-deploy", cls=_Verbatim, add_help_option=False)
def command(arguments: tuple[str, ...]) -> int:
    """Do what silinternational's ecs-deploy does, by its options; --help lists them."""
    environ = os.environ  # noqa: TID251 - the command line owns it
    if not arguments:
        say(render_usage())
        return USAGE
    wanted = parse_ecs_deploy(arguments, environ)
    match wanted:
        case Asked.VERSION:
            click.echo(__version__)
            return 0
        case Asked.HELP:
            click.echo(render_usage())
            return 0
        case Wanted():
            return _leave_as_ecs_deploy(wanted, environ)


def _leave_as_ecs_deploy(wanted: Wanted, environ: MutableMapping[str, str]) -> int:
    """Do it; whatever fails in its course leaves with 1, for 3 and more say what is wrong with a command line."""
    for remark in wanted.remarks:
        say(f"ecs-deploy: {remark}")
    if wanted.is_verbose:
        logging.getLogger().setLevel(logging.INFO)
        logging.getLogger("wakeproxy").setLevel(logging.DEBUG)
    try:
        call_as(wanted.caller, environ)
        return _deploy(wanted, _load(wanted, environ))
    except WakeproxyError as error:
        error.exit_status = _FAILED
        raise


def call_as(caller: Caller, environ: MutableMapping[str, str]) -> None:
    """Set whose keys AWS's library finds; the token of other keys would make them worthless."""
    if caller.access_key is not None:
        if caller.access_key != environ.get(_ID):
            environ.pop(_TOKEN, None)
        environ[_ID] = caller.access_key
    if caller.secret_key is not None:
        environ[_SECRET] = caller.secret_key


def _load(wanted: Wanted, environ: MutableMapping[str, str]) -> Settings:
    """Load the settings: those of the config file, if there is one, and over them what was given."""
    caller = wanted.caller
    overrides = Overrides(caller.region, caller.profile, wanted.cluster, role_arn=caller.role)
    config = environ.get("WAKEPROXY_CONFIG")
    source = replace(choose_source(Path(config) if config else None, overrides), needs_services=False)
    region = environ.get(_REGION) or find_region(caller.profile, environ)
    return source.load({**environ, _REGION: region} if region else environ)


def _deploy(wanted: Wanted, settings: Settings) -> int:
    request = _request(wanted)
    if wanted.runs is not None:
        patience = wanted.timeout if wanted.runs.waits else None
        runs = Runs(request, wanted.runs.placement, task_definition=wanted.family, patience=patience)
        status = run_until_told(run_once(settings, runs, as_json=False))
    elif wanted.service is not None:
        status = run_until_told(_roll_out(wanted.service, request, settings))
    else:
        status = run_until_told(_register(wanted.family or "", request, settings))
    # ``ecs-deploy`` looks at no service that sleeps, and is content with that.
    return 0 if status in {0, Outcome.UNVERIFIED.exit_status} else _FAILED


def _request(wanted: Wanted) -> Request:
    return Request(
        Edits((wanted.image,) if wanted.image else (), wanted.tag, tagged=wanted.tagged),
        read_file(wanted.file) if wanted.file else None,
        wanted.takes_latest,
        redeploys=True,
        copies_tags=wanted.copies_tags,
        conduct=Conduct(
            wanted.timeout,
            rolls_back=wanted.rolls_back,
            supersedes=True,
            keep_revisions=wanted.keep_revisions,
            desired_count=wanted.desired_count,
            min_percent=wanted.min_percent,
            max_percent=wanted.max_percent,
        ),
    )


async def _roll_out(name: str, request: Request, settings: Settings) -> int:
    """Roll out to a service; without a change it is deployed anew: a tag like ``latest`` may name another image now."""
    reference = parse_service(name)
    with open_screen(reference.service, as_json=False) as tell:
        async with open_works(settings) as works:
            service, yard = works.find(f"{reference.cluster or settings.aws.cluster}/{reference.service}")
            plan = await plan_rollout(yard, service, request, tell)
            _warn_of_other(plan, tell)
            return await carry_out(yard, plan, request.conduct, Manner(), tell)


def _warn_of_other(plan: Plan, tell: Tell) -> None:
    primary = plan.release.primary
    if primary is not None and primary.rollout_state == "IN_PROGRESS":
        text = f"the rollout of {label_of(primary.revision)}, deployment {primary.id}, is cut short"
        tell(Event(Kind.WARNING, text, {"deployment": primary.id}))


async def _register(name: str, request: Request, settings: Settings) -> int:
    with open_screen(name, as_json=False) as tell:
        async with open_works(settings) as works:
            revision = await register_edited(works.yard, name, request, tell)
            keep = request.conduct.keep_revisions
            await prune(works.yard, keep=keep, spared=frozenset({revision.arn}), tell=tell)
            tell(Event(Kind.RESULT, f"{revision.label} is registered, and no service was given it."))
            return 0
