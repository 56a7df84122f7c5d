"""What `wakeproxy iam` allows is what wakeproxy calls: nothing is missing, and nothing goes unused."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped] # its stubs are no dependency of ours
import pytest

from tests.cli.running import run
from tests.world import BROWSER, World, call_ecs, call_scaling, run_front, run_sandbox, visit

ACCOUNT = "123456789012"
TARGET = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/apps/shop",
}
TAGS = {
    "wakeproxy:enable": "true",
    "wakeproxy:hosts": "shop.localhost",
    "wakeproxy:address": "public",
    "wakeproxy:idle-after": "1s",
    "wakeproxy:min-awake": "0s",
    "wakeproxy:max-awake": "1s",  # signals that cannot be read hold it no longer
    "wakeproxy:signals-cpu-above": "20",
    "wakeproxy:signals-network-above": "10KiB/s",
    "wakeproxy:signals-requests": "true",
    "wakeproxy:signals-logs": "true",
}
KEYS: dict[str, Any] = {
    "discover": True,
    "ledger": "dynamodb://wakeproxy",
    "flush_interval": "200ms",
    "sleeper": {"every": "1s"},
}
PATIENCE = 60


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A service that wants everything that wakeproxy can do for it."""
    async with run_sandbox(tmp_path) as world:
        await world.create("shop", public=True, tags=TAGS)
        group = await asyncio.to_thread(_make_target_group, world.url)
        balancer = {"targetGroupArn": group, "containerName": "shop", "containerPort": 8080}
        await call_ecs(world.url, "UpdateService", {"cluster": "apps", "service": "shop", "loadBalancers": [balancer]})
        await call_scaling(world.url, "RegisterScalableTarget", {**TARGET, "MinCapacity": 1, "MaxCapacity": 2})
        made = await run("check", "--create-table", "-c", str(configure(world)))
        assert "The DynamoDB table" not in made.out, made.out + made.err
        yield world


def configure(world: World) -> Path:
    return world.configure({}, **KEYS)


def _make_target_group(url: str) -> str:
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "eu-central-1"}
    ec2, balancing = (boto3.client(name, endpoint_url=url, **keys) for name in ("ec2", "elbv2"))
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = balancing.create_target_group(Name="shop", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    return str(made["TargetGroups"][0]["TargetGroupArn"])


async def until_at_rest(world: World, turn: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await world.describe("shop"))["desiredCount"]:
            await turn()


async def sleep_and_wake(world: World, config: str) -> None:
    """What the wake Lambda does: put to sleep on request, so that a minimum is owed, and wake."""
    await until_at_rest(world, lambda: run("sleep", "shop", "-c", config))
    woken = await run("wake", "shop", "--wait", "-c", config)
    assert woken.status == 0, woken.err


async def sweep(world: World, config: str) -> None:
    """What the sleep Lambda does."""
    await until_at_rest(world, lambda: run("sweep", "-c", config))


async def serve(world: World, config: str) -> None:
    """What a front does: a visit wakes, and its own sleeper puts to sleep again."""
    async with run_front(Path(config)) as front:
        async with visit() as session, session.get(front.url("shop"), headers=BROWSER) as answer:
            assert answer.status == 503
        await front.until("shop", "AWAKE")
        await until_at_rest(world, lambda: asyncio.sleep(0.1))


async def called(world: World) -> set[str]:
    """The actions that were called since the log was cleared, but for those of this test."""
    told = (await world.control("GET", "calls"))["calls"]
    names = {"monitoring": "cloudwatch", "tagging": "tag"}
    return {f"{names.get(one['service'], one['service'])}:{one['operation']}" for one in told}


async def test_the_policy_of_each_role_is_what_it_calls(world: World) -> None:
    config = str(configure(world))
    await world.scale("shop", 1)
    for role, act in (("wake", sleep_and_wake), ("sleep", sweep), ("front", serve)):
        policy = (await run("iam", role, "-c", config)).document
        await world.control("DELETE", "calls")

        await act(world, config)

        assert await called(world) == {action for one in policy["Statement"] for action in one["Action"]}, role
