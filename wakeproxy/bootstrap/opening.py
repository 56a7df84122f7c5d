"""The house by AWS's client library: what the front and the commands open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wakeproxy.aws.access import Clients, Others
from wakeproxy.aws.clients import open_clients
from wakeproxy.bootstrap.house import House, access_of, furnish
from wakeproxy.settings import Settings


@asynccontextmanager
async def open_house(settings: Settings, *, discovers: bool = True) -> AsyncIterator[House]:
    """Open the adapters; they close when the context ends.

    ``discovers`` finds services by their tags, once, where the settings want it. A ledger that cannot be reached is no
    error here, for what is awake can be served without.

    Raises:
        AccessDeniedError: there are no credentials.
        FleetError: services are to be found by their tags, and cannot be.
    """
    async with open_adapters(settings, discovers=discovers) as (house, _, _):
        yield house


@asynccontextmanager
async def open_adapters(settings: Settings, *, discovers: bool = True) -> AsyncIterator[tuple[House, Clients, Others]]:
    """Open the house, with the clients that it is opened over for whoever has adapters of his own.

    Raises:
        AccessDeniedError: there are no credentials.
        FleetError: services are to be found by their tags, and cannot be.
    """
    async with open_clients(access_of(settings)) as clients, furnish(settings, clients, discovers=discovers) as house:
        assert clients.others is not None, "the client library has them all"
        yield house, clients, clients.others
