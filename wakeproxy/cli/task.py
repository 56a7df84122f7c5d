"""``wakeproxy task run``: run a task definition once, outside any service."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final

import click

from wakeproxy.bootstrap import open_works
from wakeproxy.cli.options import DURATION, Command, run_until_told, with_any_settings, with_options
from wakeproxy.cli.rollout_options import with_request
from wakeproxy.cli.rollout_screen import open_screen
from wakeproxy.cli.run_options import WHERE, take_where
from wakeproxy.core.release import Placement
from wakeproxy.deploy.request import Request
from wakeproxy.deploy.task_order import Wish, order_tasks
from wakeproxy.deploy.task_result import run_tasks
from wakeproxy.deploy.task_run import RunPorts
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings

_PATIENCE: Final = timedelta(hours=1)


_OPTIONS: Final[tuple[Callable[[Command], Command], ...]] = (
    click.argument("service", required=False),
    click.option(
        "--task-definition", metavar="FAMILY[:REVISION]", help="What to run, where SERVICE has something else."
    ),
    with_request,
    *WHERE,
    click.option("--wait", "waits", is_flag=True, help="Follow their logs until all have stopped."),
    click.option("--timeout", type=DURATION, help="How long --wait may take.  [default: 1h]"),
    click.option("--json", "as_json", is_flag=True, help="JSON on stdout: a line for each event, the result last."),
)


@dataclass(frozen=True, slots=True)
class Runs:
    """What is run, and how long it is waited for."""

    request: Request
    placement: Placement
    service: str | None = None
    task_definition: str | None = None
    count: int = 1
    patience: timedelta | None = None
    """``None``: it is not waited for."""


def _with_runs(command: Command) -> Command:
    """Give a command the options that say what to run, how, and whether to wait, as a parameter ``runs``."""

    @functools.wraps(command)
    def build(*, service: str | None, task_definition: str | None, **given: Any) -> Any:
        if service is None and task_definition is None:
            raise UsageError("Nothing says what to run; name a service, or a task definition with --task-definition.")
        request = given.pop("request")
        if request.redeploys:
            raise UsageError("--redeploy begins a deployment of a service, and a task has none; leave it out.")
        placement, count = take_where(given)
        patience = _choose_patience(given.pop("timeout"), waits=given.pop("waits"))
        runs = Runs(request, placement, service, task_definition, count, patience)
        return command(runs=runs, **given)

    return with_options(_OPTIONS)(build)


def _choose_patience(timeout: timedelta | None, *, waits: bool) -> timedelta | None:
    if timeout is not None and not waits:
        raise UsageError("--timeout says how long --wait may take; add --wait, or leave it out.")
    return timeout or _PATIENCE if waits else None


@click.group("task")
def command() -> None:
    """Tasks that run once, outside any service."""


@command.command("run")
@_with_runs
@with_any_settings
def run(settings: Settings, runs: Runs, *, as_json: bool) -> int:
    """Run a task definition once: that of SERVICE, in its network, or any other.

    With --wait success is that every essential container exited with 0.
    """
    return run_until_told(run_once(settings, runs, as_json=as_json))


async def run_once(settings: Settings, runs: Runs, *, as_json: bool) -> int:
    """Run tasks, and tell of them; the exit status."""
    name = runs.service or runs.task_definition or ""
    with open_screen(name, as_json=as_json) as tell:
        async with open_works(settings) as works:
            service = works.find(runs.service)[0].ecs if runs.service else None
            wish = Wish(
                cluster=service.cluster if service else settings.aws.cluster,
                started_by=f"wakeproxy-{token_hex(6)}",
                service=service,
                task_definition=runs.task_definition,
                request=runs.request,
                placement=runs.placement,
                count=runs.count,
            )
            revision, order = await order_tasks(works.yard, wish, tell)
            ports = RunPorts(works.runs, works.logs)
            return await run_tasks(ports, revision, order, tell, patience=runs.patience)
