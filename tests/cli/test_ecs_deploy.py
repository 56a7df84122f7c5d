"""``wakeproxy ecs-deploy`` as scripts call it: its options, its exit statuses, and what then stands in ECS."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.cli.running import Ran, run
from tests.world import CLUSTER, World, call_ecs
from wakeproxy import __version__
from wakeproxy.cli.ecs_deploy import call_as
from wakeproxy.cli.ecs_deploy_options import OPTIONS
from wakeproxy.cli.ecs_deploy_wanted import Caller

SERVICE = ("-c", CLUSTER, "-n", "shop")
BROKEN = "registry.example/none:1"


async def ecs_deploy(world: World, *arguments: str, **environment: str) -> Ran:
    surroundings = {"AWS_ENDPOINT_URL": world.url, "AWS_DEFAULT_REGION": "eu-central-1", "HOME": str(world.folder)}
    return await run("ecs-deploy", *arguments, **surroundings, **environment)


async def read_definition(world: World, name: str = "shop") -> Mapping[str, Any]:
    """Describe a family's newest revision, with its tags."""
    asked = {"taskDefinition": name, "include": ["TAGS"]}
    told = await call_ecs(world.url, "DescribeTaskDefinition", asked)
    return {**told["taskDefinition"], "tags": told.get("tags", [])}


async def read_image(world: World) -> str:
    """Say which image the service has."""
    definition = await read_definition(world, (await world.describe("shop"))["taskDefinition"])
    image: str = definition["containerDefinitions"][0]["image"]
    return image


async def list_revisions(world: World) -> Sequence[str]:
    arns = (await call_ecs(world.url, "ListTaskDefinitions", {"familyPrefix": "shop"}))["taskDefinitionArns"]
    return [arn.rpartition("/")[2] for arn in arns]


async def write_broken(world: World) -> str:
    """Write a task definition that cannot start into a file, as DescribeTaskDefinition tells it."""
    definition = dict(await read_definition(world))
    definition["containerDefinitions"] = [{**definition["containerDefinitions"][0], "image": BROKEN}]
    path = world.folder / "broken.json"
    path.write_text(json.dumps({"taskDefinition": definition}, default=str))
    return str(path)


async def test_an_image_is_rolled_out_and_the_desired_count_left_alone(world: World) -> None:
    await world.create("shop", desired_count=2)

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:2")

    assert ran.status == 0, ran.err
    service = await world.describe("shop")
    assert await read_image(world) == "wakeproxy/hello:2"
    assert (service["desiredCount"], service["runningCount"]) == (2, 2)


async def test_service_and_cluster_may_be_named_by_their_arns_and_the_region_by_a_profile(world: World) -> None:
    await world.create("shop", desired_count=1)
    service = await world.describe("shop")
    (world.folder / "config").write_text("[profile deploys]\nregion = eu-central-1\n")
    keys = "[deploys]\naws_access_key_id = any\naws_secret_access_key = any\n"
    (world.folder / "credentials").write_text(keys)

    ran = await run(
        "ecs-deploy", "-p", "deploys", "-c", service["clusterArn"], "-n", service["serviceArn"],
        "-i", "wakeproxy/hello:2",
        AWS_ENDPOINT_URL=world.url,
        AWS_CONFIG_FILE=str(world.folder / "config"),
        AWS_SHARED_CREDENTIALS_FILE=str(world.folder / "credentials"),
    )  # fmt: skip

    assert ran.status == 0, ran.err
    assert await read_image(world) == "wakeproxy/hello:2"


async def test_the_desired_count_and_percentages_are_written_when_they_are_given(world: World) -> None:
    await world.create("shop", desired_count=1)

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:2", "-D", "2", "-m", "50", "-M", "150")

    assert ran.status == 0, ran.err
    service = await world.describe("shop")
    percents = service["deploymentConfiguration"]
    assert service["desiredCount"] == 2
    assert (percents["minimumHealthyPercent"], percents["maximumPercent"]) == (50, 150)


async def test_a_tag_that_may_have_moved_is_deployed_anew_without_a_new_revision(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:latest", desired_count=1)
    before = await world.describe("shop")

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello")

    assert ran.status == 0, ran.err
    after = await world.describe("shop")
    assert after["taskDefinition"] == before["taskDefinition"]
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]


async def test_an_image_that_no_container_has_is_a_failure_that_registers_nothing(world: World) -> None:
    await world.create("shop", desired_count=1)
    before = await list_revisions(world)

    ran = await ecs_deploy(world, *SERVICE, "-i", "my-wakeproxy/hello:2")

    assert ran.status == 1
    assert "there is shop (wakeproxy/hello)" in ran.err
    assert await list_revisions(world) == before


async def test_only_the_tag_changes_and_only_of_the_containers_that_are_named(world: World) -> None:
    sidecar = {"name": "proxy", "image": "wakeproxy/hello:1", "command": ["sleep", "600"], "essential": False}
    await world.create("shop", image="wakeproxy/hello:1", sidecars=[sidecar], desired_count=1)

    ran = await ecs_deploy(world, *SERVICE, "-to", "2", "-toc", "shop", "-i", "ignore")

    assert ran.status == 0, ran.err
    definition = await read_definition(world)
    images = {one["name"]: one["image"] for one in definition["containerDefinitions"]}
    assert images == {"shop": "wakeproxy/hello:2", "proxy": "wakeproxy/hello:1"}


@pytest.mark.parametrize(
    ("options", "tags"), [((), []), (("--copy-task-definition-tags",), [{"key": "team", "value": "web"}])]
)
async def test_tags_are_copied_only_if_that_is_asked_for(
    world: World, options: Sequence[str], tags: Sequence[Mapping[str, str]]
) -> None:
    await world.create("shop", desired_count=1)
    arn = (await world.describe("shop"))["taskDefinition"]
    await call_ecs(world.url, "TagResource", {"resourceArn": arn, "tags": [{"key": "team", "value": "web"}]})

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:2", *options)

    assert ran.status == 0, ran.err
    assert (await read_definition(world))["tags"] == tags


async def test_a_service_that_sleeps_and_that_no_config_knows_is_content_and_says_so(world: World) -> None:
    await world.create("shop")

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:2")

    assert ran.status == 0, ran.err
    assert "unverified" in ran.err
    assert (await world.describe("shop"))["desiredCount"] == 0
    assert await read_image(world) == "wakeproxy/hello:2"


async def test_a_service_that_sleeps_and_that_the_config_knows_is_seen_to_answer_and_sleeps_again(world: World) -> None:
    await world.create("shop")
    config = world.configure({"web": {"ecs": "shop"}}, flush_interval="1s")

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:2", WAKEPROXY_CONFIG=str(config))

    assert ran.status == 0, ran.err
    assert "web answers with shop:" in ran.err
    assert (await world.describe("shop"))["desiredCount"] == 0


async def test_old_revisions_go_after_a_success_but_none_that_ran_just_before_or_runs_elsewhere(world: World) -> None:
    await world.create("shop", image="wakeproxy/hello:1", family="kept", desired_count=1)
    await world.create("other", image="wakeproxy/hello:1", family="kept", desired_count=1)
    for tag in "23":
        await ecs_deploy(world, *SERVICE, "-to", tag)

    ran = await ecs_deploy(world, *SERVICE, "-to", "4", "--max-definitions", "1")

    assert ran.status == 0, ran.err
    other, shop = [(await world.describe(name))["taskDefinition"].rpartition(":")[2] for name in ("other", "shop")]
    told = await call_ecs(world.url, "ListTaskDefinitions", {"familyPrefix": "kept", "status": "ACTIVE"})
    assert [arn.rpartition(":")[2] for arn in told["taskDefinitionArns"]] == [other, str(int(shop) - 1), shop]


async def test_nothing_is_deregistered_after_a_failure(world: World) -> None:
    await world.create("shop", desired_count=1)
    before = await list_revisions(world)
    broken = await write_broken(world)

    ran = await ecs_deploy(
        world, *SERVICE, "-i", BROKEN, "--task-definition-file", broken, "--enable-rollback", "--max-definitions", "1"
    )

    assert ran.status == 1
    assert (await list_revisions(world))[: len(before)] == before


async def test_what_does_not_start_is_a_failure_with_its_reason_and_is_taken_back(world: World) -> None:
    await world.create("shop", desired_count=1)
    before = await world.describe("shop")

    ran = await ecs_deploy(
        world, *SERVICE, "-i", BROKEN, "--task-definition-file", await write_broken(world), "--enable-rollback"
    )

    assert ran.status == 1
    assert "The image cannot be pulled" in ran.err
    service = await world.describe("shop")
    assert service["taskDefinition"] == before["taskDefinition"]
    assert service["runningCount"] == 1


async def test_too_long_is_a_failure_and_the_next_rollout_cuts_it_short_and_says_so(world: World) -> None:
    await world.create("shop", command=["sleep", "600"], health_check=["CMD", "false"], desired_count=0)
    broken = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:2", "-D", "1", "-t", "1")

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:3", "-D", "0")

    assert broken.status == 1
    assert "not rolled out in time" in broken.err
    assert ran.status == 0, ran.err
    assert "is cut short" in ran.err


async def test_a_family_gets_a_revision_and_no_service_is_touched(world: World) -> None:
    await world.create("shop", desired_count=1)
    before, revisions = await world.describe("shop"), await list_revisions(world)

    ran = await ecs_deploy(world, "-d", "shop", "-i", "wakeproxy/hello:2")

    assert ran.status == 0, ran.err
    assert len(await list_revisions(world)) == len(revisions) + 1
    assert (await world.describe("shop"))["taskDefinition"] == before["taskDefinition"]


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 3", 1)])
async def test_a_task_is_run_and_its_exit_code_decides(world: World, script: str, status: int) -> None:
    await world.create("shop", command=["sh", "-c", f"echo begun; {script}"])
    vpc = (await world.describe("shop"))["networkConfiguration"]["awsvpcConfiguration"]
    network = f"awsvpcConfiguration={{subnets=[{','.join(vpc['subnets'])}],assignPublicIp=ENABLED}}"

    ran = await ecs_deploy(
        world, "-c", CLUSTER, "-d", "shop", "-i", "wakeproxy/hello:2", "--run-task", "--wait-for-success",
        "--launch-type", "FARGATE", "--network-configuration", network,
    )  # fmt: skip

    assert ran.status == status, ran.err
    assert "shop: begun\n" in ran.err


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 3, "Usage: wakeproxy ecs-deploy"),
        ((*SERVICE, "--nonsense"), 3, "'--nonsense' is no option"),
        (("-i", "acme/shop:2"), 5, "-n"),
        ((*SERVICE, "-i", "Acme/Shop:2:3"), 13, "Acme/Shop:2:3"),
        ((*SERVICE, "-i", "wakeproxy/hello:2"), 1, "apps/shop"),
        (("-d", "nothing", "-i", "wakeproxy/hello:2"), 1, "no task definition nothing"),
        ((*SERVICE, "-i", "wakeproxy/hello:2", "--task-definition-file", "nowhere.json"), 1, "nowhere.json"),
    ],
)
async def test_it_leaves_with_the_exit_status_of_ecs_deploy(
    world: World, arguments: Sequence[str], status: int, told: str
) -> None:
    await world.create("other", family="other")

    ran = await ecs_deploy(world, *arguments)

    assert (ran.status, ran.out) == (status, "")
    assert told in ran.err


async def test_its_version_and_its_options_are_told(world: World) -> None:
    assert (await ecs_deploy(world, "--version")).out == f"{__version__}\n"
    told = await ecs_deploy(world, "--help")
    assert told.status == 0
    assert [word for option in OPTIONS for word in option.words if word not in told.out] == []


async def test_what_is_logged_holds_no_key(world: World) -> None:
    await world.create("shop", desired_count=1)

    ran = await ecs_deploy(world, *SERVICE, "-i", "wakeproxy/hello:2", "-v", "-k", "AKIDEXAMPLE", "-s", "SESAME")

    assert ran.status == 0, ran.err
    assert "SESAME" not in ran.err


@pytest.mark.parametrize(
    ("caller", "before", "after"),
    [
        (Caller(), {"AWS_SESSION_TOKEN": "T"}, {"AWS_SESSION_TOKEN": "T"}),
        (
            Caller(access_key="NEW", secret_key="S"),
            {"AWS_ACCESS_KEY_ID": "OLD", "AWS_SECRET_ACCESS_KEY": "X", "AWS_SESSION_TOKEN": "T"},
            {"AWS_ACCESS_KEY_ID": "NEW", "AWS_SECRET_ACCESS_KEY": "S"},
        ),
        (
            Caller(access_key="SAME", secret_key="S"),
            {"AWS_ACCESS_KEY_ID": "SAME", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"},
            {"AWS_ACCESS_KEY_ID": "SAME", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"},
        ),
        (
            Caller(secret_key="S"),
            {"AWS_ACCESS_KEY_ID": "K", "AWS_SESSION_TOKEN": "T"},
            {"AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"},
        ),
    ],
)
def test_keys_that_are_given_are_used_and_never_with_the_token_of_others(
    caller: Caller, before: dict[str, str], after: Mapping[str, str]
) -> None:
    call_as(caller, before)

    assert before == after
