"""Task definitions, read and registered by the real client library."""

from dataclasses import replace
from typing import Any

import pytest

from tests.aws.conftest import count_calls
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.definitions import EcsDefinitions
from wakeproxy.core.taskdef import Revision
from wakeproxy.errors import FleetError, UnknownRevisionError
from wakeproxy.sandbox import Fault, Sandbox

ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition"


@pytest.fixture
def definitions(clients: Clients) -> EcsDefinitions:
    return EcsDefinitions(clients)


def a_revision(family: str = "shop", **changes: Any) -> Revision:
    document = {"family": family, "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 64}], **changes}
    return Revision(document, {"team": "web"})


async def test_what_was_registered_is_read_back_with_its_tags(definitions: EcsDefinitions) -> None:
    registered = await definitions.register(a_revision())

    assert registered.arn == f"{ARN}/shop:1"
    assert registered.tags == {"team": "web"}
    assert registered.is_active
    for name in ("shop", "shop:1", registered.arn):
        assert await definitions.read(name) == registered


async def test_what_is_read_can_be_registered_again(definitions: EcsDefinitions) -> None:
    first = await definitions.register(a_revision())

    second = await definitions.register(await definitions.read("shop"))

    assert second == replace(first, arn=f"{ARN}/shop:2")


async def test_a_revision_without_tags_is_registered_without(definitions: EcsDefinitions, sandbox: Sandbox) -> None:
    registered = await definitions.register(replace(a_revision(), tags={}))

    assert registered.tags == {}
    assert "tags" not in sandbox.calls[-1].params


@pytest.mark.parametrize("name", ["nobody", "shop:9", f"{ARN}/nobody:1"])
async def test_what_is_not_there_is_unknown(definitions: EcsDefinitions, name: str) -> None:
    await definitions.register(a_revision())

    with pytest.raises(UnknownRevisionError, match=f"{name}.*check its name"):
        await definitions.read(name)


async def test_a_family_without_an_active_revision_is_unknown(definitions: EcsDefinitions) -> None:
    registered = await definitions.register(a_revision())
    await definitions.deregister(registered.arn)

    assert not (await definitions.read("shop:1")).is_active
    with pytest.raises(UnknownRevisionError):
        await definitions.read("shop")


async def test_another_client_error_is_no_unknown_revision(definitions: EcsDefinitions, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="error", code="ClientException", message="Too long."))

    with pytest.raises(FleetError, match=r"read task definition shop \(ClientException: Too long\.\)"):
        await definitions.read("shop")


async def test_what_aws_says_about_a_bad_document_is_told(definitions: EcsDefinitions) -> None:
    with pytest.raises(FleetError, match=r"register a revision of shop .*Fargate only supports network mode 'awsvpc'"):
        await definitions.register(a_revision(requiresCompatibilities=["FARGATE"]))


async def test_a_registration_whose_answer_is_lost_is_found(definitions: EcsDefinitions, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="lose_answer", operation="RegisterTaskDefinition"))

    assert (await definitions.register(a_revision())).arn.endswith("shop:1")
    assert count_calls(sandbox) == {"RegisterTaskDefinition": 1, "DescribeTaskDefinition": 1}


@pytest.mark.parametrize("are_there", [0, 1])
async def test_a_registration_that_never_arrived_is_made_again(
    definitions: EcsDefinitions, sandbox: Sandbox, are_there: int
) -> None:
    for _ in range(are_there):
        await definitions.register(a_revision(cpu="512"))
    sandbox.faults.add(Fault(kind="lose_request", operation="RegisterTaskDefinition"))

    found = await definitions.register(a_revision())

    assert found.number == are_there + 1
    assert found.document == (await definitions.read("shop")).document


async def test_a_throttled_registration_is_made_again(definitions: EcsDefinitions, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="throttle", operation="RegisterTaskDefinition"))

    assert (await definitions.register(a_revision())).arn.endswith("shop:1")


async def test_a_registration_that_met_another_is_made_again(definitions: EcsDefinitions, sandbox: Sandbox) -> None:
    said = "Too many concurrent attempts to create a new revision of the specified family."
    sandbox.faults.add(Fault(kind="error", operation="RegisterTaskDefinition", code="ClientException", message=said))

    assert (await definitions.register(a_revision())).arn.endswith("shop:1")


async def test_a_read_without_an_answer_is_made_again(definitions: EcsDefinitions, sandbox: Sandbox) -> None:
    await definitions.register(a_revision())
    sandbox.faults.add(Fault(kind="lose_answer", operation="DescribeTaskDefinition"))

    assert (await definitions.read("shop")).arn.endswith("shop:1")


async def test_active_revisions_of_one_family_are_listed_newest_first(
    definitions: EcsDefinitions, sandbox: Sandbox
) -> None:
    for _ in range(11):
        await definitions.register(a_revision())
    await definitions.register(a_revision("shop-worker"))
    await definitions.deregister(f"{ARN}/shop:3")
    sandbox.clear_calls()

    found = await definitions.list_active("shop")

    assert [arn.rpartition(":")[2] for arn in found] == ["11", "10", "9", "8", "7", "6", "5", "4", "2", "1"]
    assert {arn.rpartition(":")[0] for arn in found} == {f"{ARN}/shop"}
    assert count_calls(sandbox) == {"ListTaskDefinitions": 1}


async def test_more_revisions_than_a_page_are_all_listed(definitions: EcsDefinitions, sandbox: Sandbox) -> None:
    for _ in range(103):
        sandbox._ask("RegisterTaskDefinition", dict(a_revision().document))

    found = await definitions.list_active("shop")

    assert [int(arn.rpartition(":")[2]) for arn in found] == list(range(103, 0, -1))


async def test_a_family_that_is_not_there_has_no_revisions(definitions: EcsDefinitions) -> None:
    assert await definitions.list_active("nobody") == []
