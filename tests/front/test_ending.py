"""A front that ends in the middle of something: told to, or killed."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.frames import CloseCode

from tests.upstream.wire import ask, dial, head, read_head
from tests.world import BROWSER, PROGRAM, Front, World, run_front, run_sandbox

PATIENCE = 60.0
SOON = timedelta(seconds=8).total_seconds()
"""Well below the time a front may take to finish what runs."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with run_sandbox(tmp_path) as world:
        await world.create("shop")
        yield world


def request(front: Front, target: str, who: dict[str, str], *, method: str = "GET") -> bytes:
    fields = [f"{name}: {value}" for name, value in who.items()]
    return head(f"{method} {target} HTTP/1.1", f"Host: shop.localhost:{front.port}", *fields)


async def wakes(world: World) -> int:
    calls = (await world.control("GET", "calls"))["calls"]
    return sum(call["operation"] == "UpdateService" and call["params"]["desiredCount"] > 0 for call in calls)


async def test_a_wake_outlives_the_front_that_began_it(world: World) -> None:
    await world.control("POST", "faults", {"kind": "capacity", "target": "apps/shop", "times": None})
    config = world.configure({"shop": {"hold_for": "20s"}})

    async with run_front(config) as first:
        async with dial(first.port) as line:
            await line.say(request(first, "/", BROWSER))
            assert (await line.hear()).status == 503
        async with asyncio.timeout(PATIENCE):
            while not await wakes(world):
                await asyncio.sleep(0.02)
        first.process.kill()
        assert await first.process.wait() == -signal.SIGKILL

    async with run_front(config) as second, dial(second.port) as line:
        told = await second.until("shop", "WAKING")
        await line.say(request(second, "/api/echo?kept", PROGRAM))
        await world.control("DELETE", "faults")
        answer = await line.hear()

    assert told["phase"] == "WAKING", "it carries on where the other was killed"
    assert (answer.status, b'"query": "kept"' in answer.body) == (200, True)
    assert await wakes(world) == 1


async def takes_connections(port: int) -> bool:
    try:
        async with dial(port):
            return True
    except ConnectionError:
        return False


async def test_told_to_stop_it_finishes_what_runs_and_takes_nothing_new(world: World) -> None:
    await world.create("quiet")
    config = world.configure({"shop": {}, "quiet": {"wake_on": "click"}})

    async with run_front(config) as front, dial(front.port) as slow, dial(front.port) as page, dial(front.port) as idle:
        for line, target in ((idle, "/healthz"), (slow, "/api/drip?seconds=1.5")):
            await line.say(request(front, target, PROGRAM))
            assert (await read_head(line.reader)).status == 200
        await page.say(head("GET /.wakeproxy/events HTTP/1.1", "Host: quiet.localhost"))
        assert (await read_head(page.reader)).status == 200

        front.process.terminate()
        async with asyncio.timeout(SOON):
            while await takes_connections(front.port):
                await asyncio.sleep(0.02)
            rest = await slow.reader.read()
            assert await front.process.wait() == 0

    assert b"drop 14" in rest
    assert rest.endswith(b"0\r\n\r\n"), "to its very end"


WEBSOCKETS = """
import asyncio
from websockets.asyncio.server import serve

async def echo(socket):
    async for message in socket:
        await socket.send(message)

async def main():
    async with serve(echo, "0.0.0.0", 8080):
        await asyncio.Future()

asyncio.run(main())
"""


async def ask_admin(front: Front, path: str) -> tuple[int, dict[str, Any]]:
    answer = await ask(front.admin, head(f"GET {path} HTTP/1.1", "Host: localhost"))
    return answer.status, json.loads(answer.body)


async def test_told_to_stop_it_says_so_before_it_closes_and_nobody_loses_anything(world: World) -> None:
    await world.create("chat", image="x", command=["python", "-c", WEBSOCKETS])
    config = world.configure({"shop": {}, "chat": {}}, timeouts={"drain_delay": "1s"})

    async with run_front(config) as front, dial(front.port) as slow, dial(front.port) as idle:
        chat = await connect(
            f"ws://chat.localhost:{front.port}/", host="127.0.0.1", port=front.port, proxy=None, open_timeout=PATIENCE
        )
        await chat.send("hello")
        assert await chat.recv() == "hello"
        await idle.say(request(front, "/healthz", PROGRAM))
        assert (await idle.hear()).status == 200
        await slow.say(request(front, "/api/drip?seconds=3", PROGRAM))
        assert (await read_head(slow.reader)).status == 200

        front.process.terminate()
        async with asyncio.timeout(SOON):
            while (told := await ask_admin(front, "/readyz")) == (200, {"status": "ok", "faults": []}):
                await asyncio.sleep(0.02)
            assert told == (503, {"status": "draining"})
            assert await ask_admin(front, "/healthz") == (200, {"status": "ok"})
            assert (await ask(front.port, request(front, "/healthz", PROGRAM))).status == 200, "it still serves"

            while await takes_connections(front.port):
                await asyncio.sleep(0.02)
            assert (await ask_admin(front, "/readyz"))[0] == 503, "operators see it until the last has left"
            assert (await slow.reader.read()).endswith(b"0\r\n\r\n")
            await slow.close()
            assert await idle.ends() == b""
            await chat.wait_closed()
            assert await front.process.wait() == 0

    assert chat.close_code == CloseCode.GOING_AWAY


async def test_told_twice_it_ends_at_once(world: World) -> None:
    async with run_front(world.configure({"shop": {}})) as front, dial(front.port) as slow:
        await slow.say(request(front, "/api/drip?seconds=60", PROGRAM))
        assert (await read_head(slow.reader)).status == 200
        front.process.terminate()
        async with asyncio.timeout(SOON):
            while await takes_connections(front.port):
                await asyncio.sleep(0.02)
        assert front.process.returncode is None

        front.process.terminate()
        async with asyncio.timeout(1):
            assert await front.process.wait() == -signal.SIGTERM


async def test_a_hangup_makes_it_go_on_in_a_new_access_log(world: World) -> None:
    path = world.folder / "access.log"
    config = world.configure({"shop": {"wake_on": "click"}}, access_log={"format": "combined", "to": str(path)})

    async with run_front(config) as front:
        await ask(front.port, request(front, "/before", PROGRAM))
        async with asyncio.timeout(PATIENCE):
            while b"/before" not in said_in(path):
                await asyncio.sleep(0.02)
            path.rename(world.folder / "access.log.1")
            front.process.send_signal(signal.SIGHUP)
            while b"/after" not in said_in(path):
                await ask(front.port, request(front, "/after", PROGRAM))
                await asyncio.sleep(0.02)

    assert b"/before" not in said_in(path)


def said_in(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
