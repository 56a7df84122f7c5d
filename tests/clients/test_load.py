"""Tools that load and attack servers: every request is answered, and nobody else waits meanwhile."""

import asyncio
import re
from time import monotonic

import pytest

from tests.clients import tools
from tests.clients.apps import tell
from tests.upstream.conftest import Door, open_door, until
from tests.upstream.wire import ask, head, run_app

ATTACKS = {
    "slow heads": ("-H", "-i", "1"),
    "slow bodies": ("-B", "-i", "1", "-s", "8192"),
    "slow readers": ("-X", "-r", "200", "-w", "512", "-y", "1024", "-n", "1", "-z", "32", "-k", "3"),
}


async def test_h2load_gets_every_answer() -> None:
    h2load = tools.find("h2load")
    async with run_app(tell) as app, open_door(app) as door:
        told = await tools.run(h2load, "--h1", "-n", "2000", "-c", "20", f"http://127.0.0.1:{door.port}/")

    assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in told
    assert "2000 2xx" in told


async def test_wrk_gets_every_answer() -> None:
    wrk = tools.find("wrk")
    async with run_app(tell) as app, open_door(app) as door:
        told = await tools.run(wrk, "-t", "1", "-c", "20", "-d", "1s", f"http://127.0.0.1:{door.port}/")

    found = re.search(r"(\d+) requests in", told)
    assert found
    assert int(found[1]) > 100
    assert "Socket errors" not in told
    assert "Non-2xx" not in told


@pytest.mark.parametrize("options", ATTACKS.values(), ids=ATTACKS)
async def test_slow_attackers_are_shown_out_and_hold_nobody_up(options: tuple[str, ...]) -> None:
    attack = tools.find("slowhttptest")
    async with run_app(tell) as app, open_door(app, head=1.0, body=0.8, send=1.0, keep_alive=1.0) as door:
        url = f"http://127.0.0.1:{door.port}/"
        attacking = asyncio.create_task(
            tools.run(attack, "-c", "100", "-r", "100", *options, "-l", "3", "-p", "2", "-u", url)
        )
        await until(lambda: len(door.front.guests) > 50)
        assert await slowest(door) < 1.0
        await attacking
        await until(lambda: not door.front.guests)


async def slowest(door: Door) -> float:
    """Ask ten times on connections of their own; the longest that one took."""
    took = []
    for _ in range(10):
        began = monotonic()
        assert (await ask(door.port, head("GET / HTTP/1.1", "Connection: close"))).status == 200
        took.append(monotonic() - began)
    return max(took)
