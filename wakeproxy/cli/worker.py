"""``wakeproxy worker``: one process of ``wakeproxy serve --workers``; only its supervisor calls it."""

import signal
from shutil import rmtree

import click

from wakeproxy.bootstrap import Doors, heed_hangup, open_worker
from wakeproxy.cli.serve import (
    allow_many_files,
    explain_listening,
    run_server,
    settle,
    stop_when_told,
)
from wakeproxy.crew.post import Lifeline, Ready
from wakeproxy.engine.tasks import Tasks


@click.command("worker", hidden=True)
@click.argument("index")
def command(index: str) -> None:
    """Serve visitors at the post that a supervisor gives; INDEX is for people who list processes."""
    del index
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    allow_many_files()
    run_server(_work())


async def _work() -> None:
    stop = stop_when_told()
    line = await Lifeline.take()
    tasks = Tasks("worker")

    async def end() -> None:
        await line.end()
        rmtree(line.post.link.parent, ignore_errors=True)  # which the supervisor had no time to do
        stop.set()

    tasks.start(end(), name="lifeline")
    with explain_listening():
        async with open_worker(line, told=stop) as doors:
            heed_hangup(doors.heed)
            settle()
            line.tell(_ready(doors))
            await stop.wait()
    await tasks.stop()
    await line.link.close()


def _ready(doors: Doors) -> Ready:
    return Ready(doors.visitors, doors.admin)
