"""However many ask at once, there is one wake, and everybody is served."""

import asyncio
from contextlib import suppress

from tests.front.conftest import BROWSER, PROGRAM, Site, limits, make_service, open_site
from tests.upstream.wire import read_head
from wakeproxy.sandbox import Fault, Sandbox

PAGES = HOLDS = 500
PATIENCE_OF_A_CROWD = 60.0


class Doorway:
    """Lets the app come up once everybody has come in."""

    def __init__(self, count: int) -> None:
        self.missing = count
        self.full = asyncio.Event()

    def enter(self) -> None:
        self.missing -= 1
        if not self.missing:
            self.full.set()


async def read_page(site: Site, doorway: Doorway) -> int:
    """Open the page, follow its events until the app is ready, then open it again."""
    first = await site.ask("shop", "/", *BROWSER)
    assert (first.status, first["Wakeproxy-Phase"]) == (503, "WAKING")
    async with site.dial() as line:
        await line.say(site.request("shop", "/.wakeproxy/events"))
        await read_head(line.reader)
        doorway.enter()
        with suppress(asyncio.IncompleteReadError):
            await line.reader.readuntil(b"event: ready\n")
    return (await site.ask("shop", "/", *BROWSER)).status


async def hold(site: Site, doorway: Doorway, number: int) -> int:
    """Send a request that is held."""
    async with site.dial() as line:
        await line.say(site.request("shop", f"/api/echo?{number}", *PROGRAM, method="POST", body=b"%d" % number))
        doorway.enter()
        async with asyncio.timeout(PATIENCE_OF_A_CROWD):
            head = await read_head(line.reader)
            body = await line.reader.readexactly(int(head["Content-Length"]))
    assert f'"query": "{number}"'.encode() in body
    assert f'"body": "{number}"'.encode() in body
    assert float(head["Wakeproxy-Cold-Start"]) > 0
    return head.status


async def test_a_thousand_visitors_at_once_are_one_wake_and_all_are_served(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="capacity", target="apps/shop", times=None))
    raised = limits(held_per_service=HOLDS, held_requests=HOLDS)
    doorway = Doorway(PAGES + HOLDS)
    async with open_site(sandbox, make_service("shop"), limits=raised) as site, asyncio.timeout(PATIENCE_OF_A_CROWD):
        visits = asyncio.gather(
            *(read_page(site, doorway) for _ in range(PAGES)), *(hold(site, doorway, number) for number in range(HOLDS))
        )
        await doorway.full.wait()
        before = len(sandbox.calls)
        sandbox.faults.clear()
        statuses = await visits

        assert statuses == [200] * (PAGES + HOLDS)
        assert site.wakes() == 1
        assert before < 500, "AWS is asked for a service, not for a visitor"
