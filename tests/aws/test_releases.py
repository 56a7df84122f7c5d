"""Services as rollouts see and change them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.aws.conftest import count_calls, ecs_of
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.releases import EcsReleases
from wakeproxy.core.release import Release
from wakeproxy.core.service import EcsService
from wakeproxy.errors import FleetError, ServiceGoneError
from wakeproxy.ports.rollouts import Change
from wakeproxy.sandbox import Fault, Sandbox

SHOP = ecs_of("shop")


@pytest.fixture
def releases(clients: Clients) -> EcsReleases:
    return EcsReleases(clients)


async def read_until(releases: EcsReleases, condition: Callable[[Release], Any]) -> Release:
    async with asyncio.timeout(60):
        while not condition(found := await releases.read(SHOP)):
            await asyncio.sleep(0.01)
    return found


def is_completed(release: Release) -> bool:
    return release.primary is not None and release.primary.rollout_state == "COMPLETED"


async def register(clients: Clients, image: str = "wakeproxy/hello") -> str:
    """Register the next revision of the shop, with another image."""
    known = (await clients.ecs.describe_task_definition(taskDefinition="shop"))["taskDefinition"]
    (container,) = known["containerDefinitions"]
    asked: Any = {key: known[key] for key in ("family", "networkMode", "cpu", "memory", "requiresCompatibilities")}
    answer = await clients.ecs.register_task_definition(**asked, containerDefinitions=[{**container, "image": image}])
    return answer["taskDefinition"]["taskDefinitionArn"]


async def test_a_service_is_read_in_one_call(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop", desired_count=1, circuit_breaker=True)
    await read_until(releases, is_completed)
    sandbox.clear_calls()

    release = await releases.read(SHOP)

    assert count_calls(sandbox) == {"DescribeServices": 1}
    assert (release.ecs, release.desired, release.running, release.has_breaker) == (SHOP, 1, 1, True)
    assert release.revision.endswith("task-definition/shop:1")
    assert release.placement.launch_type == "FARGATE"
    assert release.placement.network["awsvpcConfiguration"]["subnets"]


async def test_a_service_at_rest_tells_its_events_too(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop", desired_count=1)
    await read_until(releases, is_completed)
    await releases.change(SHOP, Change(desired_count=0))
    await releases.change(SHOP, Change(is_forced=True))

    release = await read_until(releases, lambda seen: seen.running == 0 and is_completed(seen))

    assert len(release.events) > 5


async def test_a_change_is_one_call_that_leaves_the_rest_alone(
    sandbox: Sandbox, releases: EcsReleases, clients: Clients
) -> None:
    sandbox.create_service("shop")
    arn = await register(clients)
    sandbox.clear_calls()

    release = await releases.change(SHOP, Change(revision=arn))

    (call,) = sandbox.calls
    assert (call.operation, dict(call.params)) == (
        "UpdateService",
        {"cluster": "apps", "service": "shop", "taskDefinition": arn},
    )
    assert release.revision == arn
    assert release.primary
    assert release.primary.revision == arn


async def test_all_can_be_changed_at_once(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop", circuit_breaker=True)
    before = await releases.read(SHOP)

    after = await releases.change(SHOP, Change(is_forced=True, desired_count=2, min_percent=50, max_percent=150))

    assert before.primary
    assert after.primary
    assert after.primary.id != before.primary.id
    assert after.desired == 2
    asked = sandbox.calls[-1].params["deploymentConfiguration"]
    assert (asked["minimumHealthyPercent"], asked["maximumPercent"]) == (50, 150)


async def test_percents_alone_leave_a_circuit_breaker_in_place(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop", circuit_breaker=True)

    release = await releases.change(SHOP, Change(min_percent=0))

    assert release.has_breaker
    asked = sandbox.calls[-1].params["deploymentConfiguration"]
    assert asked["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert (asked["minimumHealthyPercent"], asked["maximumPercent"]) == (0, 200)


@pytest.mark.parametrize("ecs", [ecs_of("nobody"), EcsService("nowhere", "shop")])
async def test_what_is_not_there_is_gone(sandbox: Sandbox, releases: EcsReleases, ecs: EcsService) -> None:
    sandbox.create_service("shop")

    with pytest.raises(ServiceGoneError, match="Check cluster, name and region"):
        await releases.read(ecs)
    with pytest.raises(ServiceGoneError, match="Check cluster, name and region"):
        await releases.change(ecs, Change(desired_count=1))


async def test_what_was_deleted_is_gone(sandbox: Sandbox, releases: EcsReleases, clients: Clients) -> None:
    sandbox.create_service("shop")
    await clients.ecs.delete_service(cluster="apps", service="shop", force=True)

    with pytest.raises(ServiceGoneError, match=r"apps/shop: it is (DRAINING|INACTIVE)"):
        await releases.read(SHOP)


async def test_what_aws_refuses_is_told_in_its_words(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop")

    with pytest.raises(FleetError, match=r"change apps/shop .*Deployment configuration requires"):
        await releases.change(SHOP, Change(max_percent=90))


async def test_a_change_without_an_answer_is_made_again(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="lose_answer", operation="UpdateService"))

    assert (await releases.change(SHOP, Change(desired_count=1))).desired == 1
    assert count_calls(sandbox)["UpdateService"] == 2


async def test_a_forced_deployment_without_an_answer_is_not_begun_again(
    sandbox: Sandbox, releases: EcsReleases
) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="lose_answer", operation="UpdateService"))

    with pytest.raises(FleetError, match="did not answer"):
        await releases.change(SHOP, Change(is_forced=True))
    assert count_calls(sandbox)["UpdateService"] == 1


async def test_a_deployments_tasks_are_listed_without_those_of_another(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop", desired_count=1)
    old = (await read_until(releases, is_completed)).primary
    await releases.change(SHOP, Change(is_forced=True))
    new = (await read_until(releases, is_completed)).primary
    assert old
    assert new

    before, after = await releases.list_tasks(SHOP, old.id), await releases.list_tasks(SHOP, new.id)

    assert [(task.deployment, task.is_live) for task in before] == [(old.id, False)]
    assert [(task.deployment, task.is_live) for task in after] == [(new.id, True)]


async def test_a_deployment_without_tasks_has_none(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop")
    release = await releases.read(SHOP)
    assert release.primary

    assert await releases.list_tasks(SHOP, release.primary.id) == []


async def test_over_a_hundred_tasks_are_all_listed(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop", image="registry.example/not/there:1")
    release = await releases.change(SHOP, Change(desired_count=130))
    assert release.primary
    async with asyncio.timeout(120):
        while len(tasks := await releases.list_tasks(SHOP, release.primary.id)) < 130:
            await asyncio.sleep(0.01)

    assert len({task.arn for task in tasks}) == len(tasks) >= 130
    created = [task.created_at for task in tasks if task.created_at]
    assert created == sorted(created)
    assert len([call for call in sandbox.calls if call.params.get("nextToken")]) > 0


async def test_a_task_that_has_stopped_is_described_once(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop", image="registry.example/not/there:1", desired_count=1, circuit_breaker=True)
    release = await read_until(releases, lambda seen: seen.primary and seen.primary.rollout_state == "FAILED")
    assert release.primary
    first = await releases.list_tasks(SHOP, release.primary.id)
    async with asyncio.timeout(60):
        while not all(task.is_gone for task in first):
            await asyncio.sleep(0.01)
            first = await releases.list_tasks(SHOP, release.primary.id)
    sandbox.clear_calls()

    assert await releases.list_tasks(SHOP, release.primary.id) == first != []
    assert count_calls(sandbox) == {"ListTasks": 2}


@pytest.mark.parametrize("operation", ["DescribeServices", "ListTasks", "DescribeTasks", "UpdateService"])
async def test_every_call_survives_throttling(sandbox: Sandbox, releases: EcsReleases, operation: str) -> None:
    sandbox.create_service("shop", desired_count=1)
    release = await read_until(releases, is_completed)
    assert release.primary
    sandbox.faults.add(Fault(kind="throttle", operation=operation))

    await releases.read(SHOP)
    await releases.change(SHOP, Change(desired_count=1))

    assert len(await releases.list_tasks(SHOP, release.primary.id)) == 1
