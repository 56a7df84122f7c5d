"""What commands print: one JSON document for programs, tables and progress for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table


def print_json(document: Mapping[str, Any]) -> None:
    """Print the one document of a ``--json`` command."""
    click.echo(json.dumps(document, indent=2, default=str))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, coloured where a terminal reads it."""
    from rich.console import Console  # noqa: PLC0415 - only tables need it, and it takes a while to load

    Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty()).print(make_table(headings, rows))


def make_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> "Table":
    """Make a table to be printed; what stands in it is text, whatever it looks like."""
    from rich.table import Table  # noqa: PLC0415 - only tables need it, and it takes a while to load
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def show_span(seconds: float) -> str:
    """Write a span as people say it, in its two largest units: ``45 s``, ``14 min 30 s``, ``2 h 5 min``."""
    rest = round(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def say(line: str) -> None:
    """Tell progress, on stderr."""
    click.echo(line, err=True)
