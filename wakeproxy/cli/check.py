"""``wakeproxy check``: everything that can be found wrong before anybody visits, at once, each with its remedy."""

from collections import Counter
from collections.abc import Sequence

import click

from wakeproxy.bootstrap import House, load_pages
from wakeproxy.bootstrap.checkups import open_checkup
from wakeproxy.cli.options import as_json, load, run, with_source
from wakeproxy.cli.output import print_json, say
from wakeproxy.core.checkup import Finding, Severity
from wakeproxy.errors import ConfigError, FleetError, LedgerError, UsageError
from wakeproxy.settings import Settings, Source

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@click.command("check")
@click.option("--offline", is_flag=True, help="Check only what lies on this machine: the config and the themes.")
@click.option("--create-table", is_flag=True, help="Make the ledger's DynamoDB table first, if it is missing.")
@as_json
@with_source
def command(source: Source, *, offline: bool, create_table: bool, as_json: bool) -> int:
    """Check the config, its themes and, unless offline, everything in AWS that services need to sleep and wake."""
    findings: Sequence[Finding] = ()
    exit_status = 0
    if offline and create_table:
        raise UsageError("--create-table asks AWS, and --offline does not; leave one of them out.")
    try:
        settings = load(source)
        load_pages(settings)
    except ConfigError as error:
        findings = [Finding(Severity.ERROR, "", sentence) for sentence in error.findings]
        exit_status = error.exit_status
    else:
        if not offline:
            told = run(_ask_aws(settings, creates_table=create_table))
            findings = sorted(told, key=lambda one: (_ORDER.index(one.severity), one.subject))
            exit_status = 1 if _errors(findings) else 0
    if as_json:
        print_json(_describe(findings))
    else:
        for finding in findings:
            click.echo(_show(finding))
        say(_sum_up(findings))
    return exit_status


async def _ask_aws(settings: Settings, *, creates_table: bool) -> Sequence[Finding]:
    try:
        async with open_checkup(settings) as checkup:
            if creates_table:
                await _create_table(checkup.house)
            return await checkup.inspect()
    except (FleetError, LedgerError) as error:
        return [Finding(Severity.ERROR, "", str(error))]


async def _create_table(house: House) -> None:
    if house.table is None:
        raise UsageError(f"There is no table to make: the ledger is {house.settings.ledger}. Set dynamodb://TABLE.")
    is_new = await house.table.create()
    say(f"{house.settings.ledger} {'has been made' if is_new else 'was there already'}")


def _errors(findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.severity is Severity.ERROR]


def _describe(findings: Sequence[Finding]) -> dict[str, object]:
    errors = _errors(findings)
    return {
        "ok": not errors,
        "findings": [str(one) for one in errors],
        "details": [
            {"severity": str(one.severity), "subject": one.subject, "sentence": one.sentence} for one in findings
        ],
    }


def _show(finding: Finding) -> str:
    """Write a finding as a line; errors as they are, all else with a word before it."""
    return str(finding) if finding.severity is Severity.ERROR else f"{finding.severity}: {finding}"


def _sum_up(findings: Sequence[Finding]) -> str:
    counts = Counter(one.severity for one in findings)
    told = [
        f"{count} {severity}{'' if count == 1 else 's'}"
        for severity in (Severity.ERROR, Severity.WARNING)
        if (count := counts[severity])
    ]
    return ", ".join(told) if counts[Severity.ERROR] else ", but ".join(["Nothing is wrong", *told]) + "."
