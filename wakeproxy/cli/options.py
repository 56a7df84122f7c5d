"""Options that commands share, and what becomes of them: settings."""

import asyncio
import functools
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from wakeproxy.errors import UsageError
from wakeproxy.settings import Overrides, Settings, Source
from wakeproxy.settings.quantities import parse_duration

Command = Callable[..., Any]
_DEFAULT_FILE = Path("wakeproxy.yaml")
_T = TypeVar("_T")

_OPTIONS: tuple[Callable[[Command], Command], ...] = (
    click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        envvar="WAKEPROXY_CONFIG",
        help="The config file; wakeproxy.yaml if there is one here.",
    ),
    click.option("--region", help="AWS region, instead of the file's."),
    click.option("--profile", help="AWS profile, instead of the file's."),
    click.option("--cluster", help="Default ECS cluster, instead of the file's."),
    click.option("--endpoint-url", help="Where AWS is, such as a sandbox's URL."),
)

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")


WORKERS = click.option(
    "--workers",
    envvar="WAKEPROXY_WORKERS",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that serve visitors on the same port.",
)


def with_options(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    """Give a command several options, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def with_source(command: Command) -> Command:
    """Give a command the options that choose its settings, as one parameter: `load` loads them from it."""

    def choose(*, config: Path | None, **rest: Any) -> Any:
        overrides = Overrides(**{key: rest.pop(key) for key in ("region", "profile", "cluster", "endpoint_url")})
        return command(source=choose_source(config, overrides), **rest)

    return with_options(_OPTIONS)(functools.update_wrapper(choose, command))


def with_settings(command: Command) -> Command:
    """Give a command the options that choose its settings, and the settings themselves."""

    @functools.wraps(command)
    def load_first(*, source: Source, **rest: Any) -> Any:
        return command(settings=load(source), **rest)

    return with_source(load_first)


def with_any_settings(command: Command) -> Command:
    """Give a command the options that choose its settings, and the settings; they need not name any service."""

    @functools.wraps(command)
    def load_first(*, source: Source, assume_role: str | None, **rest: Any) -> Any:
        overrides = replace(source.overrides, role_arn=assume_role)
        return command(settings=load(replace(source, overrides=overrides, needs_services=False)), **rest)

    option = click.option("--assume-role", metavar="ARN", help="Role to act as, instead of the file's.")
    return with_source(option(load_first))


def load(source: Source) -> Settings:
    """Load settings."""
    return source.load(os.environ)  # noqa: TID251 - the command line owns it


def choose_source(config: Path | None, overrides: Overrides) -> Source:
    """Choose the file that is named, or the one that lies here, or the environment alone."""
    return Source(config or (_DEFAULT_FILE if _DEFAULT_FILE.exists() else None), overrides)


class _Duration(click.ParamType[timedelta]):
    """A span of time, written as in the config file."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


DURATION = _Duration()


def run_until_told(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's work to its end, or until a signal ends it; SIGTERM, which CI sends, is heeded like Ctrl-C."""

    async def heed() -> _T:
        doing = asyncio.current_task()
        assert doing is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, doing.cancel)
        return await work

    try:
        return asyncio.run(heed())
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's work to its end."""
    return asyncio.run(work)
