"""Services found by their tags, through the real client library."""

import pytest

from wakeproxy.aws.clients import Clients
from wakeproxy.aws.discovery import TagDirectory
from wakeproxy.core.service import EcsService
from wakeproxy.errors import AccessDeniedError, FleetError, ThrottledError
from wakeproxy.ports import Tagged
from wakeproxy.sandbox import Fault, Sandbox

ENABLE, OTHER = "wakeproxy:enable", "sablier.enable"


@pytest.fixture
def directory(clients: Clients) -> TagDirectory:
    return TagDirectory(clients, (ENABLE, OTHER))


async def test_services_of_all_clusters_are_found_by_either_tag_each_once(
    directory: TagDirectory, sandbox: Sandbox
) -> None:
    sandbox.create_service("shop", tags={ENABLE: "true", "wakeproxy:hosts": "shop.test"})
    sandbox.create_service("blog", cluster="team", tags={OTHER: "true", ENABLE: "true"})
    sandbox.create_service("wiki", tags={OTHER: "true"})
    sandbox.create_service("plain", tags={"team": "a"})

    assert sorted(await directory.find(), key=lambda one: one.ecs) == [
        Tagged(EcsService("apps", "shop"), {ENABLE: "true", "wakeproxy:hosts": "shop.test"}),
        Tagged(EcsService("apps", "wiki"), {OTHER: "true"}),
        Tagged(EcsService("team", "blog"), {OTHER: "true", ENABLE: "true"}),
    ]


async def test_they_are_found_in_pages_of_a_hundred(directory: TagDirectory, sandbox: Sandbox) -> None:
    for number in range(205):
        sandbox.create_service(f"s{number}", tags={ENABLE: "true"})

    assert len(await directory.find()) == 205
    calls = [call for call in sandbox.calls if call.operation == "GetResources"]
    assert len(calls) == 3 + 1
    assert all(call.params["ResourceTypeFilters"] == ["ecs:service"] for call in calls)
    assert {call.params["ResourcesPerPage"] for call in calls} == {100}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="throttle", operation="GetResources", after=1), ThrottledError),
        (Fault(kind="error", operation="GetResources", code="AccessDeniedException"), AccessDeniedError),
        (Fault(kind="error", operation="GetResources", code="PaginationTokenExpiredException", after=1), FleetError),
        (Fault(kind="lose_answer", operation="GetResources"), FleetError),
    ],
    ids=lambda value: getattr(value, "code", None),
)
async def test_an_answer_that_is_not_whole_is_none(
    directory: TagDirectory, sandbox: Sandbox, fault: Fault, error: type[FleetError]
) -> None:
    sandbox.create_service("shop", tags={ENABLE: "true"})
    sandbox.faults.add(fault)

    with pytest.raises(error, match="find services by their tags"):
        await directory.find()


async def test_unless_it_is_asked_no_client_is_opened(directory: TagDirectory, clients: Clients) -> None:
    assert not [key for key in clients.calls.counts if key[1] == "GetResources"]
    await directory.find()
    await directory.find()

    assert clients.calls.counts["resource-groups-tagging-api", "GetResources", "ok"] == 4


async def test_an_arn_that_names_no_cluster_is_told_once(
    directory: TagDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert directory._read_arn("arn:aws:ecs:eu-central-1:123456789012:service/old") is None

    (record,) = caplog.records
    assert record.getMessage().startswith("arn:aws:ecs:eu-central-1:123456789012:service/old is not served: its ARN")
