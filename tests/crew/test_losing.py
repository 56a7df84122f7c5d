"""Workers that are killed, and a crew that is told to stop."""

import asyncio
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.crew.conftest import FOLLOWER, OWNER, PATIENCE, Crew, count_wakes, run_crew, until_wake
from tests.upstream.wire import Line, read_head
from tests.world import BROWSER, World


async def drip(crew: Crew, index: str, seconds: float) -> Line:
    """Begin a long download from a certain worker."""
    line = await crew.dial(index)
    await line.say(crew.request("shop", f"/api/drip?seconds={seconds}"))
    async with asyncio.timeout(PATIENCE):
        assert (await read_head(line.reader)).status == 200
    return line


def any_runs(pids: Iterable[int]) -> bool:
    return any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.fixture
async def awake(crew: Crew) -> Crew:
    """A crew whose service is awake."""
    assert (await crew.ask(OWNER, "shop", "/healthz")).status == 200
    await crew.until_phase(FOLLOWER, "shop", "AWAKE")
    return crew


async def test_a_killed_follower_loses_only_its_own_connections_and_comes_back(awake: Crew) -> None:
    kept, lost = await drip(awake, OWNER, 1.5), await drip(awake, FOLLOWER, 1.5)

    after = await awake.kill(FOLLOWER)

    assert not (await lost.ends()).endswith(b"0\r\n\r\n")
    assert (await kept.reader.readuntil(b"0\r\n\r\n")).count(b"drop") == 15
    assert (await awake.ask(FOLLOWER, "shop", "/api/echo")).status == 200
    assert awake.workers()[FOLLOWER] == after
    for line in (kept, lost):
        await line.close()


async def test_a_killed_owner_takes_nobody_elses_connection_and_nothing_awake_away(awake: Crew, world: World) -> None:
    kept = await drip(awake, FOLLOWER, 1.5)
    before = awake.workers()[OWNER]
    steady = await awake.dial(FOLLOWER)

    os.kill(before, signal.SIGKILL)
    statuses: set[int] = set()
    async with asyncio.timeout(PATIENCE):
        while awake.workers().get(OWNER, before) == before or len(statuses) == 0:
            await steady.say(awake.request("shop", "/api/echo"))
            statuses.add((await steady.hear()).status)
    again = await awake.ask(OWNER, "shop", "/api/echo")

    assert statuses == {200}
    assert again.status == 200
    assert "Wakeproxy-Cold-Start" not in again, "the new owner knows from the follower what is awake"
    assert (await kept.reader.readuntil(b"0\r\n\r\n")).count(b"drop") == 15
    assert await count_wakes(world) == 1
    for line in (kept, steady):
        await line.close()


async def test_a_wake_asked_for_while_there_is_no_owner_is_made_by_the_next(crew: Crew, world: World) -> None:
    line = await crew.dial(FOLLOWER)
    os.kill(crew.workers()[OWNER], signal.SIGKILL)

    await line.say(crew.request("shop", "/api/echo"))
    answer = await line.hear()
    await line.close()

    assert answer.status == 200
    assert await count_wakes(world) == 1


async def test_a_hold_on_a_follower_outlives_the_owner_that_began_the_wake(crew: Crew, world: World) -> None:
    await world.control("POST", "faults", {"kind": "capacity", "target": "apps/shop", "times": None})
    line = await crew.dial(FOLLOWER)
    await line.say(crew.request("shop", "/api/echo"))
    await until_wake(world)

    await crew.kill(OWNER)
    await world.control("DELETE", "faults")
    answer = await line.hear()
    await line.close()

    assert answer.status == 200
    assert await count_wakes(world) == 1


async def test_what_a_follower_has_in_use_outlives_the_owner(world: World) -> None:
    keys = {"flush_interval": "1s", "sleeper": {"every": "1s"}}
    config = world.configure({"shop": {"idle_after": "1s", "min_awake": "0s"}}, **keys)

    async with run_crew(config) as crew:
        assert (await crew.ask(FOLLOWER, "shop", "/healthz")).status == 200
        line = await drip(crew, FOLLOWER, 8)
        await crew.kill(OWNER)
        rest = await line.reader.readuntil(b"0\r\n\r\n")
        desired = (await world.describe("shop"))["desiredCount"]
        await line.close()

    assert b"drop 79" in rest
    assert desired == 1


async def test_told_to_stop_every_worker_finishes_what_runs_and_none_is_left(awake: Crew) -> None:
    slow = [await drip(awake, index, 1.5) for index in (OWNER, FOLLOWER)]
    workers, folder = awake.workers().values(), awake.folder()

    awake.process.terminate()
    rest = [await line.reader.read() for line in slow]
    async with asyncio.timeout(PATIENCE):
        status = await awake.process.wait()

    assert status == 0
    assert all(each.endswith(b"0\r\n\r\n") for each in rest), "to their very end"
    assert not any_runs(workers)
    assert not folder.exists()
    for line in slow:
        await line.close()


async def test_workers_end_when_their_supervisor_is_killed(awake: Crew) -> None:
    workers, folder = awake.workers().values(), awake.folder()

    awake.process.kill()
    async with asyncio.timeout(PATIENCE):
        while any_runs(workers):
            await asyncio.sleep(0.02)

    assert not folder.exists()


async def test_a_hold_on_a_stopping_follower_is_still_served(crew: Crew, world: World) -> None:
    await world.control("POST", "faults", {"kind": "capacity", "target": "apps/shop", "times": None})
    line = await crew.dial(FOLLOWER)
    await line.say(crew.request("shop", "/api/echo"))
    await until_wake(world)

    crew.process.terminate()
    await world.control("DELETE", "faults")
    answer = await line.hear()
    await line.close()

    assert answer.status == 200


async def test_a_second_crew_does_not_share_the_port_of_the_first(crew: Crew, world: World) -> None:
    config = world.configure({"shop": {}}, listen=f"127.0.0.1:{crew.port}")

    with pytest.raises(AssertionError, match="cannot listen: Address already in use"):
        async with run_crew(config):
            pass
    page = await crew.ask(FOLLOWER, "shop", "/", **BROWSER)

    assert page.status == 503
