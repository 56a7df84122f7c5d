"""A visit at every millisecond around the call that puts a service to sleep: the app answers each.

The front calls AWS by way of this test, which so knows the moment of each `UpdateService(0)`, and lets it pass when
it wants to: a visit before the call is a visit while the call is on its way, as it is for some 100 ms on AWS.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.e2e.fronts import PATIENCE, admin
from tests.world import PROGRAM, Front, World, run_front, run_sandbox, visit

OFFSETS = range(-100, 404)
"""Milliseconds."""
NAMES = [f"s{number}" for number in range(len(OFFSETS) // 4)]
"""Services; each is put to sleep four times, for an offset of its own."""
IDLE_SECONDS = 1.2
"""Longer than they may be idle and a flush interval."""
APP = """
import selectors, socket
server, doors = socket.create_server(("0.0.0.0", 8080), backlog=64), selectors.DefaultSelector()
doors.register(server, selectors.EVENT_READ)
heard = {}
while True:
    for key, _ in doors.select():
        if key.fileobj is server:
            visitor, _ = server.accept()
            doors.register(visitor, selectors.EVENT_READ)
            heard[visitor] = b""
            continue
        visitor = key.fileobj
        try:
            said = visitor.recv(65536)
        except OSError:
            said = b""
        heard[visitor] += said
        head, end, body = heard[visitor].partition(b"\\r\\n\\r\\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\\r\\n")[0]
        if not said:
            doors.unregister(visitor)
            visitor.close()
        elif end and len(body) == int(length or 0):
            heard[visitor] = b""
            answer = head.split()[0] + b" " + body
            visitor.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(answer), answer))
"""
"""Starts in an instant, and ends at once when it is told to."""


@dataclass
class Crossing:
    """Where the front's calls to AWS pass, and those that put a service to sleep meet their visits."""

    sandbox: str
    session: aiohttp.ClientSession
    url: str = ""
    lowered: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    """By service, the moment when its call goes on."""
    offsets: Mapping[str, int] = field(default_factory=dict)

    def aim(self, offsets: Mapping[str, int]) -> None:
        """Expect a call for each of these services, and a visit at its offset."""
        loop = asyncio.get_running_loop()
        self.offsets, self.lowered = offsets, {name: loop.create_future() for name in offsets}

    @property
    def has_met_all(self) -> bool:
        """Whether each service's call has come."""
        return all(lowered.done() for lowered in self.lowered.values())

    async def pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("X-Amz-Target", "").endswith(".UpdateService"):
            asked = json.loads(body)
            if asked["desiredCount"] == 0:
                await self.meet(asked["service"])
        headers = {key: value for key, value in request.headers.items() if key != "Host"}
        async with self.session.request(request.method, self.sandbox, data=body, headers=headers) as answer:
            kind = answer.headers.get("Content-Type", "application/json")
            return web.Response(status=answer.status, body=await answer.read(), headers={"Content-Type": kind})

    async def meet(self, name: str) -> None:
        """Hold a call up for as long as its visit is to be ahead of it."""
        if self.lowered[name].done():
            return
        loop = asyncio.get_running_loop()
        ahead = max(-self.offsets[name], 0) / 1000
        self.lowered[name].set_result(loop.time() + ahead)
        await asyncio.sleep(ahead)


@asynccontextmanager
async def open_crossing(world: World) -> AsyncIterator[Crossing]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        crossing = Crossing(world.url, session)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", crossing.pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        crossing.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield crossing
        await runner.cleanup()


@dataclass(frozen=True)
class Racing:
    """A front before many services of one kind, and visitors of them."""

    front: Front
    crossing: Crossing
    session: aiohttp.ClientSession

    async def use(self, name: str, offset: int) -> tuple[int, str] | None:
        """Visit as a program, every other time so that it must not be sent twice; tells what was no answer to that."""
        method, data = ("GET", None) if offset % 2 else ("POST", b"kept")
        async with self.session.request(method, self.front.url(name, "/api"), data=data, headers=PROGRAM) as answer:
            found = answer.status, await answer.text()
        return None if found == (200, f"{method} {data.decode() if data else ''}") else found

    async def use_at_offset(self, name: str) -> tuple[int, str] | None:
        """Visit a service when its call goes on, or so long before or after."""
        offset = self.crossing.offsets[name]
        at = await self.crossing.lowered[name] + offset / 1000
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        return await self.use(name, offset)

    async def sweep(self) -> None:
        await admin(self.front, "POST", "/api/sweep")

    async def until_idle(self) -> None:
        """Wait until all are awake and nobody has used them for long enough."""
        phases = {""}
        async with asyncio.timeout(3 * PATIENCE):
            while phases != {"AWAKE"}:
                await asyncio.sleep(0.1)
                phases = {one["phase"] for one in (await admin(self.front, "GET", "/api/services"))["services"]}
        await asyncio.sleep(IDLE_SECONDS)

    async def race(self, offsets: Mapping[str, int]) -> dict[int, tuple[int, str]]:
        """Have all put to sleep and visit each at its offset; tells what was no answer, by offset."""
        self.crossing.aim(offsets)
        visits = asyncio.gather(*map(self.use_at_offset, offsets))
        while not self.crossing.has_met_all:
            await self.sweep()
        return {offset: found for offset, found in zip(offsets.values(), await visits, strict=True) if found}


@pytest.fixture
async def racing(tmp_path: Path) -> AsyncIterator[Racing]:
    async with run_sandbox(tmp_path) as world, open_crossing(world) as crossing:
        for name in NAMES:
            await world.create(name, image="x", command=["python", "-c", APP], desired_count=1, logs=False)
        config = world.configure(
            {name: {"hold_for": "2m", "idle_after": "1s", "min_awake": "0s"} for name in NAMES},
            aws={"region": "eu-central-1", "cluster": "apps", "endpoint_url": crossing.url},
            watch={"waking": "250ms", "awake": "2s", "asleep": "2s"},
            ledger="sqlite:///:memory:",
            flush_interval="100ms",
            sleeper={"every": "1h"},
            limits={"wakes_per_minute": 10_000},
        )
        async with run_front(config) as front, visit() as session:
            yield Racing(front, crossing, session)


async def test_a_visit_at_every_millisecond_around_the_call_is_answered_by_the_app(racing: Racing) -> None:
    failed: dict[int, tuple[int, str]] = {}
    for first in range(0, len(OFFSETS), len(NAMES)):
        await racing.until_idle()
        failed |= await racing.race(dict(zip(NAMES, OFFSETS[first : first + len(NAMES)], strict=True)))

    assert failed == {}, f"at {sorted(failed)} ms"
