"""``wakeproxy status``: what each service is doing, once or for as long as somebody watches."""

from collections.abc import Sequence

import click

from wakeproxy.bootstrap import now, open_house
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, print_table
from wakeproxy.cli.screens import choose_screen
from wakeproxy.cli.status_table import tabulate
from wakeproxy.cli.statuses import Status, read_statuses
from wakeproxy.cli.watching import watch
from wakeproxy.core.roster import Disabled, describe_disabled
from wakeproxy.settings import Settings


@click.command("status")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--watch", "watches", is_flag=True, help="Tell of every change, until Ctrl-C.")
@as_json
@with_settings
def command(settings: Settings, names: tuple[str, ...], *, watches: bool, as_json: bool) -> None:
    """Tell the phase of each service, when it will sleep, how far its wake is, and what is wrong with it.

    With --watch --json there is one document a line: one for each service, and one for each change of any.
    """
    if watches:
        watch(settings, names, choose_screen(as_json=as_json))
        return
    found, disabled = run(_read(settings, names))
    if as_json:
        print_json({"services": found, "disabled": [describe_disabled(one) for one in disabled]})
    else:
        print_table(*tabulate(found, now(), disabled))


async def _read(settings: Settings, names: Sequence[str]) -> tuple[list[Status], Sequence[Disabled]]:
    async with open_house(settings) as house:
        if names:
            return await read_statuses(house, house.select(names)), ()
        return await read_statuses(house, house.catalog.services), house.catalog.disabled
