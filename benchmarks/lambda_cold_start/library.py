"""The same by AWS's client library, as the front opens it."""

import asyncio
import os
import sys
from pathlib import Path

from wakeproxy.bootstrap import open_house
from wakeproxy.ports import Look
from wakeproxy.settings import load_settings


async def answer() -> None:
    settings = load_settings(Path(os.environ["WAKEPROXY_CONFIG"]), environ=os.environ)
    async with open_house(settings) as house:
        service = house.find(sys.argv[1])
        record = (await house.ledger.read([service.name]))[service.name]
        seen = (await house.fleet.observe([Look(service.ecs, service.address)]))[service.ecs]
        address = next((task.public_address for task in seen.tasks), None)
        print(record.generation, seen.desired, address)


asyncio.run(answer())
