"""What commands print: one JSON document for programs, tables and progress for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click


def print_json(document: Mapping[str, Any]) -> None:
    """Print the one document of a ``--json`` command."""
    click.echo(json.dumps(document, indent=2, default=str))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, coloured where a terminal reads it."""
    from rich.console import Console  # noqa: PLC0415 - only tables need it, and it takes a while to load
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty()).print(table)


def say(line: str) -> None:
    """Tell progress, on stderr."""
    click.echo(line, err=True)
