"""``wakeproxy sandbox``: the embedded AWS by itself, until it is told to stop."""

import signal
from pathlib import Path

import click

from wakeproxy.cli.output import print_json, say
from wakeproxy.cli.timing import PULL, TIMING
from wakeproxy.sandbox.ending import Ending


@click.command("sandbox")
@click.option("--port", default=4566, show_default=True, help="Where AWS's clients find it; 0 takes a free port.")
@TIMING
@PULL
@click.option("--faults", type=click.Path(path_type=Path), help="A file of faults to play; see docs/sandbox.md.")
@click.option("--json", "as_json", is_flag=True, help="Tell the address as JSON on stdout.")
def command(port: int, timing: str, pull: str, faults: Path | None, *, as_json: bool) -> None:
    """Run an AWS on this machine: ECS services whose tasks are local processes, and moto for everything else."""
    from wakeproxy.sandbox import TIMINGS, Sandbox, load_faults  # noqa: PLC0415 - an extra; help works without it

    ending = Ending(signal.SIGTERM, signal.SIGINT)
    sandbox = Sandbox(port=port, timings=TIMINGS[timing], pull=pull)
    if faults is not None:
        sandbox.faults.add(*load_faults(faults))
    with sandbox:
        if as_json:
            print_json({"url": sandbox.url, "region": sandbox.region})
        say(f"The sandbox is at {sandbox.url}. Any AWS client works with")
        say(f"  export AWS_ENDPOINT_URL={sandbox.url} AWS_REGION={sandbox.region}")
        say("  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any")
        ending.wait()
