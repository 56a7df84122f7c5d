"""``wakeproxy deploy`` when things go wrong: images, crashes, ECS's own rollback, throttling, interruption, others."""

import asyncio
import signal

from tests.e2e.rollouts import finish, image_of, is_up, read_until, revisions, roll, start
from tests.world import BROWSER, World, call_ecs, run_front, visit

READY = {"ready": {"path": "/healthz"}}
CRASHING = {"image": "wakeproxy/hello:1", "desired_count": 1, "environment": {"LIVE_SECONDS": "0"}}
"""`wakeproxy/crasher` ends at once under it, and is never healthy."""
HEALTH = ["CMD", "python3", "-c", "from urllib.request import urlopen; urlopen('http://localhost:8080/healthz')"]
NONE = ("--image", "registry.example/none:1", "--container", "shop")


async def test_what_does_not_start_is_taken_back_and_sleeps(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1")
    world.configure({"shop": READY})

    done = await roll(world, "deploy", "shop", *NONE, "--rollback-on-failure")

    assert done.status == 1, done.err
    assert "The image cannot be pulled" in done.err
    after = await world.describe("shop")
    assert (after["desiredCount"], await image_of(world)) == (0, "wakeproxy/hello:1")


async def test_what_visitors_could_not_wake_a_moment_ago_is_mended_by_a_better_image(world: World) -> None:
    await world.create("shop", image="registry.example/none:1")
    config = world.configure({"shop": READY}, flush_interval="100ms")
    async with run_front(config) as front, visit() as visitor:
        async with visitor.get(front.url("shop"), headers=BROWSER):
            await front.until("shop", "FAILED")

        done = await roll(world, "deploy", "shop", "--image", "wakeproxy/hello:2", "--container", "shop")
        async with asyncio.timeout(20):  # the pause is 30 s
            while (await front.status("shop"))["phase"] == "FAILED":
                async with visitor.get(front.url("shop"), headers=BROWSER):
                    await asyncio.sleep(0.1)
            await front.until("shop", "AWAKE")

    assert done.status == 0, done.err
    assert "shop answers with" in done.err


async def test_an_order_to_wake_is_obeyed_right_after_one_that_failed(world: World) -> None:
    await world.create("shop", image="registry.example/none:1")
    world.configure({"shop": READY}, flush_interval="100ms")
    assert (await roll(world, "wake", "shop", "--wait")).status == 1
    await world.control("DELETE", "calls")

    again = await roll(world, "wake", "shop", "--wait")

    assert again.status == 1
    assert (await world.calls())["UpdateService"] >= 1


async def test_a_missing_image_of_an_awake_service_is_taken_back_while_the_old_one_serves(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": READY})
    await is_up(world, 1)

    done = await roll(world, "deploy", "shop", *NONE, "--rollback-on-failure", "--json")

    assert done.status == 1, done.err
    assert done.result["outcome"] == "failed"
    assert "The image cannot be pulled" in done.result["reasons"][0]
    assert done.result["stands"] != done.result["revision"]
    assert await image_of(world) == "wakeproxy/hello:1"


async def test_ecss_own_rollback_is_a_failure(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1", desired_count=1, circuit_breaker=True)
    world.configure({"shop": READY})
    await is_up(world, 1)

    done = await roll(world, "deploy", "shop", *NONE, "--json")

    assert done.status == 1, done.err
    assert "takes its place" in done.result["text"]
    assert "The image cannot be pulled" in done.result["reasons"][0]
    assert await image_of(world) == "wakeproxy/hello:1"
    after = await world.describe("shop")
    assert [one["rolloutState"] for one in after["deployments"]] == ["COMPLETED"]


async def test_tasks_that_fail_their_health_checks_are_rolled_back_by_ecs_and_explained(world: World) -> None:
    await world.create(
        "shop", image="wakeproxy/hello:1", desired_count=1, circuit_breaker=True,
        health_check={"command": HEALTH, "interval": 5, "retries": 1},
    )  # fmt: skip
    world.configure({"shop": READY})
    await is_up(world, 1)
    await world.control("POST", "faults", {"kind": "unhealthy", "target": "apps/shop", "times": 3})

    done = await roll(world, "deploy", "shop", "--tag", "2", "--json")

    assert done.status == 1, done.err
    assert "failed its health checks" in done.result["reasons"][0]
    assert await image_of(world) == "wakeproxy/hello:1"


async def test_a_crash_loop_without_circuit_breaker_is_out_of_time(world: World) -> None:
    await world.create("shop", **CRASHING, health_check=HEALTH)
    world.configure({"shop": READY})
    await is_up(world, 1)

    done = await roll(
        world, "deploy", "shop", "--image", "wakeproxy/crasher:1", "--container", "shop", "--timeout", "5s",
        "--rollback-on-failure", "--json",
    )  # fmt: skip

    assert done.status == 3, done.err
    assert done.result["outcome"] == "timed out"
    assert "exited with code 1" in done.result["reasons"][0]
    assert await image_of(world) == "wakeproxy/hello:1"


async def test_throttling_and_lost_answers_hinder_nothing(world: World) -> None:
    await world.create("shop", family="throttled", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": READY})
    await is_up(world, 1)
    for operation in ("DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"):
        await world.control("POST", "faults", {"kind": "throttle", "operation": operation, "times": 2})
    await world.control("POST", "faults", {"kind": "lose_answer", "operation": "UpdateService", "after": 2})

    done = await roll(world, "deploy", "shop", "--tag", "2")

    assert done.status == 0, done.err
    assert await revisions(world, "throttled") == ["2", "1"]


async def test_what_ecs_describes_may_lag_behind(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": READY})
    await is_up(world, 1)
    await world.control("POST", "faults", {"kind": "lag", "operation": "DescribeServices", "seconds": 1, "times": None})
    async with asyncio.timeout(60):
        while not await was_up(world):
            await asyncio.sleep(0.05)

    done = await roll(world, "deploy", "shop", "--tag", "2")

    assert done.status == 0, done.err
    assert await image_of(world) == "wakeproxy/hello:2"


async def was_up(world: World) -> bool:
    """Whether what is described of the past has the task already."""
    told = await call_ecs(world.url, "DescribeServices", {"cluster": "apps", "services": ["shop"]})
    return any(one["runningCount"] for one in told["services"])


async def test_a_hundred_and_fifty_tasks_are_ordinary(world: World) -> None:
    await world.create("shop", image="any/idle:1", command=["sleep", "600"], desired_count=150, logs=False)
    world.configure({"shop": {}})
    await is_up(world, 150)

    done = await roll(world, "deploy", "shop", "--tag", "2", "--json")

    assert done.status == 0, done.err
    assert "all 150 tasks" in done.result["text"]
    listed = await call_ecs(world.url, "ListTasks", {"cluster": "apps", "startedBy": done.result["deployment"]})
    assert len(listed["taskArns"]) == 100, "the first page of them"


async def test_killed_in_the_middle_it_goes_on_when_it_is_run_again(world: World) -> None:
    await world.create(
        "shop", family="killed", image="wakeproxy/slow:1", environment={"START_SECONDS": "3"}, desired_count=1
    )
    world.configure({"shop": READY})
    await is_up(world, 1)

    first = await start(world, "deploy", "shop", "--tag", "2")
    await read_until(first, "is given killed:2")
    first.kill()
    await first.wait()
    again = await roll(world, "deploy", "shop", "--tag", "2")

    assert again.status in {0, 6}, again.err
    await is_up(world, 1)
    assert await image_of(world) == "wakeproxy/slow:2"
    assert await revisions(world, "killed") == ["2", "1"]


async def test_cut_short_it_says_what_stands(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": READY})
    await is_up(world, 1)
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = await start(world, "deploy", "shop", *NONE, "--supersede", "--redeploy")
        said = await read_until(process, "tasks run")
        process.send_signal(number)
        done = await finish(process)

        assert done.status == status, said + done.err
        assert "ECS goes on with deployment" in done.err
        assert "Run the same command again" in done.err


async def test_the_second_of_two_is_told(world: World) -> None:
    await world.create("shop", family="two", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": READY})
    await is_up(world, 1)
    first = await start(world, "deploy", "shop", *NONE, "--timeout", "60s")
    await read_until(first, "tasks run")

    second = await roll(world, "deploy", "shop", "--tag", "3")
    cutting = await roll(world, "deploy", "shop", "--image", "wakeproxy/hello:3", "--container", "shop", "--supersede")
    done = await finish(first)

    assert second.status == 1
    assert "Another rollout of shop is under way: two:2" in second.err
    assert cutting.status == 0, cutting.err
    assert done.status == 1
    assert "another rollout replaced it by two:3" in done.err or "no retry can help" in done.err


async def test_lost_credentials_say_what_stands(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": READY})
    await is_up(world, 1)
    process = await start(world, "deploy", "shop", *NONE)
    await read_until(process, "tasks run")
    expired = {"kind": "error", "code": "ExpiredTokenException", "message": "The token is expired.", "status": 400}
    await world.control("POST", "faults", {**expired, "operation": "DescribeServices", "times": None})

    done = await finish(process)

    assert done.status == 5, done.err
    assert "ECS goes on with deployment" in done.err


async def test_a_slow_drain_is_waited_for_by_ecs_not_by_us(world: World) -> None:
    stubborn = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    await world.create("shop", image="any/idle:1", command=stubborn, desired_count=1, stop_timeout=8, logs=False)
    world.configure({"shop": {}})
    await is_up(world, 1)

    done = await roll(world, "deploy", "shop", "--tag", "2")

    assert done.status == 0, done.err
    assert await image_of(world) == "any/idle:2"
