"""Whose credentials are in use, as the Security Token Service tells everybody who asks; that needs no permission."""

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError

from wakeproxy.aws.clients import Access
from wakeproxy.aws.faults import translated
from wakeproxy.errors import AccessDeniedError

_CONFIG = AioConfig(connect_timeout=3, read_timeout=10)


async def read_account(access: Access) -> str:
    """Read the number of the account that these credentials belong to, without assuming a role.

    Raises:
        AccessDeniedError: there are no credentials, or they are not good.
        FleetError: AWS did not answer.
    """
    key = "sandbox" if access.takes_any_keys else None
    try:
        session = aioboto3.Session(key, key, region_name=access.region, profile_name=access.profile)
    except BotoCoreError as error:
        raise AccessDeniedError(f"AWS credentials cannot be used: {error} Check aws.profile.") from error
    with translated("tell whose credentials these are"):
        async with session.client("sts", endpoint_url=access.endpoint_url, config=_CONFIG) as sts:
            return str((await sts.get_caller_identity())["Account"])
