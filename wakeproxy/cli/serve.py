"""``wakeproxy serve``: the front, until it is told to stop."""

import asyncio
import signal

import click

from wakeproxy.bootstrap import open_front
from wakeproxy.cli.options import run, with_settings
from wakeproxy.cli.output import say
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings


@click.command("serve")
@with_settings
def command(settings: Settings) -> None:
    """Answer visitors, wake services, and put them to sleep when nobody uses them."""
    run(_serve(settings))


async def _serve(settings: Settings) -> None:
    try:
        async with open_front(settings) as doors:
            admin = f"; admin on port {doors.admin}" if doors.admin else ""
            say(f"wakeproxy serves {len(settings.services)} services on port {doors.visitors}{admin}")
            await told_to_stop()
            say("wakeproxy stops: it takes no new requests and finishes those that run")
    except OSError as error:
        raise UsageError(f"wakeproxy cannot listen: {error.strerror or error}. Choose another port or host.") from error


async def told_to_stop() -> None:
    """Wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    await stop.wait()
