"""``wakeproxy demo``: everything on this machine, AWS included."""

import tempfile
from pathlib import Path

import click

from wakeproxy.bootstrap import Work
from wakeproxy.cli.demo_world import SERVICES, start_sandbox, write_config
from wakeproxy.cli.options import WORKERS
from wakeproxy.cli.output import say
from wakeproxy.cli.serve import open_in, run_server, stop_when_told
from wakeproxy.cli.timing import TIMING
from wakeproxy.errors import UsageError
from wakeproxy.settings import load_settings


@click.command("demo")
@click.option("--port", default=8080, show_default=True, help="Where visitors come in.")
@click.option("--admin-port", default=9901, show_default=True, help="Where operators look.")
@TIMING
@WORKERS
@click.pass_context
def command(ctx: click.Context, *, port: int, admin_port: int, timing: str, workers: int) -> None:
    """Try wakeproxy: services asleep in an embedded AWS, and a front before them that wakes them."""
    run_server(_demo(ctx, port, admin_port, timing=timing, workers=workers))


async def _demo(ctx: click.Context, port: int, admin_port: int, *, timing: str, workers: int) -> None:
    stop = stop_when_told()
    with tempfile.TemporaryDirectory(prefix="wakeproxy-demo-") as folder:
        async with start_sandbox(timing) as url:
            path = write_config(Path(folder), url=url, port=port, admin_port=admin_port)
            settings = load_settings(path, environ={})
            try:
                async with open_in(workers, Work(settings), ctx) as doors:
                    _welcome(doors.visitors, path, url)
                    await stop.wait()
            except OSError as error:
                raise UsageError(
                    f"The demo cannot listen: {error.strerror}. Choose --port and --admin-port."
                ) from error


def _welcome(port: int, config: Path, url: str) -> None:
    say("")
    say("  Everything is asleep and costs nothing. Open one of these and watch it wake:")
    say("")
    for name, about in SERVICES.items():
        say(f"    http://{name}.localhost:{port}/".ljust(40) + about.words)
    say("")
    say("  In another terminal:")
    say(f"    wakeproxy status -c {config}")
    say(f"    curl http://hello.localhost:{port}/api/echo     (held until the app answers)")
    say(f"    wakeproxy deploy broken --container broken --image wakeproxy/hello:1 -c {config}     (mends it)")
    say(f"  The embedded AWS is at {url}. Ctrl-C ends everything and leaves nothing behind.")
    say("")
