"""``wakeproxy sweep``: one pass of the sleeper, with every decision and its reason."""

from collections.abc import Sequence

import click

from wakeproxy.bootstrap import open_house
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, print_table
from wakeproxy.engine.sleeper import Decision, describe_decision
from wakeproxy.settings import Settings


@click.command("sweep")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@as_json
@with_settings
def command(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    """Judge every service once, put to sleep what nobody uses, and wake what must be up at this hour."""
    decisions = run(_sweep(settings, is_dry_run=dry_run))
    if as_json:
        print_json({"ok": True, "dry_run": dry_run, "decisions": [describe_decision(one) for one in decisions]})
        return
    print_table(
        ("SERVICE", "DECISION", "REASON"),
        [(decision.service, decision.outcome, decision.reason) for decision in decisions],
    )


async def _sweep(settings: Settings, *, is_dry_run: bool) -> Sequence[Decision]:
    async with open_house(settings) as house:
        return await house.sleeper().sweep(is_dry_run=is_dry_run)
