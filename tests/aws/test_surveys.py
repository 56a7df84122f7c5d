"""How many services are read by few calls."""

import pytest

from tests.aws.conftest import count_calls, ecs_of
from wakeproxy.aws.access import Clients
from wakeproxy.aws.surveys import AwsSurveys
from wakeproxy.core.checkup import groups_of, subnets_of
from wakeproxy.core.release import Placement, Release
from wakeproxy.core.service import EcsService
from wakeproxy.core.taskdef import Revision
from wakeproxy.errors import AccessDeniedError, UnknownRevisionError
from wakeproxy.sandbox import Fault, Sandbox


@pytest.fixture
def surveys(clients: Clients) -> AwsSurveys:
    return AwsSurveys(clients)


def a_release(*subnets: str, groups: tuple[str, ...] = ()) -> Release:
    network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups}}
    return Release(ecs_of("shop"), "ACTIVE", "", placement=Placement(network=network))


async def test_services_are_read_by_tens_each_once(sandbox: Sandbox, surveys: AwsSurveys) -> None:
    names = [f"shop-{number}" for number in range(11)]
    for name in names:
        sandbox.create_service(name)
    sandbox.clear_calls()

    read = await surveys.read_releases(map(ecs_of, [*names, "shop-1", "gone"]))

    assert set(read) == set(map(ecs_of, names))
    assert {len(call.params["services"]) for call in sandbox.calls} == {10, 2}
    assert count_calls(sandbox) == {"DescribeServices": 2}


async def test_services_of_a_cluster_that_is_missing_are_left_out(sandbox: Sandbox, surveys: AwsSurveys) -> None:
    sandbox.create_service("shop")

    read = await surveys.read_releases([EcsService("nowhere", "shop"), ecs_of("shop")])

    assert list(read) == [ecs_of("shop")]


async def test_task_definitions_are_read_each_once(sandbox: Sandbox, surveys: AwsSurveys) -> None:
    sandbox.create_service("shop")
    sandbox.clear_calls()

    read = await surveys.read_revisions(["shop:1", "shop:2", "shop:1"])

    assert isinstance(read["shop:1"], Revision)
    assert isinstance(read["shop:2"], UnknownRevisionError)
    assert count_calls(sandbox) == {"DescribeTaskDefinition": 2}


async def test_a_task_definition_that_may_not_be_read_hinders_no_other(sandbox: Sandbox, surveys: AwsSurveys) -> None:
    sandbox.create_service("shop")
    sandbox.create_service("blog")
    sandbox.faults.add(Fault(kind="error", operation="DescribeTaskDefinition", code="AccessDeniedException"))

    read = await surveys.read_revisions(["shop:1", "blog:1"])

    assert {type(one) for one in read.values()} == {Revision, AccessDeniedError}


async def test_the_surroundings_of_a_service_are_there(sandbox: Sandbox, surveys: AwsSurveys) -> None:
    for name in ("shop", "blog"):
        sandbox.create_service(name)
    releases = list((await surveys.read_releases(map(ecs_of, ("shop", "blog")))).values())
    sandbox.clear_calls()

    found = await surveys.read_surroundings(releases)

    assert found.subnets == {one for release in releases for one in subnets_of(release)}
    assert set(found.groups) == {one for release in releases for one in groups_of(release)}
    (rule,) = found.groups[groups_of(releases[0])[0]]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 8080, 8080)
    assert count_calls(sandbox) == {"DescribeSubnets": 1, "DescribeSecurityGroups": 1}


async def test_what_is_missing_is_left_out(sandbox: Sandbox, surveys: AwsSurveys) -> None:
    sandbox.create_service("shop")
    there = (await surveys.read_releases([ecs_of("shop")]))[ecs_of("shop")]

    found = await surveys.read_surroundings([there, a_release("subnet-00000000", groups=("sg-00000000",))])

    assert found.subnets == set(subnets_of(there))
    assert set(found.groups) == set(groups_of(there))


async def test_without_a_network_nobody_is_asked(sandbox: Sandbox, surveys: AwsSurveys) -> None:
    sandbox.clear_calls()

    found = await surveys.read_surroundings([a_release()])

    assert (found.subnets, found.groups) == (frozenset(), {})
    assert count_calls(sandbox) == {}
