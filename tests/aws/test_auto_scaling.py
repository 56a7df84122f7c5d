"""Scalable targets: looked up together, changed alone, and no obstacle where nobody may."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.aws.conftest import count_calls, ecs_of
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.scaling import EcsScaling
from wakeproxy.core.capacity import Capacity
from wakeproxy.errors import AccessDeniedError, FleetError
from wakeproxy.sandbox import Fault, Sandbox


@pytest.fixture
def scaling(clients: Clients) -> EcsScaling:
    return EcsScaling(clients.scaling)


async def register(sandbox: Sandbox, clients: Clients, name: str, **fields: Any) -> None:
    sandbox.create_service(name)
    await clients.scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=f"service/apps/{name}",
        **{"MinCapacity": 2, "MaxCapacity": 5, **fields},
    )


async def test_those_that_have_a_target_are_found(sandbox: Sandbox, clients: Clients, scaling: EcsScaling) -> None:
    await register(sandbox, clients, "shop")
    sandbox.create_service("blog")

    assert await scaling.capacities([ecs_of("shop"), ecs_of("blog")]) == {ecs_of("shop"): Capacity(2, 5)}


async def test_those_who_ask_at_the_same_time_are_asked_for_together(sandbox: Sandbox, scaling: EcsScaling) -> None:
    await asyncio.gather(*(scaling.capacities([ecs_of(f"s{number}")]) for number in range(120)))

    asked = [call.params["ResourceIds"] for call in sandbox.calls]
    assert sorted(map(len, asked)) == [20, 50, 50]
    assert len({one for ids in asked for one in ids}) == 120


async def test_who_asks_later_gets_an_answer_of_its_own(sandbox: Sandbox, scaling: EcsScaling) -> None:
    await scaling.capacities([ecs_of("shop")])
    await scaling.capacities([ecs_of("shop")])

    assert count_calls(sandbox) == {"DescribeScalableTargets": 2}


async def test_who_asks_first_and_leaves_spoils_it_for_nobody(
    sandbox: Sandbox, clients: Clients, scaling: EcsScaling
) -> None:
    await register(sandbox, clients, "shop")
    first = asyncio.ensure_future(scaling.capacities([ecs_of("blog")]))
    second = asyncio.ensure_future(scaling.capacities([ecs_of("shop")]))
    await asyncio.sleep(0)
    first.cancel()

    assert await second == {ecs_of("shop"): Capacity(2, 5)}


async def test_a_minimum_is_set_and_nothing_else(sandbox: Sandbox, clients: Clients, scaling: EcsScaling) -> None:
    suspended = {"DynamicScalingInSuspended": True}
    await register(sandbox, clients, "shop", SuspendedState=suspended)
    sandbox.clear_calls()
    await scaling.set_minimum(ecs_of("shop"), 0)

    assert await scaling.capacities([ecs_of("shop")]) == {ecs_of("shop"): Capacity(0, 5)}
    (target,) = (await clients.scaling.describe_scalable_targets(ServiceNamespace="ecs"))["ScalableTargets"]
    assert target["SuspendedState"] == suspended
    assert dict(sandbox.calls[0].params) == {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/apps/shop",
        "MinCapacity": 0,
    }


@pytest.mark.parametrize(
    ("state", "is_found"),
    [
        ({"DynamicScalingOutSuspended": True, "ScheduledScalingSuspended": True}, False),
        ({"DynamicScalingOutSuspended": True}, True),
        ({"ScheduledScalingSuspended": True}, True),
        ({"DynamicScalingInSuspended": True}, True),
    ],
)
async def test_a_target_that_adds_no_task_is_none(
    sandbox: Sandbox, clients: Clients, scaling: EcsScaling, state: dict[str, bool], *, is_found: bool
) -> None:
    await register(sandbox, clients, "shop", SuspendedState=state)

    assert bool(await scaling.capacities([ecs_of("shop")])) is is_found


async def test_that_nobody_may_is_said_once_and_again_after_it_was_allowed(
    sandbox: Sandbox, clients: Clients, scaling: EcsScaling, caplog: pytest.LogCaptureFixture
) -> None:
    await register(sandbox, clients, "shop")

    async def be_denied(operation: str, asking: Awaitable[object]) -> None:
        sandbox.faults.add(Fault(kind="error", code="AccessDeniedException", operation=operation))
        with pytest.raises(AccessDeniedError):
            await asking

    await be_denied("DescribeScalableTargets", scaling.capacities([ecs_of("shop")]))
    await be_denied("RegisterScalableTarget", scaling.set_minimum(ecs_of("shop"), 0))
    (said,) = caplog.messages
    assert said.startswith("services sleep and wake without regard to Application Auto Scaling: AWS does not allow to")
    await scaling.capacities([ecs_of("shop")])
    await be_denied("DescribeScalableTargets", scaling.capacities([ecs_of("shop")]))

    assert len(caplog.messages) == 2


async def test_an_aws_that_does_not_answer_is_an_error_for_all_who_asked(sandbox: Sandbox, scaling: EcsScaling) -> None:
    sandbox.faults.add(Fault(kind="lose_request", operation="DescribeScalableTargets", times=None))
    asked = [scaling.capacities([ecs_of(name)]) for name in ("shop", "blog")]

    found = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(one) for one in found] == [FleetError, FleetError]
    assert count_calls(sandbox) == {"DescribeScalableTargets": 3}, "it is tried again, together"
