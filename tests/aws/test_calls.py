"""What every call goes through: it waits for its turn, whoever makes it, and it is counted."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.aws.conftest import ecs_of, look_at
from wakeproxy.aws.clients import Access, Clients, open_clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.bootstrap import now
from wakeproxy.errors import FleetError, ThrottledError
from wakeproxy.sandbox import Fault, Sandbox


@pytest.fixture
async def paced(sandbox: Sandbox) -> AsyncIterator[Clients]:
    async with open_clients(Access(sandbox.region, sandbox.url, takes_any_keys=True, share=0.9)) as opened:
        yield opened


async def test_calls_are_counted_by_service_operation_and_outcome(sandbox: Sandbox, clients: Clients) -> None:
    sandbox.create_service("shop")
    fleet = EcsFleet(clients, clock=now)
    await fleet.observe([look_at("shop")])
    for fault in (
        Fault(kind="throttle", operation="UpdateService"),
        Fault(kind="error", code="AccessDeniedException", operation="UpdateService"),
        Fault(kind="error", code="ServerException", status=500, operation="UpdateService"),
        Fault(kind="lose_request", operation="UpdateService"),
    ):
        sandbox.faults.add(fault)
        with pytest.raises(FleetError):
            await fleet.scale(ecs_of("shop"), desired_count=1)
    await fleet.scale(ecs_of("shop"), desired_count=1)
    await clients.ec2.describe_network_interfaces()

    assert clients.calls.counts == {
        ("ecs", "DescribeServices", "ok"): 1,
        ("ecs", "UpdateService", "throttled"): 1,
        ("ecs", "UpdateService", "denied"): 1,
        ("ecs", "UpdateService", "error"): 1,
        ("ecs", "UpdateService", "unanswered"): 1,
        ("ecs", "UpdateService", "ok"): 1,
        ("ec2", "DescribeNetworkInterfaces", "ok"): 1,
    }


async def test_a_throttled_answer_slows_the_calls_that_share_its_limit(sandbox: Sandbox, paced: Clients) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(Fault(kind="throttle", operation="UpdateService"))
    with pytest.raises(ThrottledError):
        await EcsFleet(paced, clock=now).scale(ecs_of("shop"), desired_count=1)
    sandbox.clear_calls()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(paced.ecs.update_service(cluster="apps", service="shop", desiredCount=1), 0.1)
    await paced.ecs.describe_services(cluster="apps", services=["shop"])

    assert [call.operation for call in sandbox.calls] == ["DescribeServices"]


async def test_every_page_of_a_list_waits_for_its_turn(sandbox: Sandbox, paced: Clients) -> None:
    sandbox.create_service("shop")
    paced.calls.pace.slow("ecs", "DescribeTasks")

    async def list_tasks() -> list[str]:
        pages = paced.ecs.get_paginator("list_tasks").paginate(cluster="apps")
        return [arn async for page in pages for arn in page["taskArns"]]

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(list_tasks(), 0.1)
    assert sandbox.calls == ()
