"""Several workers before one service: what each visitor sees is the same, whichever answers him."""

import asyncio
import json
import re
from asyncio.subprocess import PIPE

from tests.crew.conftest import FOLLOWER, OWNER, PATIENCE, Crew, count_wakes, run_crew
from tests.front.test_own_prefix import read_events
from tests.upstream.wire import head, read_head
from tests.world import BROWSER, World, drain, run_python


async def test_all_workers_serve_on_one_port_each_under_its_own_name(crew: Crew) -> None:
    echoes = [json.loads((await crew.ask(index, "shop", "/api/echo")).body) for index in (OWNER, FOLLOWER)]

    names = {dict(echo["headers"])["Via"] for echo in echoes}
    assert len(names) == 2
    assert len(crew.workers()) == 2


async def test_visits_on_all_workers_make_one_wake(crew: Crew, world: World) -> None:
    answers = await asyncio.gather(
        *(crew.ask(index, "shop", "/api/echo") for index in (OWNER, FOLLOWER, FOLLOWER, OWNER))
    )

    assert {answer.status for answer in answers} == {200}
    assert any("Wakeproxy-Cold-Start" in answer for answer in answers)  # whoever comes late finds it awake
    assert await count_wakes(world) == 1


async def test_a_followers_page_says_at_once_that_its_visit_wakes(crew: Crew) -> None:
    page = await crew.ask(FOLLOWER, "shop", "/", **BROWSER)

    assert (page.status, page["Wakeproxy-Phase"]) == (503, "WAKING")


async def test_who_follows_a_wake_on_a_follower_hears_when_it_is_ready(crew: Crew) -> None:
    line = await crew.dial(FOLLOWER)
    await line.say(head("GET /.wakeproxy/events HTTP/1.1", "Host: shop.localhost", "User-Agent: a-page"))
    async with asyncio.timeout(PATIENCE):
        assert (await read_head(line.reader)).status == 200
        kinds = [kind async for kind, _ in read_events(line)]
    await line.close()

    assert kinds[-1] == "ready"
    assert set(kinds[:-1]) == {"progress"}


async def test_wakes_are_bounded_for_all_workers_together(world: World) -> None:
    for name in ("two", "three"):
        await world.create(name)
    config = world.configure({"shop": {}, "two": {}, "three": {}}, limits={"wakes_per_minute": 2})

    async with run_crew(config) as crew:
        first = await crew.ask(OWNER, "shop", "/api/echo")
        second = await crew.ask(FOLLOWER, "two", "/api/echo")
        refused = [await crew.ask(index, "three", "/api/echo") for index in (OWNER, FOLLOWER)]

    assert (first.status, second.status) == (200, 200)
    assert [answer.status for answer in refused] == [429, 429]
    assert await count_wakes(world) == 2


async def test_the_admin_listener_tells_of_all_workers(crew: Crew) -> None:
    for index in (OWNER, FOLLOWER):
        assert (await crew.ask(index, "shop", "/api/echo")).status == 200
    lines = [await crew.dial(index) for index in (OWNER, FOLLOWER)]
    for line in lines:
        await line.say(crew.request("shop", "/api/drip?seconds=30"))
        assert (await read_head(line.reader)).status == 200

    metrics = await crew.admin_json("/metrics")
    told = await crew.admin_json("/api/services/shop")
    for line in lines:
        await line.close()

    assert told["in_flight"] == 2
    assert 'wakeproxy_in_flight{service="shop"} 2.0' in metrics
    assert sum(map(float, re.findall(r"^wakeproxy_requests_total\{.*\} (.*)$", metrics, re.MULTILINE))) == 2.0
    assert "wakeproxy_visitor_connections 2.0" in metrics


async def test_what_only_a_follower_has_in_use_is_not_put_to_sleep(world: World) -> None:
    keys = {"flush_interval": "1s", "sleeper": {"every": "1s"}}
    config = world.configure({"shop": {"idle_after": "1s", "min_awake": "0s", "ready": {"path": "/healthz"}}}, **keys)

    async with run_crew(config) as crew:
        line = await crew.dial(FOLLOWER)
        await line.say(crew.request("shop", "/api/drip?seconds=8"))
        async with asyncio.timeout(PATIENCE):
            assert (await read_head(line.reader)).status == 200
            rest = await line.reader.readuntil(b"0\r\n\r\n")
        await line.close()
        desired = (await world.describe("shop"))["desiredCount"]
        await crew.until_phase(FOLLOWER, "shop", "ASLEEP")

    assert b"drop 79" in rest
    assert desired == 1


async def test_the_demo_has_as_many_workers_as_asked_for() -> None:
    command = ("wakeproxy", "demo", "--port", "0", "--admin-port", "0", "--timing", "instant", "--workers", "2")
    async with run_python(command, stderr=PIPE) as process:
        assert process.stderr
        async with asyncio.timeout(PATIENCE):
            line = (await process.stderr.readuntil(b"http://hello.localhost:")) + await process.stderr.readline()
        drain(process.stderr)
        demo = Crew(process, int(line.rpartition(b":")[2].split(b"/")[0]), 0)
        answers = [await demo.ask(index, "hello", "/api/echo") for index in (FOLLOWER, OWNER)]

    assert [answer.status for answer in answers] == [200, 200]
    assert process.returncode == 0


async def test_a_followers_page_tells_of_the_stay_and_its_button_works(world: World) -> None:
    config = world.configure({"shop": {"keep_awake_for": "2h"}}, flush_interval="100ms")

    async with run_crew(config) as crew:
        assert (await crew.ask(OWNER, "shop", "/api/echo")).status == 200
        await crew.until_phase(FOLLOWER, "shop", "AWAKE")
        before = json.loads((await crew.ask(FOLLOWER, "shop", "/.wakeproxy/status")).body)
        line = await crew.dial(FOLLOWER)
        await line.say(crew.request("shop", "/.wakeproxy/keep-awake").replace(b"GET ", b"POST ", 1))
        pressed = await line.hear()
        page = await crew.ask(FOLLOWER, "shop", "/.wakeproxy/", **BROWSER)
        await line.close()
        async with asyncio.timeout(PATIENCE):
            while (told := json.loads((await crew.ask(OWNER, "shop", "/.wakeproxy/status")).body))["stays"] != "kept":
                await asyncio.sleep(0.02)

    assert before["stays"] == "used"
    assert 880 < before["sleeps_in_seconds"] <= 901
    assert (pressed.status, json.loads(pressed.body)["stays"]) == (202, "kept")
    assert (page.status, page["Wakeproxy-Phase"]) == (200, "AWAKE")
    assert told["kept_until"] == json.loads(pressed.body)["kept_until"]


async def test_ignored_requests_are_counted_over_all_workers(crew: Crew) -> None:
    for index in (OWNER, FOLLOWER, FOLLOWER):
        assert (await crew.ask(index, "shop", "/", User_Agent="Googlebot/2.1")).status == 503

    assert 'wakeproxy_ignored_total{rule="crawler",service="shop"} 3.0' in await crew.admin_json("/metrics")
    assert (await crew.admin_json("/api/services/shop"))["ignored"] == {"crawler": 3}
