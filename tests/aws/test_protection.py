"""Which tasks must not be stopped, asked of a hundred at once."""

import pytest

from tests.aws.conftest import count_calls, ecs_of, is_running, observe, observe_until
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.core.observation import Observation, Task
from wakeproxy.errors import AccessDeniedError, FleetError
from wakeproxy.sandbox import Fault, Sandbox


@pytest.fixture
async def shop(sandbox: Sandbox, fleet: EcsFleet) -> Observation:
    sandbox.create_service("shop", desired_count=1)
    return await observe_until(fleet, "shop", is_running)


async def protect(clients: Clients, seen: Observation, minutes: int = 5) -> None:
    await clients.ecs.update_task_protection(
        cluster="apps", tasks=[seen.live[0].arn], protectionEnabled=True, expiresInMinutes=minutes
    )


async def test_a_service_is_protected_while_one_of_its_tasks_is(
    clients: Clients, fleet: EcsFleet, shop: Observation
) -> None:
    assert await fleet.protected_until([shop]) == {}

    await protect(clients, shop)
    found = await fleet.protected_until([shop])

    assert 290 < (found[ecs_of("shop")] - shop.seen_at).total_seconds() < 330


async def test_of_several_protected_tasks_the_last_end_counts(
    sandbox: Sandbox, clients: Clients, fleet: EcsFleet
) -> None:
    sandbox.create_service("shop", desired_count=2)
    seen = await observe_until(fleet, "shop", lambda seen: len(seen.live) == 2)
    await clients.ecs.update_task_protection(cluster="apps", tasks=[seen.live[0].arn], protectionEnabled=True)
    await protect(clients, Observation(seen.ecs, seen.seen_at, "ACTIVE", tasks=seen.live[1:]))

    found = await fleet.protected_until([seen])

    assert (found[seen.ecs] - seen.seen_at).total_seconds() > 7000


async def test_a_hundred_tasks_are_asked_about_in_one_call(
    sandbox: Sandbox, fleet: EcsFleet, shop: Observation
) -> None:
    sandbox.clear_calls()
    arn = shop.live[0].arn
    many = [Task(f"{arn[:-4]}{number:04}", None, "RUNNING", "RUNNING") for number in range(101)]

    found = await fleet.protected_until([Observation(shop.ecs, shop.seen_at, "ACTIVE", tasks=tuple(many))])

    assert found == {}, "a task that is gone is not protected"
    assert sorted(len(call.params["tasks"]) for call in sandbox.calls) == [1, 100]


async def test_nothing_is_asked_about_what_has_no_live_task(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")
    seen = await observe(fleet, "shop")

    assert await fleet.protected_until([seen]) == {}
    assert "GetTaskProtection" not in count_calls(sandbox)


async def test_a_refusal_says_what_could_not_be_read(sandbox: Sandbox, fleet: EcsFleet, shop: Observation) -> None:
    sandbox.faults.add(Fault(kind="error", operation="GetTaskProtection", code="AccessDeniedException"))

    with pytest.raises(AccessDeniedError, match="read the scale-in protection of tasks in cluster apps"):
        await fleet.protected_until([shop])


async def test_a_task_that_aws_says_nothing_of_is_an_error(
    clients: Clients, fleet: EcsFleet, shop: Observation
) -> None:
    described = await clients.ecs.describe_services(cluster="apps", services=["shop"])
    service = described["services"][0]
    alone = await clients.ecs.run_task(
        cluster="apps",
        taskDefinition=service["taskDefinition"],
        launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"],
    )
    stray = Task(alone["tasks"][0]["taskArn"], None, "RUNNING", "RUNNING")

    with pytest.raises(FleetError, match="TASK_NOT_VALID"):
        await fleet.protected_until([Observation(shop.ecs, shop.seen_at, "ACTIVE", tasks=(stray,))])
