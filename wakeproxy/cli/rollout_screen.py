"""Where a rollout is told as it goes: in place at a terminal, in plain lines in CI, as JSON lines to programs."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from wakeproxy.bootstrap import now
from wakeproxy.cli.output import say
from wakeproxy.deploy.telling import Event, Kind, Tell
from wakeproxy.errors import WakeproxyError


@contextmanager
def open_screen(name: str, *, as_json: bool) -> Iterator[Tell]:
    """Choose by who reads; what is told is of the service or family of that name.

    What the engine logs of its own doings is told better here; warnings stay.
    """
    log = logging.getLogger("wakeproxy.engine")
    if not log.isEnabledFor(logging.DEBUG):
        log.setLevel(logging.WARNING)
    if as_json:
        with _telling_refusals(lambda event: click.echo(_write_json(name, event))) as tell:
            yield tell
    elif sys.stderr.isatty():
        with _open_live(name) as tell:
            yield tell
    else:
        yield lambda event: say(_write_line(name, event))


@contextmanager
def _telling_refusals(tell: Tell) -> Iterator[Tell]:
    """Tell programs, too, what people read on stderr."""
    try:
        yield tell
    except WakeproxyError as error:
        tell(Event(Kind.RESULT, str(error), {"outcome": "refused", "exit_status": error.exit_status}))
        raise


def _write_json(name: str, event: Event) -> str:
    told = {"at": now().isoformat(), "event": str(event.kind), "service": name, "text": event.text}
    return json.dumps({**told, **event.details}, default=str)


def _write_line(name: str, event: Event) -> str:
    return f"{now():%H:%M:%S}  {name}  {_mark(event)}{event.text}"


def _mark(event: Event) -> str:
    return {Kind.WARNING: "warning: ", Kind.SERVICE_EVENT: "ECS: ", Kind.TASK_FAILED: "a task failed: "}.get(
        event.kind, ""
    )


@contextmanager
def _open_live(name: str) -> Iterator[Tell]:
    """Keep the counts in place below the lines that stay."""
    from rich.console import Console  # noqa: PLC0415 - only who watches at a terminal needs it
    from rich.text import Text  # noqa: PLC0415

    console = Console(stderr=True, highlight=False)
    with console.status(Text(f"{name}: begins")) as status:

        def tell(event: Event) -> None:
            if event.kind is Kind.PROGRESS:
                status.update(Text(f"{name}: {event.text}"))
            else:
                console.print(Text(_write_line(name, event)), soft_wrap=True)

        yield tell
