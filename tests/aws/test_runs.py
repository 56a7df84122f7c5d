"""Tasks that run once."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.aws.conftest import count_calls, ecs_of
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.releases import EcsReleases
from wakeproxy.aws.runs import EcsRuns
from wakeproxy.core.observation import Task
from wakeproxy.core.release import Placement
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError
from wakeproxy.ports.rollouts import RunOrder
from wakeproxy.sandbox import Fault, Sandbox

ENDS = {"image": "wakeproxy/crasher", "environment": {"LIVE_SECONDS": "0", "EXIT_CODE": "3"}}


@pytest.fixture
def runs(clients: Clients) -> EcsRuns:
    return EcsRuns(clients)


async def an_order(clients: Clients, count: int = 1, **changes: Any) -> RunOrder:
    """Order what a service that is there would run."""
    release = await EcsReleases(clients).read(ecs_of("shop"))
    return RunOrder(**{
        "cluster": "apps",
        "revision": release.revision,
        "count": count,
        "placement": release.placement,
        "started_by": "deploy",
        **changes,
    })  # fmt: skip


async def look_until(runs: EcsRuns, arns: Sequence[str], condition: Callable[[Sequence[Task]], Any]) -> Sequence[Task]:
    async with asyncio.timeout(60):
        while not condition(tasks := await runs.look("apps", arns)):
            await asyncio.sleep(0.01)
    return tasks


async def test_tasks_run_to_their_end_with_the_exit_status_of_each_container(
    sandbox: Sandbox, clients: Clients, runs: EcsRuns
) -> None:
    sandbox.create_service("shop", **ENDS)

    arns = await runs.start(await an_order(clients, 2))
    tasks = await look_until(runs, arns, lambda seen: len(seen) == 2 and all(task.is_gone for task in seen))

    assert {task.arn for task in tasks} == set(arns)
    assert [task.containers[0].exit_code for task in tasks] == [3, 3]
    assert [task.deployment for task in tasks] == ["deploy", "deploy"]


async def test_more_than_ten_are_started_by_tens(sandbox: Sandbox, clients: Clients, runs: EcsRuns) -> None:
    sandbox.create_service("shop", **ENDS)

    arns = await runs.start(await an_order(clients, 23))

    asked = [call.params for call in sandbox.calls if call.operation == "RunTask"]
    assert [params["count"] for params in asked] == [10, 10, 3]
    assert len({params["clientToken"] for params in asked}) == 3
    assert len(set(arns)) == 23


async def test_a_call_without_an_answer_starts_nothing_twice(sandbox: Sandbox, clients: Clients, runs: EcsRuns) -> None:
    sandbox.create_service("shop", **ENDS)
    order = await an_order(clients)
    sandbox.faults.add(Fault(kind="lose_answer", operation="RunTask"))

    arns = await runs.start(order)

    assert count_calls(sandbox)["RunTask"] == 2
    listed = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in sandbox._ask("ListTasks", {"cluster": "apps", "startedBy": "deploy", "desiredStatus": status})[
            "taskArns"
        ]
    ]
    assert listed == arns


async def test_what_could_not_be_placed_says_why(sandbox: Sandbox, clients: Clients, runs: EcsRuns) -> None:
    sandbox.create_service("shop", **ENDS)
    order = await an_order(clients)
    sandbox.faults.add(Fault(kind="capacity", target="apps/shop"))

    with pytest.raises(FleetError, match=r"shop:1 in cluster apps: Capacity is unavailable.*None was started\."):
        await runs.start(order)


async def test_those_that_were_started_are_named_when_others_could_not_be(
    sandbox: Sandbox, clients: Clients, runs: EcsRuns
) -> None:
    sandbox.create_service("shop", **ENDS)
    order = await an_order(clients, 12)
    sandbox.faults.add(Fault(kind="capacity", target="apps/shop", after=1))

    with pytest.raises(FleetError, match=r"10 of 12 tasks run all the same: arn:aws:ecs:.*task/apps/"):
        await runs.start(order)


async def test_those_that_were_started_are_named_when_aws_refuses_more(
    sandbox: Sandbox, clients: Clients, runs: EcsRuns
) -> None:
    sandbox.create_service("shop", **ENDS)
    order = await an_order(clients, 12)
    sandbox.faults.add(Fault(kind="error", operation="RunTask", code="AccessDeniedException", after=1))

    with pytest.raises(AccessDeniedError, match="10 of 12 tasks run all the same"):
        await runs.start(order)


async def test_what_aws_refuses_is_told_in_its_words(sandbox: Sandbox, clients: Clients, runs: EcsRuns) -> None:
    sandbox.create_service("shop", **ENDS)

    with pytest.raises(FleetError, match="Network Configuration must be provided"):
        await runs.start(await an_order(clients, placement=Placement("FARGATE")))
    with pytest.raises(FleetError, match="TaskDefinition not found"):
        await runs.start(await an_order(clients, revision="nobody"))
    with pytest.raises(ServiceGoneError, match="Cluster not found"):
        await runs.start(await an_order(clients, cluster="nowhere"))


async def test_a_placement_is_spelled_without_what_is_not_said(
    sandbox: Sandbox, clients: Clients, runs: EcsRuns
) -> None:
    sandbox.create_service("shop", **ENDS)
    order = await an_order(clients)
    spot = Placement(capacity_providers=({"capacityProvider": "FARGATE_SPOT"},), network=order.placement.network)

    await runs.start(await an_order(clients, placement=spot))

    asked = set(sandbox.calls[-1].params)
    assert asked == {
        "cluster", "taskDefinition", "count", "startedBy", "clientToken", "capacityProviderStrategy",
        "networkConfiguration",
    }  # fmt: skip


async def test_a_task_that_ecs_does_not_show_is_left_out(sandbox: Sandbox, clients: Clients, runs: EcsRuns) -> None:
    sandbox.create_service("shop", **ENDS)
    arns = await runs.start(await an_order(clients))
    missing = arns[0].replace(arns[0][-32:], "0" * 32)

    assert [task.arn for task in await runs.look("apps", [*arns, missing])] == arns
    assert await runs.look("apps", []) == []


async def test_a_throttled_look_is_made_again(sandbox: Sandbox, clients: Clients, runs: EcsRuns) -> None:
    sandbox.create_service("shop", **ENDS)
    arns = await runs.start(await an_order(clients))
    sandbox.faults.add(Fault(kind="throttle", operation="DescribeTasks"))

    assert len(await runs.look("apps", arns)) == 1
