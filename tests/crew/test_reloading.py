"""A config that changes under several workers: each visitor finds the new, whichever answers him."""

import asyncio
from pathlib import Path

from tests.crew.conftest import FOLLOWER, OWNER, PATIENCE, Crew, count_wakes, run_crew, until_wake
from tests.upstream.wire import read_head
from tests.world import BROWSER, World


async def until_served(crew: Crew, name: str, status: int = 200) -> None:
    """Wait until every worker knows of a service, or does not."""
    async with asyncio.timeout(PATIENCE):
        for index in (OWNER, FOLLOWER):
            while (await crew.ask(index, name, "/.wakeproxy/status")).status != status:
                await asyncio.sleep(0.05)


async def reload(crew: Crew, world: World, *names: str) -> None:
    world.configure({name: {"hold_for": "20s"} for name in names})
    crew.hang_up()
    await crew.serves(*names)


async def test_every_worker_serves_what_came_and_not_what_went(crew: Crew, world: World) -> None:
    await world.create("blog")
    assert (await crew.ask(FOLLOWER, "shop", "/api/echo")).status == 200
    await reload(crew, world, "blog")
    await until_served(crew, "blog")

    answers = [await crew.ask(index, name, "/api/echo") for index in (FOLLOWER, OWNER) for name in ("blog", "shop")]
    assert [answer.status for answer in answers] == [200, 404, 200, 404]
    assert await count_wakes(world) == 2


async def test_a_file_that_changes_is_taken_up_by_every_worker(crew: Crew, world: World) -> None:
    world.configure({"shop": {}, "blog": {}})

    await until_served(crew, "blog")


async def test_what_is_open_on_a_follower_goes_on_though_its_service_goes(crew: Crew, world: World) -> None:
    assert (await crew.ask(FOLLOWER, "shop", "/api/echo")).status == 200
    line = await crew.dial(FOLLOWER)
    await line.say(crew.request("shop", "/api/drip?seconds=4"))
    async with asyncio.timeout(PATIENCE):
        assert (await read_head(line.reader)).status == 200
        await reload(crew, world, "blog")
        await until_served(crew, "shop", 404)
        rest = await line.reader.readuntil(b"0\r\n\r\n")
    await line.close()

    assert b"drop 39" in rest


async def test_who_waits_on_a_follower_for_what_goes_is_told_at_once(crew: Crew, world: World) -> None:
    await world.control("POST", "faults", {"kind": "capacity", "target": "apps/shop", "times": None})
    line = await crew.dial(FOLLOWER)
    await line.say(crew.request("shop", "/api/echo"))
    await until_wake(world)
    await reload(crew, world, "blog")
    async with asyncio.timeout(15):
        answer = await line.hear()
    await line.close()

    assert answer.status == 404


async def test_workers_that_are_started_anew_serve_what_holds_now(crew: Crew, world: World) -> None:
    await world.create("blog")
    await reload(crew, world, "blog")
    config = world.folder / "wakeproxy.yaml"
    config.write_text("none of this is a config")
    for index in (OWNER, FOLLOWER):
        await crew.kill(index)
        await until_served(crew, "blog")

    assert (await crew.ask(FOLLOWER, "blog", "/api/echo")).status == 200
    assert (await crew.ask(OWNER, "shop", "/api/echo")).status == 404


async def test_a_theme_of_a_new_service_is_shown_by_every_worker(world: World, tmp_path: Path) -> None:
    theme = tmp_path / "mine"
    theme.mkdir()
    (theme / "brand.css").write_text(".mine {}")
    await world.create("blog")
    async with run_crew(world.configure({"shop": {}})) as crew:
        world.configure({"shop": {}, "blog": {"theme": "mine", "wait": "page", "wake_on": "click"}})
        crew.hang_up()
        await until_served(crew, "blog")
        pages = [await crew.ask(index, "blog", "/", **BROWSER) for index in (OWNER, FOLLOWER)]

    assert all(b".mine" in page.body for page in pages)


async def test_services_found_by_their_tags_are_served_by_every_worker_and_through_its_owners_death(
    world: World,
) -> None:
    tags = {"wakeproxy:enable": "true", "wakeproxy:hosts": "blog.localhost", "wakeproxy:hold-for": "20s"}
    async with run_crew(world.configure({}, discover={"every": "1s"})) as crew:
        await world.create("blog", tags=tags)
        await until_served(crew, "blog")
        assert (await crew.ask(FOLLOWER, "blog", "/api/echo")).status == 200
        await world.control("POST", "faults", {"kind": "error", "operation": "GetResources", "times": None})
        await crew.kill(OWNER)

        assert (await crew.ask(FOLLOWER, "blog", "/api/echo")).status == 200
        assert (await crew.ask(OWNER, "blog", "/api/echo")).status == 200
        assert await count_wakes(world) == 1
