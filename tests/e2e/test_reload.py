"""A config that changes under a front that runs: real processes, real connections that must not notice."""

import asyncio
import os
import pty
import shutil
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.front.test_own_prefix import read_events
from tests.upstream.wire import Line, head, read_head
from tests.world import BROWSER, PROGRAM, Front, World, find_front, run_front, visit

PATIENCE = 60.0
NEVER = {"kind": "capacity", "target": "apps/shop", "times": None}


async def ask(front: Front, name: str, path: str = "/api/echo") -> int:
    """Visit as a program; tells the answer's status."""
    async with visit() as session, session.get(front.url(name, path), headers=PROGRAM) as answer:
        await answer.read()
        return answer.status


async def until_status(front: Front, name: str, status: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await ask(front, name, "/.wakeproxy/status") != status:
            await asyncio.sleep(0.02)


async def until_ready(front: Front, status: str) -> list[str]:
    """Wait until the readiness check says so; tells the faults."""
    async with asyncio.timeout(PATIENCE):
        while (told := await front.admin_json("/readyz"))["status"] != status:
            await asyncio.sleep(0.02)
    faults: list[str] = told["faults"]
    return faults


async def test_services_come_change_and_go_at_a_hangup(world: World) -> None:
    for name in ("shop", "blog", "wiki"):
        await world.create(name)
    async with run_front(world.configure({"shop": {}, "blog": {}})) as front:
        assert [await ask(front, name) for name in ("shop", "blog")] == [200, 200]
        world.configure({"shop": {"display_name": "The Shop"}, "wiki": {}})
        front.hang_up()
        await front.serves("shop", "wiki")

        told = await front.status("shop")
        assert (told["phase"], told["display_name"]) == ("AWAKE", "The Shop")
        assert [await ask(front, name) for name in ("shop", "blog", "wiki")] == [200, 404, 200]
        assert (await world.describe("blog"))["desiredCount"] == 1
        assert (await world.calls())["UpdateService"] == 3


async def test_a_file_that_changes_is_taken_up_by_itself(world: World, tmp_path: Path) -> None:
    for name in ("shop", "blog", "wiki"):
        await world.create(name)
    config = world.configure({"shop": {}})
    async with run_front(config) as front:
        world.configure({"shop": {}, "blog": {}})
        await front.serves("shop", "blog")

        written = tmp_path / "written.yaml"
        shutil.copy(world.configure({"wiki": {}}), written)
        written.replace(config)
        await front.serves("wiki")


async def test_a_file_that_is_still_being_written_is_not_taken_for_the_whole(world: World) -> None:
    await world.create("shop")
    await world.create("blog")
    config = world.configure({"shop": {}})
    async with run_front(config) as front:
        half = world.configure({"blog": {}}).read_text()
        for number in range(12):  # for longer than two looks at the file are apart
            config.write_text(f"{half}# {number}\n")
            await asyncio.sleep(0.5)
            assert await ask(front, "blog") == 404

        await front.serves("blog")


async def test_a_file_behind_links_that_are_swapped_is_taken_up(world: World, tmp_path: Path) -> None:
    """As Kubernetes does it: the file is a link into ``..data``, which is a link that is replaced."""
    await world.create("shop")
    for version, name in (("first", "shop"), ("second", "blog")):
        (tmp_path / version).mkdir()
        world.configure({name: {}}).rename(tmp_path / version / "wakeproxy.yaml")
    (tmp_path / "..data").symlink_to("first")
    config = tmp_path / "linked.yaml"
    config.symlink_to("..data/wakeproxy.yaml")
    async with run_front(config) as front:
        await front.serves("shop")
        (tmp_path / "..next").symlink_to("second")
        (tmp_path / "..next").rename(tmp_path / "..data")

        await front.serves("blog")


async def test_a_bad_file_changes_nothing_and_is_told_until_it_is_right(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    await world.create("shop")
    config = world.configure({"shop": {}})
    good = config.read_text()
    async with run_front(config) as front:
        config.write_text(good + "idle_aftr: 5\nlimits: {connections: 0}\n")
        front.hang_up()
        faults = await until_ready(front, "degraded")
        assert await ask(front, "shop") == 200
        assert len(faults) == 2
        assert "there is no such key" in faults[0]
        metrics = await front.admin_json("/metrics")
        assert "wakeproxy_config_last_reload_successful 0.0" in metrics

        config.write_text(good)
        front.hang_up()
        assert await until_ready(front, "ok") == []
        metrics = await front.admin_json("/metrics")
        assert "wakeproxy_config_last_reload_successful 1.0" in metrics
        assert "wakeproxy_config_last_reload_success_timestamp_seconds" in metrics
    said = capfd.readouterr().err
    assert "the config is wrong and is not taken up" in said
    assert "idle_aftr: there is no such key" in said
    assert 'limits.connections: "0" is below 1' in said


async def test_what_takes_a_restart_is_said_and_all_else_taken_up(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    await world.create("shop")
    async with run_front(world.configure({"shop": {}})) as front:
        keys = {"listen": "127.0.0.1:1", "limits": {"connections": 5}, "admin": "off"}
        world.configure({"shop": {}, "blog": {}}, **keys)
        front.hang_up()
        await front.serves("shop", "blog")
    said = capfd.readouterr().err

    assert "takes effect after a restart: listen, admin, limits.connections\n" in said
    assert "is served from now on: blog\n" in said


async def test_environment_and_command_line_hold_as_at_the_start(world: World) -> None:
    await world.create("shop", cluster="other")
    config = world.configure({"shop": {}}, aws={"region": "eu-central-1", "endpoint_url": "http://127.0.0.1:1"})
    command = ("wakeproxy", "serve", "-c", str(config), "--cluster", "other", "--endpoint-url", world.url)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        stderr=PIPE,
        env={"PATH": os.environ["PATH"], "WAKEPROXY__SERVICES__SHOP__DISPLAY_NAME": "Ours"},
    )
    try:
        front = await find_front(process)
        world.configure({"shop": {"idle_after": "1h"}}, aws={"region": "eu-central-1"})
        front.hang_up()
        await asyncio.sleep(0.5)
        (shop,) = (await front.admin_json("/api/services"))["services"]
    finally:
        process.terminate()
        await process.wait()

    assert (shop["ecs"], shop["display_name"]) == ("other/shop", "Ours")


async def test_what_is_open_to_a_removed_service_goes_on_to_its_end_and_nothing_is_left(world: World) -> None:
    await world.create("live", image="wakeproxy/live")
    await world.create("shop")
    await world.create("blog")
    async with run_front(world.configure({"live": {}, "shop": {}, "blog": {}}, flush_interval="200ms")) as front:
        async with visit() as session:
            assert await ask(front, "live", "/healthz") == 200
            assert await ask(front, "shop") == 200
            drip = await session.get(front.url("shop", "/api/drip?seconds=4"), headers=PROGRAM)
            async with session.ws_connect(front.url("live", "/ws"), headers=PROGRAM) as socket:
                world.configure({"blog": {}}, flush_interval="200ms")
                front.hang_up()
                await front.serves("blog")
                assert await ask(front, "live") == await ask(front, "shop") == 404
                assert 'wakeproxy_in_flight{service="live"} 1.0' in await front.admin_json("/metrics")

                await socket.send_str("still there?")
                while "still there?" not in (await socket.receive(timeout=5)).data:
                    pass
                assert (await drip.read()).endswith(b"drop 39\n")
                assert not socket.closed
        async with asyncio.timeout(PATIENCE):
            while 'service="live"' in (metrics := await front.admin_json("/metrics")) or 'service="shop"' in metrics:
                await asyncio.sleep(0.05)
        assert (await world.describe("live"))["desiredCount"] == 1


async def test_what_is_open_to_a_changed_service_goes_on(world: World) -> None:
    await world.create("live", image="wakeproxy/live")
    async with run_front(world.configure({"live": {}})) as front, visit() as session:
        assert await ask(front, "live", "/healthz") == 200
        async with session.ws_connect(front.url("live", "/ws"), headers=PROGRAM) as socket:
            world.configure({"live": {"ready": {"path": "/healthz"}, "hosts": ["other.localhost"]}})
            front.hang_up()
            await until_status(front, "live", 404)
            assert await ask(front, "other", "/healthz") == 200
            await socket.send_str("still there?")
            while "still there?" not in (await socket.receive(timeout=5)).data:
                pass


async def hold(front: Front, name: str) -> Line:
    """Begin a request that is held."""
    line = await Line.to(front.port)
    fields = [f"{key}: {value}" for key, value in PROGRAM.items()]
    await line.say(head("GET /api/echo HTTP/1.1", f"Host: {name}.localhost:{front.port}", *fields))
    async with asyncio.timeout(PATIENCE):
        while f'wakeproxy_held_requests{{service="{name}"}} 1.0' not in await front.admin_json("/metrics"):
            await asyncio.sleep(0.02)
    return line


async def test_who_waits_for_a_removed_service_is_told_at_once(world: World) -> None:
    await world.create("shop")
    await world.create("blog")
    await world.control("POST", "faults", NEVER)
    async with run_front(world.configure({"shop": {"hold_for": "1m"}, "blog": {}})) as front:
        line = await hold(front, "shop")
        page = await Line.to(front.port)
        await page.say(head("GET /.wakeproxy/events HTTP/1.1", "Host: shop.localhost", "User-Agent: a-page"))
        assert (await read_head(page.reader)).status == 200
        world.configure({"blog": {}})
        front.hang_up()
        async with asyncio.timeout(PATIENCE):
            answer = await line.hear()
            async with aclosing(read_events(page)) as events:
                kinds = [kind async for kind, _ in events]
        await line.close()
        await page.close()

    assert (answer.status, answer["Content-Type"]) == (404, "application/problem+json")
    assert set(kinds) == {"progress"}


async def test_who_waits_for_a_service_that_moves_gets_the_one_in_its_place(world: World) -> None:
    await world.create("shop")
    await world.create("store")
    await world.control("POST", "faults", NEVER)
    async with run_front(world.configure({"shop": {"hold_for": "1m"}})) as front:
        line = await hold(front, "shop")
        world.configure({"shop": {"ecs": "apps/store"}})
        front.hang_up()
        async with asyncio.timeout(PATIENCE):
            answer = await line.hear()
        await line.close()

    assert answer.status == 200
    assert (await world.describe("store"))["desiredCount"] == 1


async def test_a_theme_of_a_new_service_is_loaded_and_a_broken_one_keeps_the_old_config(
    world: World, tmp_path: Path
) -> None:
    await world.create("shop")
    await world.create("blog")
    theme = tmp_path / "mine"
    theme.mkdir()
    (theme / "brand.css").write_text(".mine {}")
    async with run_front(world.configure({"shop": {}})) as front, visit() as session:
        world.configure({"shop": {}, "blog": {"theme": "mine", "wait": "page"}})
        front.hang_up()
        await front.serves("shop", "blog")
        async with session.get(front.url("blog"), headers=BROWSER) as answer:
            assert ".mine" in await answer.text()

        (theme / "brand.css").write_text(".other {}")
        front.hang_up()
        async with asyncio.timeout(PATIENCE):
            while True:
                async with session.get(front.url("blog", "/.wakeproxy/nothing"), headers=BROWSER) as answer:
                    assert answer.status == 404
                async with session.post(f"http://127.0.0.1:{front.admin}/api/services/blog/sleep?force=1"):
                    pass
                async with session.get(front.url("blog"), headers=BROWSER) as answer:
                    if ".other" in await answer.text():
                        break
                await asyncio.sleep(0.05)

        (theme / "service.html.j2").write_text("{{ colour }}")
        world.configure({"blog": {"theme": "mine"}})
        front.hang_up()
        faults = await until_ready(front, "degraded")
        assert any("service.html.j2" in fault for fault in faults)
        await front.serves("shop", "blog")


async def test_a_thousand_services_are_taken_up_under_load_without_a_failed_request(world: World) -> None:
    await world.create("shop")
    many = [f"s{number}" for number in range(1000)]
    config = world.configure({"shop": {}})
    async with run_front(config) as front, visit() as session:
        assert await ask(front, "shop") == 200
        is_over = asyncio.Event()
        done = Counter[int]()

        async def load(visitor: int) -> None:
            while not is_over.is_set():
                async with session.get(front.url("shop", "/api/echo"), headers=PROGRAM) as answer:
                    assert answer.status == 200
                    await answer.read()
                done[visitor] += 1

        def is_served_since(before: Counter[int]) -> bool:
            """Whether each visitor has asked and been answered since then; the first answer may be to an older one."""
            return all(done[visitor] >= before[visitor] + 2 for visitor in range(8))

        async def until_served() -> None:
            before = Counter(done)
            async with asyncio.timeout(PATIENCE):
                while not is_served_since(before):
                    await asyncio.sleep(0.01)

        async def change(*names: str) -> Counter[int]:
            world.configure({name: {"idle_after": "10m"} for name in names})
            before = Counter(done)
            front.hang_up()
            await front.serves(*names)
            return before

        loading = [asyncio.create_task(load(visitor)) for visitor in range(8)]
        await until_served()
        assert is_served_since(await change("shop", *many)), "while a thousand were taken up"
        await until_served()
        await change("shop")
        await until_served()
        is_over.set()
        await asyncio.gather(*loading)


async def test_a_hangup_is_no_end_unless_the_terminal_is_gone(world: World) -> None:
    await world.create("shop")
    config = world.configure({"shop": {}})
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"]}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "wakeproxy", "serve", "-c", str(config)),
        stdin=theirs,
        stderr=PIPE,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    front = await find_front(process)
    world.configure({"shop": {}, "blog": {}})
    front.hang_up()
    await front.serves("shop", "blog")
    assert process.returncode is None

    os.close(ours)
    front.hang_up()
    async with asyncio.timeout(PATIENCE):
        assert await process.wait() == 0
