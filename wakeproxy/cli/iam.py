"""``wakeproxy iam``: the least that a role must be allowed to do for this config, as a policy to attach."""

import json
import re
from dataclasses import replace
from typing import Any

import click

from wakeproxy.bootstrap.iam import find_account, read_scope
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, say
from wakeproxy.core.iam import LONGEST_POLICY, Account, Role, build_policy
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings
from wakeproxy.settings.aws_names import parse_role
from wakeproxy.settings.findings import quote


@click.command("iam")
@click.argument("role", type=click.Choice([str(role) for role in Role]), default=str(Role.FRONT))
@click.option("--account", metavar="NUMBER", help="The AWS account; that of the credentials, if it is not given.")
@click.option("--family", "families", multiple=True, help="A task definition that deploy registers, besides those "
              "that are named as their services.")  # fmt: skip
@click.option("--pass-role", "roles", multiple=True, metavar="ARN", help="A role that those task definitions name.")
@click.option("--log-group", "log_groups", multiple=True, metavar="NAME", help="A log group that `task run` follows.")
@click.option("--prune", "is_pruned", is_flag=True, help="Also allow deploy to deregister old revisions "
              "(--keep-revisions).")  # fmt: skip
@as_json
@with_settings
def command(settings: Settings, role: str, *, account: str | None, as_json: bool, **more: Any) -> None:
    """Print the policy of ROLE: front, wake and sleep (the Lambdas), or deploy."""
    del as_json  # a policy is JSON either way
    scope = read_scope(settings)
    families = sorted({*scope.families, *more["families"]})
    passed = sorted({parse_role(arn) for arn in more["roles"]})
    where = run(find_account(settings)) if account is None else Account(_parse_account(account), settings.aws.region)
    asked = replace(
        scope,
        families=tuple(families),
        passed_roles=tuple(passed),
        log_groups=tuple(sorted(set(more["log_groups"]))),
        is_pruned=more["is_pruned"],
    )
    policy = build_policy(Role(role), asked, where)
    print_json(policy)
    length = len(json.dumps(policy, separators=(",", ":")))
    if length > LONGEST_POLICY:
        say(
            f"This policy has {length} characters, and a role's may have {LONGEST_POLICY}: "
            "put services into clusters of their own and use discover, which names clusters only."
        )


def _parse_account(text: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", text, re.ASCII):
        raise UsageError(f"{quote(text)} is no AWS account; write its number of 12 digits.")
    return text
