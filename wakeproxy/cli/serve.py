"""``wakeproxy serve``: the front, until it is told to stop."""

import asyncio
import gc
import resource
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Final

import click
import uvloop

from wakeproxy.bootstrap import Doors, Work, heed_hangup, open_crew, open_front
from wakeproxy.cli.options import WORKERS, load, with_source
from wakeproxy.cli.output import say
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings, Source


@click.command("serve")
@WORKERS
@with_source
@click.pass_context
def command(ctx: click.Context, *, source: Source, workers: int) -> None:
    """Answer visitors, wake services, and put them to sleep when nobody uses them."""
    seen = source.look()  # before reading: what changes meanwhile looks different the next time
    work = Work(load(source), source, seen)
    allow_many_files()
    run_server(_serve(open_in(workers, work, ctx), work.settings))


async def _serve(front: AbstractAsyncContextManager[Doors], settings: Settings) -> None:
    stop = stop_when_told()
    with explain_listening():
        async with front as doors:
            admin = f"; admin on port {doors.admin}" if doors.admin else ""
            found = " and those found by their tags" if settings.discover else ""
            say(f"wakeproxy serves {len(settings.services)} services{found} on port {doors.visitors}{admin}")
            settle()
            await stop.wait()
            end_when_told_again()
            say("wakeproxy stops: it takes no new requests and finishes those that run")


def open_in(workers: int, work: Work, ctx: click.Context) -> AbstractAsyncContextManager[Doors]:
    """Choose how a front is opened: one worker is this very process."""
    if workers == 1:
        return _open_alone(work)
    return open_crew(work, workers, is_debug=ctx.obj["debug"])


@asynccontextmanager
async def _open_alone(work: Work) -> AsyncIterator[Doors]:
    async with open_front(work) as doors:
        heed_hangup(doors.heed)
        yield doors


@contextmanager
def explain_listening() -> Iterator[None]:
    """Say what to do about an address that cannot be listened on."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"wakeproxy cannot listen: {error.strerror or error}. Choose another port or host.") from error


def run_server(work: Coroutine[Any, Any, None]) -> None:
    """Run what serves visitors, on uvloop: a request costs it a third less than on asyncio's own loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


_YOUNG: Final = 20_000
"""Objects more than before, until the collector looks at the young ones."""


def settle() -> None:
    """Leave what was made at the start to itself: looking through it for garbage would make visitors wait.

    Requests leave no garbage; what lives for a moment only because its line in the log is still to be written is no
    reason to look for any.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


def allow_many_files() -> None:
    """Raise the limit of open files as far as this process may: every visitor who waits is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def stop_when_told() -> asyncio.Event:
    """Set an event on SIGTERM or SIGINT, from now on; before that they end the process without further ado."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    return stop


def end_when_told_again() -> None:
    """Let the next signal end the process at once: whoever sends it does not want to wait for those who run."""
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(sign)
        signal.signal(sign, signal.SIG_DFL)
