"""``wakeproxy sweep``: one pass of the sleeper, with every decision and its reason."""

from collections.abc import Sequence

import click

from wakeproxy.bootstrap import open_house
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, print_table
from wakeproxy.core.idleness import Sleep
from wakeproxy.engine.sleeper import Decision
from wakeproxy.settings import Settings


@click.command("sweep")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@as_json
@with_settings
def command(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    """Judge every service once, and put to sleep what nobody uses."""
    decisions = run(_sweep(settings, is_dry_run=dry_run))
    if as_json:
        print_json({"ok": True, "dry_run": dry_run, "decisions": [_document(one) for one in decisions]})
        return
    print_table(("SERVICE", "DECISION", "REASON"), [_row(one, is_dry_run=dry_run) for one in decisions])


async def _sweep(settings: Settings, *, is_dry_run: bool) -> Sequence[Decision]:
    async with open_house(settings) as house:
        return await house.sleeper().sweep(is_dry_run=is_dry_run)


def _document(decision: Decision) -> dict[str, object]:
    return {
        "service": decision.service,
        "decision": "sleep" if isinstance(decision.judgement, Sleep) else "stay",
        "reason": decision.judgement.reason,
        "slept": decision.is_done,
        "note": decision.note,
    }


def _row(decision: Decision, *, is_dry_run: bool) -> tuple[str, str, str]:
    if not isinstance(decision.judgement, Sleep):
        told = "stays"
    elif is_dry_run:
        told = "would sleep"
    else:
        told = "put to sleep" if decision.is_done else "left awake"
    return decision.service, told, "; ".join(filter(None, (decision.judgement.reason, decision.note)))
