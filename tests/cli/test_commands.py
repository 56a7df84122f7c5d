"""What each command prints, changes and leaves with."""

import asyncio
import json
import socket
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path

from tests.cli.running import run
from tests.world import World, find_front, run_python, visit


async def test_status_tells_what_sleeps(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}}))

    told = await run("status", "-c", config, "--json")
    table = await run("status", "-c", config)

    assert told.status == 0
    assert told.document["services"][0]["phase"] == "ASLEEP"
    assert told.document["services"][0]["desired"] == 0
    assert "shop" in table.out
    assert "ASLEEP" in table.out


async def test_wake_and_wait_tells_the_stages_and_ends_awake(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {"ready": {"path": "/healthz"}}}))

    woken = await run("wake", "shop", "--wait", "-c", config, "--json")
    told = await run("status", "shop", "-c", config, "--json")

    assert woken.status == 0, woken.err
    assert woken.document["services"][0]["phase"] == "AWAKE"
    assert "Wake requested" in woken.err
    assert "The app answers" in woken.err
    assert told.document["services"][0]["phase"] == "AWAKE"
    assert told.document["services"][0]["endpoints"]


async def test_a_wake_is_one_update_and_a_second_one_none(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}}))
    await run("wake", "shop", "--wait", "-c", config)
    again = await run("wake", "shop", "-c", config)

    assert again.status == 0
    assert "is up already" in again.err
    assert (await world.calls())["UpdateService"] == 1


async def test_a_wake_that_cannot_succeed_leaves_with_1_and_the_reason(world: World) -> None:
    await world.create("shop", image="registry.example/none:1")
    config = str(world.configure({"shop": {}}))

    woken = await run("wake", "shop", "--wait", "-c", config)
    told = await run("status", "-c", config, "--json")

    assert woken.status == 1
    assert "The image cannot be pulled" in woken.err
    assert told.document["services"][0]["phase"] == "FAILED"
    assert "image cannot be pulled" in told.document["services"][0]["reason"]


async def test_a_wake_that_takes_too_long_leaves_with_3(world: World) -> None:
    await world.create("shop", image="wakeproxy/slow", environment={"START_SECONDS": "60"})
    config = str(world.configure({"shop": {}}))

    woken = await run("wake", "shop", "--wait", "--timeout", "1s", "-c", config)

    assert woken.status == 3
    assert "shop" in woken.err


async def test_sleep_refuses_what_was_used_just_now_and_obeys_force(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}}))
    await run("wake", "shop", "--wait", "-c", config)

    refused = await run("sleep", "shop", "-c", config)
    forced = await run("sleep", "shop", "--force", "-c", config)

    assert refused.status == 1
    assert "--force" in refused.err
    assert forced.status == 0
    assert (await world.describe("shop"))["desiredCount"] == 0


async def test_sweep_tells_every_decision_and_a_dry_run_changes_nothing(world: World) -> None:
    await world.create("idle", desired_count=1)
    await world.create("asleep")
    policy = {"idle_after": "10s", "min_awake": "0s"}
    config = str(world.configure({"idle": policy, "asleep": policy}, flush_interval="1s"))

    told = await run("sweep", "--dry-run", "--json", "-c", config)

    assert told.status == 0, told.err
    assert {one["service"]: one["reason"] for one in told.document["decisions"]}["asleep"] == "already asleep"
    assert (await world.calls())["UpdateService"] == 0


async def test_check_tells_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    config = tmp_path / "wakeproxy.yaml"
    config.write_text("services:\n  shop: {hosts: [shop.example.com], idle_aftr: 15m, port: 99999}\n")

    told = await run("check", "--offline", "-c", str(config), AWS_REGION="eu-central-1")
    document = (await run("check", "--offline", "--json", "-c", str(config), AWS_REGION="eu-central-1")).document

    assert told.status == 2
    assert "idle_after" in told.out
    assert "99999" in told.out
    assert len(document["findings"]) == 2


async def test_check_asks_aws_for_the_services(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}, "gone": {}}))

    told = await run("check", "-c", config)

    assert told.status == 1
    assert "apps/gone" in told.out
    assert "apps/shop" not in told.out


async def test_an_unknown_service_leaves_with_4_and_names_those_there_are(world: World) -> None:
    config = str(world.configure({"shop": {}}))

    told = await run("wake", "shpo", "-c", config)

    assert told.status == 4
    assert "there are: shop" in told.err
    assert "Traceback" not in told.err


async def test_without_any_config_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    told = await run("status", "-c", str(tmp_path / "none.yaml"))

    assert told.status == 2
    assert "none.yaml" in told.err
    assert "Traceback" not in told.err


async def test_denied_by_aws_leaves_with_5(world: World) -> None:
    await world.create("shop")
    fault = {"operation": "ecs:DescribeServices", "kind": "error", "code": "AccessDeniedException", "status": 400}
    await world.control("POST", "faults", [fault])
    config = str(world.configure({"shop": {}}))

    told = await run("status", "-c", config)

    assert told.status == 5
    assert "AWS does not allow" in told.err


async def test_serve_says_what_to_do_about_an_access_log_that_cannot_be_opened(world: World) -> None:
    config = str(world.configure({"shop": {}}, access_log={"format": "json", "to": "/proc/access.log"}))

    told = await run("serve", "-c", config)

    assert told.status == 2
    assert "access_log.to: /proc/access.log cannot be opened" in told.err
    assert "say stdout" in told.err
    assert "Traceback" not in told.err


async def test_the_access_log_can_go_to_standard_output(world: World) -> None:
    config = str(world.configure({"shop": {}}, access_log={"format": "json", "to": "stdout"}))

    async with run_python(("wakeproxy", "serve", "-c", config), stdout=PIPE, stderr=PIPE) as process:
        front = await find_front(process)
        assert process.stdout
        await front.status("shop")
        async with asyncio.timeout(60):
            told = json.loads(await process.stdout.readline())

    assert (told["path"], told["answer"], told["status"]) == ("/.wakeproxy/status", "own", 200)


async def test_commands_know_services_that_are_found_by_their_tags(world: World) -> None:
    tags = {"wakeproxy:enable": "true", "wakeproxy:hosts": "shop.localhost", "wakeproxy:group": "previews"}
    await world.create("shop", tags=tags)
    await world.create("blog", tags={**tags, "wakeproxy:hosts": "blog.localhost"})
    await world.create("odd", tags={**tags, "wakeproxy:hosts": "odd.localhost", "wakeproxy:port": "x"})
    await world.create("plain")
    config = str(world.configure({}, discover=True))

    told, table = await run("status", "-c", config, "--json"), await run("status", "-c", config)
    woken = await run("wake", "previews", "--wait", "-c", config, "--json")
    slept = await run("sleep", "shop", "--force", "-c", config, "--json")
    swept = await run("sweep", "--dry-run", "--json", "-c", config)
    checked = await run("check", "-c", config)
    refused = await run("wake", "odd", "-c", config)

    assert [one["service"] for one in told.document["services"]] == ["blog", "shop"]
    reason = 'wakeproxy:port: "x" is no whole number; write digits only, like 8080.'
    assert told.document["disabled"] == [
        {"service": "odd", "ecs": "apps/odd", "phase": "DISABLED", "reasons": [reason]}
    ]
    assert "DISABLED" in table.out
    assert [one["phase"] for one in woken.document["services"]] == ["AWAKE", "AWAKE"]
    assert slept.document == {"slept": ["shop"], "refused": {}, "failed": {}}
    assert {one["service"] for one in swept.document["decisions"]} == {"blog", "shop"}
    assert (checked.status, checked.out.splitlines()[0]) == (1, f"apps/odd: {reason}")
    assert (refused.status, refused.err.strip()) == (4, f"wakeproxy: odd is disabled: {reason}")


async def test_a_command_that_cannot_find_services_by_their_tags_says_so(world: World) -> None:
    fault = {"operation": "GetResources", "kind": "error", "code": "AccessDeniedException", "status": 400}
    await world.control("POST", "faults", [fault])
    told = await run("status", "-c", str(world.configure({}, discover=True)))

    assert told.status == 5
    assert "AWS does not allow to find services by their tags" in told.err


async def test_without_any_service_there_is_nothing_to_tell(world: World) -> None:
    config = str(world.configure({}, discover=True))
    told, swept = await run("status", "-c", config, "--json"), await run("sweep", "-c", config, "--json")

    assert told.document == {"services": [], "disabled": []}
    assert swept.document["decisions"] == []


async def test_a_group_of_the_config_file_is_meant_by_its_name(world: World) -> None:
    for name in ("shop", "blog"):
        await world.create(name)
    config = str(world.configure({"shop": {"group": "all"}, "blog": {"group": "all"}}))
    told = await run("status", "all", "shop", "-c", config, "--json")

    assert [one["service"] for one in told.document["services"]] == ["blog", "shop"]


# Several at once, again, and in vain.


async def test_several_are_woken_and_put_to_sleep_at_once_each_named_once(world: World) -> None:
    for name in ("shop", "blog"):
        await world.create(name)
    config = str(world.configure({"shop": {}, "blog": {}}))

    woken = await run("wake", "shop", "blog", "shop", "--wait", "-c", config, "--json")
    slept = await run("sleep", "shop", "blog", "--force", "-c", config, "--json")
    again = await run("sleep", "shop", "blog", "-c", config, "--json")

    assert [one["service"] for one in woken.document["services"]] == ["shop", "blog"]
    assert slept.document == {"slept": ["shop", "blog"], "refused": {}, "failed": {}}
    assert again.document == {"slept": ["shop", "blog"], "refused": {}, "failed": {}}
    assert again.err.count("is asleep already") == 2
    assert (woken.status, slept.status, again.status) == (0, 0, 0)
    assert (await world.calls())["UpdateService"] == 4


async def test_one_that_fails_keeps_no_other_from_waking_and_is_told(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}, "gone": {}}))

    woken = await run("wake", "gone", "shop", "-c", config, "--json")
    slept = await run("sleep", "gone", "shop", "--force", "-c", config, "--json")

    assert woken.status == 4
    assert "ECS knows no service apps/gone" in woken.document["failed"]["gone"]
    assert [one["service"] for one in woken.document["services"]] == ["shop"]
    assert (slept.status, slept.document["slept"]) == (4, ["shop"])
    assert "ECS knows no service apps/gone" in slept.document["failed"]["gone"]


async def test_waiting_for_what_is_not_there_or_not_allowed_says_so_by_its_status(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {}, "gone": {}}))
    gone = await run("wake", "gone", "--wait", "-c", config)
    fault = {"operation": "ecs:UpdateService", "kind": "error", "code": "AccessDeniedException", "times": None}
    await world.control("POST", "faults", [fault])
    denied = await run("wake", "shop", "--wait", "-c", config)

    assert (gone.status, denied.status) == (4, 5)
    assert "ECS knows no such service" in gone.err
    assert "AWS does not allow wakeproxy to wake this service" in denied.err


async def test_a_wait_that_ends_in_vain_still_tells_how_things_stand(world: World) -> None:
    await world.create("slow", image="wakeproxy/slow", environment={"START_SECONDS": "60"})
    await world.create("shop")
    config = str(world.configure({"slow": {}, "shop": {}}))

    woken = await run("wake", "slow", "shop", "--wait", "--timeout", "5s", "-c", config, "--json")

    assert woken.status == 3
    phases = {one["service"]: one["phase"] for one in woken.document["services"]}
    assert phases == {"slow": "WAKING", "shop": "AWAKE"}
    assert woken.document["failed"].keys() == {"slow"}


async def test_a_time_out_without_a_wait_is_a_mistake(world: World) -> None:
    told = await run("wake", "shop", "--timeout", "5s", "-c", str(world.configure({"shop": {}})))

    assert told.status == 2
    assert "add --wait" in told.err


# Status, with what a front on this machine knows.


async def test_status_tells_what_keeps_a_service_awake_and_for_how_long(world: World) -> None:
    await world.create("shop")
    config = str(world.configure({"shop": {"ready": {"path": "/healthz"}}}))
    await run("keep-awake", "shop", "--for", "2h", "-c", config)
    asleep = await run("status", "-c", config)
    await run("wake", "shop", "--wait", "-c", config)
    awake = (await run("status", "-c", config, "--json")).document["services"][0]
    table = await run("status", "-c", config)

    assert "its next wake lasts until" in asleep.out
    assert 7000 < awake["sleeps_in_seconds"] <= 7200
    assert "kept awake until" in awake["stays_reason"]
    assert awake["kept_until"]
    assert (awake["in_flight"], awake["ignored"]) == (None, None)
    assert "in 1 h 59 min" in table.out
    assert "IGNORED" not in table.out


async def test_status_tells_what_a_front_on_this_machine_has_counted(world: World) -> None:
    await world.create("shop")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        admin = taken.getsockname()[1]
    config = world.configure({"shop": {}}, admin={"listen": f"0.0.0.0:{admin}", "token_env": "T"})
    token = {"T": "a-secret"}

    command = ("wakeproxy", "serve", "-c", str(config))
    async with run_python(command, stderr=PIPE, environment=token) as process:
        front = await find_front(process)
        async with visit() as session:
            for _ in range(3):
                async with session.get(front.url("shop"), headers={"User-Agent": "Googlebot/2.1"}) as answer:
                    assert answer.status == 503
        known = (await run("status", "-c", str(config), "--json", **token)).document["services"][0]
        table = await run("status", "-c", str(config), **token)
        stranger = (await run("status", "-c", str(config), "--json", T="another")).document["services"][0]

    assert (known["in_flight"], known["ignored"]) == (0, {"crawler": 3})
    assert "IGNORED" in table.out
    assert "3 crawler" in table.out
    assert (stranger["in_flight"], stranger["ignored"]) == (None, None)
