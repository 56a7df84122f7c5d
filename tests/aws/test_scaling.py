"""UpdateService: the desired count, and nothing besides."""

import pytest

from tests.aws.conftest import ecs_of, observe
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.errors import ServiceGoneError
from wakeproxy.sandbox import Sandbox


async def test_scaling_sends_the_desired_count_alone(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")

    await fleet.scale(ecs_of("shop"), desired_count=2)

    (call,) = sandbox.calls
    assert call.operation == "UpdateService"
    assert dict(call.params) == {"cluster": "apps", "service": "shop", "desiredCount": 2}
    assert (await observe(fleet, "shop")).desired == 2


async def test_scaling_leaves_the_rest_of_the_service_as_it_was(
    sandbox: Sandbox, fleet: EcsFleet, clients: Clients
) -> None:
    sandbox.create_service("shop", public=True, tags={"team": "web"})

    async def describe() -> dict[str, object]:
        answer = await clients.ecs.describe_services(cluster="apps", services=["shop"], include=["TAGS"])
        described = answer["services"][0]
        keys = ("taskDefinition", "networkConfiguration", "deploymentConfiguration", "tags", "createdAt", "launchType")
        return {key: described.get(key) for key in keys}

    before = await describe()
    await fleet.scale(ecs_of("shop"), desired_count=1)

    assert await describe() == before


async def test_a_service_that_is_not_there_cannot_be_scaled(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")

    with pytest.raises(ServiceGoneError, match="scale apps/nobody to 1") as caught:
        await fleet.scale(ecs_of("nobody"), desired_count=1)

    assert caught.value.exit_status == 4


async def test_a_service_that_was_deleted_cannot_be_scaled(sandbox: Sandbox, fleet: EcsFleet, clients: Clients) -> None:
    sandbox.create_service("shop")
    await clients.ecs.delete_service(cluster="apps", service="shop", force=True)

    with pytest.raises(ServiceGoneError):
        await fleet.scale(ecs_of("shop"), desired_count=1)

    assert not (await observe(fleet, "shop")).exists
