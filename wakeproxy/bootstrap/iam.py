"""The policy of a role for what is configured: settings become its scope."""

from wakeproxy.aws.clients import Access
from wakeproxy.aws.identity import read_account
from wakeproxy.bootstrap.house import guard
from wakeproxy.core.iam import Account, Found, Scope, scope_of
from wakeproxy.settings import OPT_IN_VALUES, DynamoUrl, Settings

_EVERYWHERE = ("*",)


def read_scope(settings: Settings) -> Scope:
    """Say what wakeproxy acts upon with these settings."""
    found = None
    if settings.discover is not None:
        found = Found(settings.discover.clusters or _EVERYWHERE, OPT_IN_VALUES)
    table = settings.ledger.table if isinstance(settings.ledger, DynamoUrl) else None
    return scope_of(settings.services, found=found, table=table)


async def find_account(settings: Settings) -> Account:
    """Find the account that is acted in: that of the role to assume, or that of the credentials.

    Raises:
        AccessDeniedError: there are no credentials.
        FleetError: AWS did not answer.
    """
    aws = settings.aws
    if aws.role_arn is not None:
        return Account(aws.role_arn.split(":")[4], aws.region)
    is_sandbox = guard(settings).admits_sandbox and aws.profile is None
    access = Access(aws.region, aws.endpoint_url, aws.profile, takes_any_keys=is_sandbox)
    return Account(await read_account(access), aws.region)
