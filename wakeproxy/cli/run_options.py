"""Options of tasks that run once: how many, and where."""

from collections.abc import Callable
from typing import Any, Final

import click

from wakeproxy.cli.network_configuration import parse_network
from wakeproxy.cli.options import Command
from wakeproxy.core.release import Placement
from wakeproxy.errors import UsageError

WHERE: Final[tuple[Callable[[Command], Command], ...]] = (
    click.option("--count", type=click.IntRange(1), help="How many tasks.  [default: 1]"),
    click.option("--launch-type", type=click.Choice(["EC2", "FARGATE", "EXTERNAL"]), help="Where they run."),
    click.option("--platform-version", metavar="VERSION", help="The platform of Fargate."),
    click.option("--network-configuration", "network", help="Their network, as `aws ecs run-task` takes it."),
)
_NAMES: Final = ("count", "launch_type", "platform_version", "network")


def take_where(given: dict[str, Any]) -> tuple[Placement, int]:
    """Take what these options were given out of a command's parameters: where tasks run, and how many.

    Raises:
        UsageError: the network is none.
    """
    count, launch_type, platform_version, network = (given.pop(name) for name in _NAMES)
    placement = Placement(
        launch_type, platform_version=platform_version, network=parse_network(network) if network else {}
    )
    return placement, count or 1


def refuse_where(given: dict[str, Any]) -> None:
    """Refuse them where no task runs once.

    Raises:
        UsageError: one of them was given.
    """
    for name in _NAMES:
        if given.pop(name) is not None:
            option = "--network-configuration" if name == "network" else f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is of tasks that run once; add --run-task, or leave it out.")
