"""A first request to wakeproxy: settings, the ledger's record, the service, and its task's address if it has one."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from wakeproxy.bootstrap import House
from wakeproxy.ports import Look
from wakeproxy.settings import Settings, load_settings


def handle(open_house: Callable[[Settings], AbstractAsyncContextManager[House]]) -> None:
    """Answer, with the house opened in one way or the other."""

    async def answer() -> None:
        settings = load_settings(Path(os.environ["WAKEPROXY_CONFIG"]), environ=os.environ)
        async with open_house(settings) as house:
            service = house.find(sys.argv[1])
            record = (await house.ledger.read([service.name]))[service.name]
            seen = (await house.fleet.observe([Look(service.ecs, service.address)]))[service.ecs]
            address = next((task.public_address for task in seen.tasks), None)
            print(record.generation, seen.desired, address)

    asyncio.run(answer())
