"""Which revisions must not be made inactive."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import pytest

from tests.aws.conftest import count_calls, ecs_of
from tests.aws.test_releases import is_completed, read_until, register
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.releases import EcsReleases
from wakeproxy.aws.runs import EcsRuns
from wakeproxy.aws.usage import find_in_use
from wakeproxy.errors import AccessDeniedError, FleetError
from wakeproxy.ports.rollouts import Change, RunOrder
from wakeproxy.sandbox import Fault, Sandbox

SHOP = ecs_of("shop")


@pytest.fixture
def releases(clients: Clients) -> EcsReleases:
    return EcsReleases(clients)


def numbers(arns: frozenset[str]) -> list[int]:
    return sorted(int(arn.rpartition(":")[2]) for arn in arns)


async def test_a_sleeping_services_revision_is_in_use(sandbox: Sandbox, releases: EcsReleases) -> None:
    sandbox.create_service("shop")

    assert await releases.find_in_use("shop") == {"arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:1"}


async def test_a_revision_that_nothing_names_is_not_in_use(
    sandbox: Sandbox, clients: Clients, releases: EcsReleases
) -> None:
    sandbox.create_service("shop")
    await register(clients)
    await releases.change(SHOP, Change(revision=await register(clients)))
    await read_until(releases, lambda seen: is_completed(seen) and len(seen.deployments) == 1)

    assert numbers(await releases.find_in_use("shop")) == [3]


async def test_a_deployment_that_is_being_replaced_is_in_use(
    sandbox: Sandbox, clients: Clients, releases: EcsReleases
) -> None:
    sandbox.create_service("shop", desired_count=1)
    await read_until(releases, is_completed)
    await releases.change(SHOP, Change(revision=await register(clients, image="registry.example/not/there:1")))

    assert numbers(await releases.find_in_use("shop")) == [1, 2]


async def test_services_of_every_cluster_count_and_those_of_other_families_do_not(
    sandbox: Sandbox, clients: Clients, releases: EcsReleases
) -> None:
    sandbox.create_service("shop", cluster="one")
    await register(clients)
    sandbox.create_service("other", cluster="two", family="shop")
    sandbox.create_service("shop-worker", cluster="two")

    assert numbers(await releases.find_in_use("shop")) == [1, 3]


async def test_a_task_of_no_service_counts(sandbox: Sandbox, clients: Clients, releases: EcsReleases) -> None:
    sandbox.create_service("shop")
    release = await releases.read(SHOP)
    arn = await register(clients)
    await EcsRuns(clients).start(RunOrder("apps", arn, 1, release.placement, "deploy"))

    assert numbers(await releases.find_in_use("shop")) == [1, 2]


async def test_many_services_are_described_by_tens(sandbox: Sandbox, releases: EcsReleases) -> None:
    for number in range(23):
        sandbox.create_service(f"shop-{number}", family="shop")
    sandbox.clear_calls()

    assert len(await releases.find_in_use("shop")) == 23
    assert count_calls(sandbox) == {"ListClusters": 1, "ListServices": 1, "ListTasks": 1, "DescribeServices": 3}


@pytest.mark.parametrize(
    "operation", ["ListClusters", "ListServices", "ListTasks", "DescribeServices", "DescribeTasks"]
)
async def test_what_cannot_be_read_is_an_error(sandbox: Sandbox, releases: EcsReleases, operation: str) -> None:
    sandbox.create_service("shop", desired_count=1)
    await read_until(releases, is_completed)
    sandbox.faults.add(Fault(kind="error", operation=operation, code="AccessDeniedException", times=None))

    with pytest.raises(AccessDeniedError):
        await releases.find_in_use("shop")


@pytest.mark.parametrize("operation", ["ListClusters", "DescribeServices"])
async def test_throttling_is_survived(sandbox: Sandbox, releases: EcsReleases, operation: str) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="throttle", operation=operation))

    assert numbers(await releases.find_in_use("shop")) == [1]


class Toy:
    """An ECS with what the sandbox has not: task sets, and services that it will not tell about."""

    def __init__(self, service: Mapping[str, Any], reason: str = "") -> None:
        self.service = service
        self.reason = reason

    def get_paginator(self, operation: str) -> "Toy":
        pages = {"list_clusters": "clusterArns", "list_services": "serviceArns", "list_tasks": "taskArns"}
        self.key = pages[operation]
        return self

    async def paginate(self, **_: Any) -> AsyncIterator[Mapping[str, Any]]:
        await asyncio.sleep(0)
        yield {self.key: [] if self.key == "taskArns" else ["one"]}

    async def describe_services(self, **_: Any) -> Mapping[str, Any]:
        failures = [{"arn": "one", "reason": self.reason}] if self.reason else []
        return {"services": [] if failures else [self.service], "failures": failures}


async def test_the_task_sets_of_a_service_that_others_roll_out_count() -> None:
    service = {"taskSets": [{"taskDefinition": "arn/shop:1"}, {"taskDefinition": "arn/shop:2"}]}

    assert await find_in_use(cast("Any", Toy(service)), "shop") == {"arn/shop:1", "arn/shop:2"}


async def test_a_service_that_was_deleted_in_between_uses_nothing() -> None:
    assert await find_in_use(cast("Any", Toy({}, "MISSING")), "shop") == frozenset()


async def test_a_service_that_is_not_told_about_for_another_reason_is_an_error() -> None:
    with pytest.raises(FleetError, match=r"one of one \(LOCKED\), so it is unknown what is in use"):
        await find_in_use(cast("Any", Toy({}, "LOCKED")), "shop")
