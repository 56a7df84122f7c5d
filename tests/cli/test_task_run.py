"""``wakeproxy task run``, as people call it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from tests.cli.running import Ran, run
from tests.world import CLUSTER, World, call_ecs


@pytest.fixture(autouse=True)
async def _stop_tasks(world: World) -> AsyncIterator[None]:
    """Leave no task behind: nobody else stops those of no service."""
    yield
    async with asyncio.timeout(60):
        while tasks := await list_tasks(world):
            for task in tasks:
                await call_ecs(world.url, "StopTask", {"cluster": CLUSTER, "task": task["taskArn"]})


def a_container(name: str, script: str, **fields: Any) -> Mapping[str, Any]:
    options = {
        "awslogs-group": "/ecs/job",
        "awslogs-region": "eu-central-1",
        "awslogs-stream-prefix": "run",
        "awslogs-create-group": "true",
    }
    logging = {"logDriver": "awslogs", "options": options}
    return {
        "name": name,
        "image": "wakeproxy/hello",
        "command": ["sh", "-c", script],
        "logConfiguration": logging,
    } | fields


async def register(world: World, *containers: Mapping[str, Any], family: str = "job") -> str:
    document = {
        "family": family,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": list(containers),
    }
    told = await call_ecs(world.url, "RegisterTaskDefinition", document)
    arn: str = told["taskDefinition"]["taskDefinitionArn"]
    return arn.rpartition("/")[2]


def environment(world: World) -> Mapping[str, str]:
    return {"AWS_ENDPOINT_URL": world.url, "AWS_REGION": "eu-central-1", "HOME": str(world.folder)}


async def task_run(world: World, *arguments: str) -> Ran:
    return await run("task", "run", "--cluster", CLUSTER, *arguments, **environment(world))


def events(ran: Ran, kind: str) -> Sequence[Mapping[str, Any]]:
    told = [json.loads(line) for line in ran.out.splitlines()]
    return [event for event in told if event["event"] == kind]


async def list_tasks(world: World) -> Sequence[Mapping[str, Any]]:
    """List the tasks that run, of no service."""
    arns = (await call_ecs(world.url, "ListTasks", {"cluster": CLUSTER, "family": "job"}))["taskArns"]
    if not arns:
        return []
    told: Sequence[Mapping[str, Any]] = (
        await call_ecs(world.url, "DescribeTasks", {"cluster": CLUSTER, "tasks": arns})
    )["tasks"]
    return told


async def test_a_task_is_followed_to_its_end_with_its_log_and_exit_codes(world: World) -> None:
    await world.create("shop")
    name = await register(world, a_container("job", "echo hello; echo bye"))

    ran = await task_run(world, "shop", "--task-definition", name, "--wait")

    assert ran.status == 0
    assert "job: hello\n" in ran.err
    assert ran.err.index("job: hello") < ran.err.index("job: bye")
    assert "container job exited with code 0" in ran.err
    assert ran.out == ""


async def test_a_task_that_fails_leaves_with_1_and_tells_programs_why(world: World) -> None:
    await world.create("shop")
    name = await register(world, a_container("job", "echo oh; exit 3"), a_container("log", "sleep 60", essential=False))

    ran = await task_run(world, "shop", "--task-definition", name, "--wait", "--json")

    assert ran.status == 1
    [result] = events(ran, "result")
    assert (result["outcome"], result["exit_status"]) == ("failed", 1)
    [task] = result["tasks"]
    assert task["exit_codes"]["job"] == 3
    assert task["failures"] == ["Container job exited with code 3."]
    assert [event["line"] for event in events(ran, "log")] == ["oh"]


async def test_a_services_own_image_and_variables_can_be_others_for_one_task(world: World) -> None:
    await world.create("shop", command=["sh", "-c", "echo $GREETING"], environment={"GREETING": "hello"})
    before = await world.describe("shop")

    ran = await task_run(world, "shop", "--env", "GREETING=good morning", "--wait")

    assert ran.status == 0
    assert "shop: good morning\n" in ran.err
    assert (await world.describe("shop"))["taskDefinition"] == before["taskDefinition"]


async def test_several_tasks_are_started_where_the_service_has_its_own(world: World) -> None:
    await world.create("shop", public=True)
    name = await register(world, a_container("job", "sleep 60"))

    ran = await task_run(world, "shop", "--task-definition", name, "--count", "12")

    assert ran.status == 0
    assert "12 tasks started, and nobody waits for them." in ran.err
    tasks = await list_tasks(world)
    assert len(tasks) == 12
    assert {task["launchType"] for task in tasks} == {"FARGATE"}
    assert len({task["startedBy"] for task in tasks}) == 1


async def test_a_family_runs_in_the_network_that_is_given(world: World) -> None:
    await world.create("shop")
    network = (await world.describe("shop"))["networkConfiguration"]
    await register(world, a_container("job", "exit 0"))
    vpc = network["awsvpcConfiguration"]
    written = f"awsvpcConfiguration={{subnets=[{','.join(vpc['subnets'])}],assignPublicIp=ENABLED}}"

    ran = await task_run(
        world, "--task-definition", "job", "--launch-type", "FARGATE", "--network-configuration", written, "--wait"
    )

    assert ran.status == 0


async def test_an_image_that_cannot_be_pulled_is_said_in_a_plain_sentence(world: World) -> None:
    await world.create("shop")
    name = await register(world, a_container("job", "", command=[], image="registry.example/none:1"))

    ran = await task_run(world, "shop", "--task-definition", name, "--wait")

    assert ran.status == 1
    assert "The image cannot be pulled" in ran.err


async def test_too_long_a_task_leaves_with_3_and_runs_on(world: World) -> None:
    await world.create("shop")
    name = await register(world, a_container("job", "sleep 60"))

    ran = await task_run(world, "shop", "--task-definition", name, "--wait", "--timeout", "2s")

    assert ran.status == 3
    assert "aws ecs stop-task --cluster apps --task " in ran.err
    assert len(await list_tasks(world)) == 1


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_whoever_interrupts_it_is_told_what_runs_on(world: World, sign: signal.Signals) -> None:
    await world.create("shop")
    name = await register(world, a_container("job", "echo begun; sleep 60"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wakeproxy", "task", "run", "shop", "--cluster", CLUSTER,
        "--task-definition", name, "--wait",
        stdout=PIPE, stderr=PIPE, env={"PATH": os.environ["PATH"], **environment(world)},
    )  # fmt: skip
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while "begun" not in (await process.stderr.readline()).decode():
            assert not process.stderr.at_eof()
        process.send_signal(sign)
        _, err = await process.communicate()

    assert process.returncode == 128 + sign
    assert "Still running: " in err.decode()
    assert "Traceback" not in err.decode()
    assert len(await list_tasks(world)) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, "Nothing says what to run"),
        (("shop", "--timeout", "5m"), 2, "--timeout says how long --wait may take"),
        (("shop", "--redeploy"), 2, "--redeploy"),
        (("shop", "--network-configuration", "subnet-1"), 2, "is no network configuration"),
        (("--task-definition", "nothing"), 4, "no task definition nothing"),
        (("no-such-shop",), 4, "apps/no-such-shop"),
        (("shop", "--image", "acme/other:2"), 6, "acme/other"),
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, arguments: Sequence[str], status: int, told: str) -> None:
    await world.create("shop")

    ran = await task_run(world, *arguments)

    assert ran.status == status
    assert told in ran.err
    assert await list_tasks(world) == []
