"""Visitors who keep coming while a service is rolled out, and the rollout itself."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.world import CLUSTER, PROGRAM, Front, World, call_ecs, visit

PATIENCE = 120.0
_PAUSE = 0.01
"""Seconds between two requests of one visitor: a steady load that leaves the machine time for the rest."""
_SLOW = 2.5
"""Seconds of a slow answer: longer than the front needs to hear that a task is being stopped."""
_BODY = b"an order " * 3000
_ONCE: Mapping[str, str] = {"Connection": "close"}


@dataclass
class Load:
    """What visitors were told."""

    told: list[str] = field(default_factory=list)
    """Which revisions showed their page, in the order of the answers."""
    served: int = 0
    failures: list[str] = field(default_factory=list)

    async def until_told(self, name: str) -> None:
        """Wait until a revision has shown its page."""
        async with asyncio.timeout(PATIENCE):
            while name not in self.told:
                await asyncio.sleep(0.02)

    async def more(self, count: int) -> None:
        """Wait for so many further answers."""
        wanted = self.served + count
        async with asyncio.timeout(PATIENCE):
            while self.served < wanted:
                await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Visitors:
    """Those who visit one service, each in his own way, one request after the other."""

    session: aiohttp.ClientSession
    url: str
    load: Load

    async def browse(self, **how: Any) -> None:
        """Look at the page, which tells its revision."""
        page = (await self._ask("GET", "/", **how)).decode()
        found = re.search(r"<title>(.*?), I am awake", page)
        assert found, page
        self.load.told.append(found[1])

    async def order(self, **how: Any) -> None:
        """Post what must arrive once and whole."""
        assert await self._ask("POST", "/api/mirror", data=_BODY, **how) == _BODY

    async def wait(self, **how: Any) -> None:
        """Ask for what takes long to begin."""
        assert await self._ask("POST", f"/api/sleep?seconds={_SLOW}", **how) == b"awake again\n"

    async def listen(self, **how: Any) -> None:
        """Ask for what takes long to end."""
        drops = await self._ask("GET", f"/api/drip?seconds={_SLOW}", **how)
        assert drops.count(b"drop") == round(_SLOW * 10)

    async def talk(self) -> None:
        """Talk over a WebSocket until the app says goodbye, and come back."""
        async with self.session.ws_connect(self.url + "/ws", headers=PROGRAM) as socket:
            while (heard := await _say(socket, "hello")).type is aiohttp.WSMsgType.TEXT:
                self.load.served += 1
                await asyncio.sleep(_PAUSE)
            # The client's own `close_code` is another where its answer to the goodbye came too late.
            assert (heard.type, heard.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY), heard

    async def follow(self) -> None:
        """Follow events until the stream ends as it should, and come back."""
        async with self.session.get(self.url + "/events", headers=PROGRAM) as answer:
            assert answer.status == 200, await answer.text()
            async for _ in answer.content:
                self.load.served += 1

    async def _ask(self, method: str, target: str, *, headers: Mapping[str, str] = PROGRAM, **how: Any) -> bytes:
        async with self.session.request(method, self.url + target, headers=headers, **how) as answer:
            body = await answer.read()
            assert answer.status == 200, f"{answer.status} {body.decode()}"
            self.load.served += 1
            return body


async def _say(socket: aiohttp.ClientWebSocketResponse, text: str) -> aiohttp.WSMessage:
    """Say something; returns its echo, or what ended the talk."""
    with suppress(aiohttp.ClientConnectionError):  # it was closed a moment ago: what comes now says why
        await socket.send_str(text)
    while (heard := await socket.receive()).type is aiohttp.WSMsgType.TEXT and heard.json().get("echo") != text:
        pass
    return heard


@asynccontextmanager
async def visiting(front: Front, name: str, *, live: bool = False) -> AsyncIterator[Load]:
    """Let visitors come all the while."""
    load, is_over = Load(), asyncio.Event()
    async with visit() as session:
        visitors = Visitors(session, front.url(name, ""), load)
        once = {"headers": {**PROGRAM, **_ONCE}}
        ways: list[Callable[[], Awaitable[None]]] = (
            [visitors.talk, visitors.follow]
            if live
            else [
                visitors.browse,
                lambda: visitors.browse(**once),
                visitors.order,
                lambda: visitors.order(**once),
                visitors.wait,
                visitors.listen,
            ]
        )
        tasks = [asyncio.create_task(_keep_coming(way, load, is_over)) for way in ways]
        try:
            yield load
        finally:
            is_over.set()
            if live:
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_coming(way: Callable[[], Awaitable[None]], load: Load, is_over: asyncio.Event) -> None:
    while not is_over.is_set():
        try:
            await way()
        except (AssertionError, aiohttp.ClientError, OSError) as error:
            load.failures.append(f"{type(error).__name__}: {error}")
        await asyncio.sleep(_PAUSE)


async def roll_out(world: World, name: str, **changes: Any) -> str:
    """Tell ECS to replace a service's tasks by those of a new revision; returns the deployment's id."""
    running = (await world.describe(name))["taskDefinition"]
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": running})
    before = told["taskDefinition"]
    (container,) = before["containerDefinitions"]
    kept = ("family", "requiresCompatibilities", "networkMode", "cpu", "memory")
    made = await call_ecs(
        world.url,
        "RegisterTaskDefinition",
        {key: before[key] for key in kept} | {"containerDefinitions": [container | changes]},
    )
    updated = await call_ecs(
        world.url,
        "UpdateService",
        {"cluster": CLUSTER, "service": name, "taskDefinition": made["taskDefinition"]["taskDefinitionArn"]},
    )
    deployment: str = updated["service"]["deployments"][0]["id"]
    return deployment


async def until_rolled_out(world: World, name: str) -> Mapping[str, Any]:
    """Wait until one deployment is left and it is complete, and no task of another runs; returns that deployment."""
    async with asyncio.timeout(PATIENCE):
        while True:
            service = await world.describe(name)
            (first, *others) = service["deployments"]
            deployment: Mapping[str, Any] = first
            if not others and first["rolloutState"] == "COMPLETED" and not await _count_leaving(world, name):
                return deployment
            await asyncio.sleep(0.05)


async def _count_leaving(world: World, name: str) -> int:
    listed = await call_ecs(
        world.url, "ListTasks", {"cluster": CLUSTER, "serviceName": name, "desiredStatus": "STOPPED"}
    )
    if not listed["taskArns"]:
        return 0
    told = await call_ecs(world.url, "DescribeTasks", {"cluster": CLUSTER, "tasks": listed["taskArns"]})
    return sum(task["lastStatus"] != "STOPPED" for task in told["tasks"])


def named(name: str) -> list[Mapping[str, str]]:
    """Write the environment that gives a revision its name."""
    return [{"name": "NAME", "value": name}]
