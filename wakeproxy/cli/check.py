"""``wakeproxy check``: everything that can be found wrong before anybody visits, at once, each with its remedy."""

import click

from wakeproxy.bootstrap import House, load_pages, open_house
from wakeproxy.cli.options import as_json, load, run, with_source
from wakeproxy.cli.output import print_json, say
from wakeproxy.errors import ConfigError, FleetError, LedgerError, UsageError
from wakeproxy.ports import Look
from wakeproxy.settings import Settings, Source


@click.command("check")
@click.option("--offline", is_flag=True, help="Check only what lies on this machine: the config and the themes.")
@click.option("--create-table", is_flag=True, help="Make the ledger's DynamoDB table first, if it is missing.")
@as_json
@with_source
def command(source: Source, *, offline: bool, create_table: bool, as_json: bool) -> int:
    """Check the config, its themes and, unless offline, the ledger and that AWS knows the services."""
    findings: tuple[str, ...] = ()
    exit_status = 0
    if offline and create_table:
        raise UsageError("--create-table asks AWS, and --offline does not; leave one of them out.")
    try:
        settings = load(source)
        load_pages(settings)
    except ConfigError as error:
        findings, exit_status = error.findings, error.exit_status
    else:
        if not offline:
            findings = run(_ask_aws(settings, creates_table=create_table))
            exit_status = 1 if findings else 0
    if as_json:
        print_json({"ok": not findings, "findings": list(findings)})
    else:
        for finding in findings:
            click.echo(finding)
        say(f"{len(findings)} findings" if findings else "Nothing is wrong.")
    return exit_status


async def _ask_aws(settings: Settings, *, creates_table: bool) -> tuple[str, ...]:
    try:
        async with open_house(settings) as house:
            if creates_table:
                await _create_table(house)
            finding = await house.inspect_ledger()
            return (*([finding] if finding else ()), *await _find_missing(house))
    except (FleetError, LedgerError) as error:
        return (str(error),)


async def _create_table(house: House) -> None:
    if house.table is None:
        raise UsageError(f"There is no table to make: the ledger is {house.settings.ledger}. Set dynamodb://TABLE.")
    is_new = await house.table.create()
    say(f"{house.settings.ledger} {'has been made' if is_new else 'was there already'}")


async def _find_missing(house: House) -> tuple[str, ...]:
    services, disabled = house.catalog.services, house.catalog.disabled
    try:
        seen = await house.fleet.observe([Look(service.ecs) for service in services])
    except FleetError as error:
        return (str(error),)
    missing = (
        f"services.{service.name}: ECS knows no active service {service.ecs}; check cluster, name, region and account."
        for service in services
        if not seen[service.ecs].exists
    )
    return (*missing, *(f"{one.ecs}: {reason}" for one in disabled for reason in one.reasons))
