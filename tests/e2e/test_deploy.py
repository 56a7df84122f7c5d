"""``wakeproxy deploy`` and ``rollback`` when all goes well, and when there is nothing to do."""

import asyncio
import json

from tests.e2e.rollouts import definition_of, finish, image_of, is_up, revisions, roll, start
from tests.world import BROWSER, World, call_ecs, run_front, visit

READY = {"ready": {"path": "/healthz"}}


async def test_what_slept_is_woken_to_see_that_it_answers_and_sleeps_again(world: World) -> None:
    await world.create("shop")
    world.configure({"shop": READY}, flush_interval="100ms")

    done = await roll(world, "deploy", "shop", "--image", "wakeproxy/hello:abc", "--json")
    after = await world.describe("shop")

    assert done.status == 0, done.err
    assert [one["event"] for one in done.events].count("verified") == 1
    assert (after["desiredCount"], await image_of(world)) == (0, "wakeproxy/hello:abc")
    assert done.result["outcome"] == "done"


async def test_what_is_awake_stays_awake_with_the_new_revision(world: World) -> None:
    await world.create("shop", desired_count=2)
    world.configure({"shop": {}})
    await is_up(world, 2)

    done = await roll(
        world, "deploy", "shop", "--tag", "abc", "--env", "LEVEL=high", "--cpu", "512", "--memory", "1024"
    )
    after = await world.describe("shop")

    assert done.status == 0, done.err
    assert (after["desiredCount"], after["runningCount"]) == (2, 2)
    found = await definition_of(world)
    assert (found["cpu"], found["memory"]) == ("512", "1024")
    assert {"name": "LEVEL", "value": "high"} in found["containerDefinitions"][0]["environment"]
    assert "all 2 tasks that are wanted run" in done.err


async def test_it_stays_awake_for_who_came_meanwhile(world: World) -> None:
    await world.create("shop", image="wakeproxy/slow", environment={"START_SECONDS": "4"})
    config = world.configure({"shop": READY}, flush_interval="100ms")

    async with run_front(config) as front, visit() as visitor:
        process = await start(world, "deploy", "shop", "--image", "wakeproxy/slow:abc")
        async with asyncio.timeout(60):
            while not (await world.describe("shop"))["desiredCount"]:
                await asyncio.sleep(0.05)
        async with visitor.get(front.url("shop"), headers=BROWSER) as page:
            await page.read()
        done = await finish(process)

    assert done.status == 0, done.err
    assert "stays awake: somebody came meanwhile" in done.err
    assert (await world.describe("shop"))["desiredCount"] == 1


async def test_without_verifying_it_is_unverified(world: World) -> None:
    await world.create("shop")
    world.configure({"shop": READY})
    done = await roll(world, "deploy", "shop", "--tag", "abc", "--no-verify")
    assert done.status == 7, done.err
    assert "unverified" in done.err
    assert (await world.describe("shop"))["desiredCount"] == 0


async def test_a_service_that_no_config_names_needs_none(world: World) -> None:
    await world.create("shop", desired_count=1)
    await is_up(world, 1)
    where = ("--region", "eu-central-1", "--endpoint-url", world.url)

    done = await roll(world, "deploy", "apps/shop", "--tag", "abc", *where)

    assert done.status == 0, done.err
    assert await image_of(world) == "wakeproxy/hello:abc"
    assert not list(world.folder.glob("*.db")), "nobody wanted a ledger"


async def test_nothing_that_matches_and_nothing_that_changes_have_a_status_of_their_own(world: World) -> None:
    await world.create("shop", family="nothing", image="wakeproxy/hello:1")
    world.configure({"shop": {}})

    other = await roll(world, "deploy", "shop", "--image", "my-wakeproxy/hello:2")
    same = await roll(world, "deploy", "shop", "--image", "wakeproxy/hello:1")

    assert (other.status, same.status) == (6, 6)
    assert "shop" in other.err
    assert "wakeproxy/hello:1" in other.err
    assert "nothing would change" in same.err
    assert await revisions(world, "nothing") == ["1"]


async def test_a_dry_run_shows_the_difference_and_changes_nothing(world: World) -> None:
    await world.create("shop", family="dry", image="wakeproxy/hello:1")
    world.configure({"shop": {}})

    people = await roll(world, "deploy", "shop", "--tag", "2", "--dry-run", "--diff")
    programs = await roll(world, "deploy", "shop", "--tag", "2", "--dry-run", "--json")

    assert people.out == "~ containerDefinitions[shop].image: wakeproxy/hello:1 -> wakeproxy/hello:2\n"
    assert programs.result["differences"] == [
        {"path": "containerDefinitions[shop].image", "before": "wakeproxy/hello:1", "after": "wakeproxy/hello:2"}
    ]
    assert await revisions(world, "dry") == ["1"]


async def test_what_nobody_knows_is_told_with_status_4(world: World) -> None:
    await world.create("shop")
    world.configure({"shop": {}})
    done = await roll(world, "deploy", "bar", "--tag", "2", "--json")
    assert done.status == 4
    assert "apps/bar" in done.err
    assert done.result["outcome"] == "refused"


async def test_a_file_is_rolled_out_as_aws_describes_it(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": {}})
    described = dict(await definition_of(world))
    described["containerDefinitions"] = [{**described["containerDefinitions"][0], "image": "wakeproxy/hello:9"}]
    file = world.folder / "definition.json"
    file.write_text(json.dumps({"taskDefinition": described}))

    done = await roll(world, "deploy", "shop", "--task-definition-file", str(file))

    assert done.status == 0, done.err
    assert await image_of(world) == "wakeproxy/hello:9"


async def test_a_family_gets_a_revision_that_no_service_has(world: World) -> None:
    await world.create("shop", family="family", image="wakeproxy/hello:1")
    world.configure({"shop": {}})

    done = await roll(world, "deploy", "--task-definition", "family", "--tag", "2")
    again = await roll(world, "deploy", "--task-definition", "family", "--tag", "2")

    assert (done.status, again.status) == (0, 6), done.err
    assert await revisions(world, "family") == ["2", "1"]
    assert await image_of(world) == "wakeproxy/hello:1"


async def test_old_revisions_go_but_none_that_a_service_has(world: World) -> None:
    for name in ("shop", "other"):
        await world.create(name, image="wakeproxy/hello:1", family="web")
    world.configure({"shop": {}})
    for tag in range(2, 5):
        await roll(world, "deploy", "--task-definition", "web", "--tag", str(tag))
    first, second = (await revisions(world, "web"))[-2:][::-1]

    done = await roll(world, "deploy", "shop", "--tag", "9", "--no-verify", "--keep-revisions", "1")

    assert done.status == 7, done.err
    newest, *others = await revisions(world, "web")
    assert others == [second, first], "the one that ran before, and the other service's"
    assert newest


async def test_going_back_takes_one_step_or_names_where_to(world: World) -> None:
    await world.create("shop", family="back", image="wakeproxy/hello:1", desired_count=1)
    world.configure({"shop": {}})
    for tag in ("2", "3"):
        assert (await roll(world, "deploy", "shop", "--tag", tag)).status == 0

    back = await roll(world, "rollback", "shop")
    assert (back.status, await image_of(world)) == (0, "wakeproxy/hello:2"), back.err
    named = await roll(world, "rollback", "shop", "--to", "3")
    assert (named.status, await image_of(world)) == (0, "wakeproxy/hello:3"), named.err
    unknown = await roll(world, "rollback", "shop", "--to", "99")
    assert unknown.status == 4


async def test_tags_are_copied(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1")
    world.configure({"shop": {}})
    arn = (await world.describe("shop"))["taskDefinition"]
    await call_ecs(world.url, "TagResource", {"resourceArn": arn, "tags": [{"key": "team", "value": "web"}]})

    await roll(world, "deploy", "shop", "--tag", "2", "--no-verify")

    arn = (await world.describe("shop"))["taskDefinition"]
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": arn, "include": ["TAGS"]})
    assert told["tags"] == [{"key": "team", "value": "web"}]


async def test_a_deployment_may_be_begun_without_any_change(world: World) -> None:
    await world.create("shop", desired_count=1)
    world.configure({"shop": {}})
    before = await is_up(world, 1)

    done = await roll(world, "deploy", "shop", "--redeploy")

    after = await world.describe("shop")
    assert done.status == 0, done.err
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]
    assert after["taskDefinition"] == before["taskDefinition"]


async def test_a_revision_may_be_run_once_instead_of_being_given_to_the_service(world: World) -> None:
    await world.create("shop", family="once", image="any/job:1", command=["sh", "-c", "echo migrated"])
    world.configure({"shop": {}})

    done = await roll(world, "deploy", "shop", "--tag", "2", "--run-task")
    refused = await roll(world, "deploy", "shop", "--tag", "2", "--run-task", "--desired-count", "2")
    lost = await roll(world, "deploy", "shop", "--tag", "3", "--launch-type", "FARGATE")

    assert done.status == 0, done.err
    assert "migrated" in done.err
    assert await image_of(world) == "any/job:1"
    assert (refused.status, lost.status) == (2, 2)
