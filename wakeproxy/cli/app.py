"""The ``wakeproxy`` command: finds the subcommand, and has the last word on what went wrong."""

import logging
import sys
from importlib import import_module
from typing import Any

import click

from wakeproxy import __version__
from wakeproxy.errors import WakeproxyError

_COMMANDS = {
    "demo": ("demo", "Everything on this machine, AWS included: try it."),
    "sandbox": ("sandbox", "Only the embedded AWS, for any AWS client."),
    "serve": ("serve", "The front: answers visitors, wakes services, puts them to sleep."),
    "check": ("check", "Check the config file, and tell everything that is wrong with it."),
    "iam": ("iam", "The least that wakeproxy must be allowed to do, as a policy for IAM."),
    "status": ("status", "What each service is doing."),
    "wake": ("wake", "Wake services."),
    "sleep": ("sleep", "Put services to sleep."),
    "keep-awake": ("keep_awake", "Have a service stay awake for a while."),
    "sweep": ("sweep", "Judge every service once and put to sleep what nobody uses."),
    "deploy": ("deploy", "Roll out an image, or any other change of a task definition."),
    "rollback": ("rollback", "Give a service an earlier revision again."),
    "task": ("task", "Run a task definition once."),
    "ecs-deploy": ("ecs_deploy", "Roll out by the command line of silinternational's ecs-deploy."),
    "bundle": ("bundle", "Write the Lambdas' zips."),
}
"""By name: the module that holds it and the line that the help shows, so that help imports no command."""

_HIDDEN = {"worker": "worker"}
"""Commands that only we call."""


class _Commands(click.Group):
    """Loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        module = _HIDDEN.get(cmd_name) or _COMMANDS.get(cmd_name, ("",))[0]
        if not module:
            return None
        command: click.Command = import_module(f"wakeproxy.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="wakeproxy")
@click.option("--debug", is_flag=True, help="Log everything, and show the traceback of an error.")
@click.pass_context
def wakeproxy(ctx: click.Context, *, debug: bool) -> None:
    """ECS services that cost nothing while nobody uses them, and wake on the first request."""
    ctx.obj = {"debug": debug}
    logging.basicConfig(
        level=logging.INFO if debug else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("wakeproxy").setLevel(logging.DEBUG if debug else logging.INFO)


def main(arguments: list[str] | None = None) -> Any:
    """Run a command; leave with its exit status.

    An error raised on purpose is one plain sentence; any other is a defect, and says so.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        status = wakeproxy.main(given, prog_name="wakeproxy", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except WakeproxyError as error:
        if "--debug" in given:
            raise
        click.echo(f"wakeproxy: {error}", err=True)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if "--debug" in given:
            raise
        click.echo(f"wakeproxy: a defect: {type(error).__name__}: {error}. --debug shows where.", err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
