"""Where statuses are told while somebody watches: drawn anew in place at a terminal, line by line elsewhere."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import click

from wakeproxy.bootstrap import now
from wakeproxy.cli.output import make_table
from wakeproxy.cli.status_table import tabulate, write_line
from wakeproxy.cli.statuses import Status

_MOVING: Final = frozenset(
    {
        *("percent", "eta_seconds", "elapsed_seconds", "longer_than_usual", "retry_in_seconds", "stages", "events"),
        *("sleeps_in_seconds", "stays_reason", "last_used_at", "in_flight", "ignored"),
    }
)
"""What changes by itself, or with every visit; it is told along with other changes, and is none."""


class Screen(Protocol):
    """Where statuses are told."""

    def show(self, statuses: Sequence[Status]) -> None:
        """Show how everything stands; called every second, whether anything changed or not."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def choose_screen(*, as_json: bool) -> Screen:
    """Choose by who reads: a program, a person at a terminal, or whoever reads lines."""
    if as_json:
        return Lines(lambda status: json.dumps({"at": now().isoformat(), **status}, default=str))
    if sys.stdout.isatty() and sys.stderr.isatty():
        return Board()
    return Lines(lambda status: f"{now():%Y-%m-%dT%H:%M:%SZ}  {write_line(status)}")


class Board:
    """A table that is drawn anew in place."""

    def __init__(self) -> None:
        from rich.live import Live  # noqa: PLC0415 - only who watches at a terminal needs it

        self._live = Live(auto_refresh=False)
        self._live.start()

    def show(self, statuses: Sequence[Status]) -> None:
        """Draw it."""
        self._live.update(make_table(*tabulate(statuses, now())), refresh=True)

    def close(self) -> None:
        """Leave what was drawn last, and give the cursor back."""
        self._live.stop()


class Lines:
    """A line for each service, and then one for each change."""

    def __init__(self, write: Callable[[Status], str]) -> None:
        self._write = write
        self._told: dict[str, Status] = {}

    def show(self, statuses: Sequence[Status]) -> None:
        """Write what is not as it was told."""
        for status in statuses:
            steady = {key: value for key, value in status.items() if key not in _MOVING}
            if self._told.get(status["service"]) != steady:
                self._told[status["service"]] = steady
                click.echo(self._write(status))

    def close(self) -> None:
        """Nothing is to be left otherwise."""
