"""The house by requests of our own: what the Lambdas open, whose visitor waits until all this is loaded.

The client library, aiohttp and what else the front needs is not imported; the adapters are the very same.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wakeproxy.aws.signed import open_signed_clients
from wakeproxy.bootstrap.house import House, access_of, furnish, now
from wakeproxy.settings import Settings


@asynccontextmanager
async def open_light_house(settings: Settings, *, discovers: bool = True) -> AsyncIterator[House]:
    """Open the adapters as `open_house` does, with the same outcome; nothing is called before somebody asks.

    Raises:
        AccessDeniedError: there are no credentials, or a profile is to be used, for which there is no file here.
        FleetError: services are to be found by their tags, and cannot be.
    """
    environ = dict(os.environ)  # noqa: TID251 - here the environment is owned
    async with (
        open_signed_clients(access_of(settings), environ, clock=now) as clients,
        furnish(settings, clients, discovers=discovers) as house,
    ):
        yield house
