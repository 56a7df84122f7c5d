"""Every call, by both kinds of clients, before the same sandbox: the same answers, member by member."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from tests.aws.signed.conftest import access_to
from wakeproxy.aws.access import Clients
from wakeproxy.aws.clients import open_clients
from wakeproxy.aws.discovery import TagDirectory
from wakeproxy.aws.dynamo_ledger import DynamoLedger
from wakeproxy.aws.dynamo_table import LedgerTable
from wakeproxy.aws.errors import ApiError, UnansweredError
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.aws.scaling import EcsScaling
from wakeproxy.aws.signals import CloudWatchSignals
from wakeproxy.aws.signed import open_signed_clients, services
from wakeproxy.aws.signed.query_protocol import QueryProtocol
from wakeproxy.bootstrap import now
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Intent, Record, Use
from wakeproxy.core.service import Address, EcsService
from wakeproxy.core.signals import SignalPolicy
from wakeproxy.ports import Look, SignalAsk
from wakeproxy.sandbox import Fault, Sandbox

CLUSTER, TABLE, TAG = "apps", "wakes", "wakeproxy:enable"
SHOP = EcsService(CLUSTER, "shop")
KEY = {"service": {"S": "shop"}, "item": {"S": "record"}}
PUT = {"TableName": TABLE, "Item": {**KEY, "generation": {"N": "7"}}}
CHANGE = {
    "TableName": TABLE,
    "Key": KEY,
    "UpdateExpression": "SET #generation = :generation",
    "ExpressionAttributeNames": {"#generation": "generation"},
    "ExpressionAttributeValues": {":generation": {"N": "7"}},
}
UNMET = {**CHANGE, "ConditionExpression": "attribute_not_exists(#generation)"}
EXPIRY = {"Enabled": True, "AttributeName": "expires_at"}
DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
TARGET = {**DIMENSION, "ResourceId": "service/apps/shop", "MinCapacity": 1, "MaxCapacity": 3}
MINUTE = timedelta(minutes=1)
THEN = now().replace(second=0, microsecond=0) - 5 * MINUTE
CPU = {
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": "shop"}],
}
QUERY = {"Id": "m0", "MetricStat": {"Metric": CPU, "Period": 60, "Stat": "Maximum"}, "ReturnData": True}


# One event loop for the module, so that both kinds of clients are opened once: the library's take a while.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", autouse=True)
def _furniture(sandbox: Sandbox) -> None:
    """Two services, one of them awake and public; a table made by our own client, a target, and a figure."""
    sandbox.create_service("shop", desired_count=1, public=True, tags={TAG: "true"})
    sandbox.create_service("other", tags={TAG: "true"})
    access = access_to(sandbox)

    async def furnish() -> None:
        async with open_signed_clients(access, {}, clock=now) as ours, open_clients(access) as library:
            assert ours.dynamodb
            assert await LedgerTable(ours.dynamodb, TABLE).create()
            await insist(partial(ours.dynamodb.put_item, **PUT))  # type: ignore[arg-type]
            await ours.scaling.register_scalable_target(**TARGET)  # type: ignore[arg-type]
            datum: Any = {**CPU, "Timestamp": THEN, "Value": 34.5}
            del datum["Namespace"]
            await (await library.cloudwatch.get()).put_metric_data(Namespace="AWS/ECS", MetricData=[datum])
            await find_task(ours, is_running=True)

    asyncio.run(furnish())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def signed(sandbox: Sandbox, _furniture: None) -> AsyncIterator[Clients]:
    async with open_signed_clients(access_to(sandbox), {}, clock=now) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def library(sandbox: Sandbox, _furniture: None) -> AsyncIterator[Clients]:
    """The client library's."""
    async with open_clients(access_to(sandbox)) as opened:
        yield opened


async def find_task(clients: Clients, *, is_running: bool = False) -> Mapping[str, Any]:
    async with asyncio.timeout(30):
        while True:
            arns = (await clients.ecs.list_tasks(cluster=CLUSTER, serviceName="shop"))["taskArns"]
            told = (await clients.ecs.describe_tasks(cluster=CLUSTER, tasks=arns))["tasks"] if arns else []
            if told and (not is_running or told[0].get("lastStatus") == "RUNNING"):
                return dict(told[0])
            await asyncio.sleep(0.02)


CALLS: list[tuple[services.ServiceApi, str, dict[str, Any]]] = [
    (services.ECS, "DescribeServices", {"cluster": CLUSTER, "services": ["shop", "other", "gone"]}),
    (services.ECS, "DescribeTaskDefinition", {"taskDefinition": "shop"}),
    (services.ECS, "DescribeTasks", {"cluster": CLUSTER, "tasks": ["TASK", "arn:aws:ecs:::task/apps/gone"]}),
    (services.ECS, "GetTaskProtection", {"cluster": CLUSTER, "tasks": ["TASK"]}),
    (services.ECS, "ListTasks", {"cluster": CLUSTER, "serviceName": "shop", "desiredStatus": "RUNNING"}),
    (services.ECS, "UpdateService", {"cluster": CLUSTER, "service": "other", "desiredCount": 0}),
    (services.DYNAMODB, "BatchGetItem", {"RequestItems": {TABLE: {"Keys": [KEY], "ConsistentRead": True}}}),
    (services.DYNAMODB, "DescribeTable", {"TableName": TABLE}),
    (services.DYNAMODB, "DescribeTimeToLive", {"TableName": TABLE}),
    (services.DYNAMODB, "PutItem", {**PUT, "ReturnValues": "ALL_OLD"}),
    (
        services.DYNAMODB,
        "Query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "service = :s",
            "ExpressionAttributeValues": {":s": {"S": "shop"}},
        },
    ),
    (services.DYNAMODB, "UpdateItem", {**CHANGE, "ReturnValues": "ALL_NEW"}),
    (services.DYNAMODB, "UpdateTimeToLive", {"TableName": TABLE, "TimeToLiveSpecification": EXPIRY}),
    (services.SCALING, "DescribeScalableTargets", DIMENSION),
    (services.SCALING, "RegisterScalableTarget", TARGET),
    (services.TAGGING, "GetResources", {"ResourceTypeFilters": ["ecs:service"], "TagFilters": [{"Key": TAG}]}),
    (services.EC2, "DescribeNetworkInterfaces", {}),
    (services.EC2, "DescribeNetworkInterfaces", {"NetworkInterfaceIds": ["INTERFACE"]}),
    (
        services.EC2,
        "DescribeNetworkInterfaces",
        {"Filters": [{"Name": "network-interface-id", "Values": ["eni-0", "INTERFACE"]}]},
    ),
    (
        services.CLOUDWATCH,
        "GetMetricData",
        {"MetricDataQueries": [QUERY], "StartTime": THEN - 9 * MINUTE, "EndTime": THEN + 9 * MINUTE},
    ),
    (services.CLOUDWATCH, "ListMetrics", {"Namespace": "AWS/ECS", "Dimensions": CPU["Dimensions"]}),
]
ERRORS: list[tuple[services.ServiceApi, str, dict[str, Any]]] = [
    (services.ECS, "DescribeServices", {"cluster": "none", "services": ["shop"]}),
    (services.ECS, "UpdateService", {"cluster": CLUSTER, "service": "gone", "desiredCount": 1}),
    (services.DYNAMODB, "DescribeTable", {"TableName": "none"}),
    (
        services.DYNAMODB,
        "UpdateContinuousBackups",
        {"TableName": "none", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    ),
    (
        services.DYNAMODB,
        "CreateTable",
        {
            "TableName": TABLE,
            "KeySchema": [{"AttributeName": "service", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "service", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    ),
    (services.DYNAMODB, "UpdateItem", {**UNMET, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
    (services.SCALING, "RegisterScalableTarget", {**DIMENSION, "ResourceId": "service/apps/none"}),
    (services.EC2, "DescribeNetworkInterfaces", {"NetworkInterfaceIds": ["eni-00000000000000000"]}),
]


async def call(clients: Clients, api: services.ServiceApi, operation: str, params: Mapping[str, Any]) -> Any:
    client: Any = {
        services.ECS.id: clients.ecs,
        services.DYNAMODB.id: clients.dynamodb,
        services.SCALING.id: clients.scaling,
        services.EC2.id: clients.ec2,
    }.get(api.id)
    if client is None:
        client = await (clients.tagging if api is services.TAGGING else clients.cloudwatch).get()
    method = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
    return await insist(partial(getattr(client, method), **params))


async def insist(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until there is an answer: DynamoDB's clients wait for a second, which is little on a busy machine."""
    async with asyncio.timeout(60):
        while True:
            with suppress(UnansweredError):
                return await ask()


def plain(told: Mapping[str, Any]) -> Any:
    """Take off what differs from call to call."""
    return {name: value for name, value in told.items() if name not in {"ResponseMetadata", "message"}}


def within(told: Any, shape: Any) -> Any:
    """Take what is read of an answer in XML."""
    if isinstance(shape, dict):
        return {name: within(told[name], each) for name, each in shape.items() if name in told}
    return [within(each, shape[0]) for each in told] if isinstance(shape, list) else told


def named(case: Any) -> str | None:
    return case if isinstance(case, str) else None


@pytest.mark.parametrize(("api", "operation", "params"), CALLS, ids=named)
async def test_both_clients_are_answered_the_same(
    signed: Clients, library: Clients, api: services.ServiceApi, operation: str, params: dict[str, Any]
) -> None:
    task = await find_task(signed)
    (interface,) = (one["value"] for one in task["attachments"][0]["details"] if one["name"] == "networkInterfaceId")
    text = {"TASK": task["taskArn"], "INTERFACE": interface}
    asked = {
        name: [text.get(each, each) if isinstance(each, str) else each for each in value]
        if isinstance(value, list)
        else value
        for name, value in params.items()
    }
    for one in asked.get("Filters", ()):
        one["Values"] = [text.get(each, each) for each in one["Values"]]

    ours, theirs = await call(signed, api, operation, asked), await call(library, api, operation, asked)

    expected = plain(theirs)
    if isinstance(api.protocol, QueryProtocol):
        expected = within(expected, api.protocol.shapes[operation])
        assert any(expected.values()), "there is something to compare"
    assert plain(ours) == expected
    assert ours["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert ours["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(("api", "operation", "params"), ERRORS, ids=named)
async def test_both_clients_are_refused_the_same(
    signed: Clients, library: Clients, api: services.ServiceApi, operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ApiError) as ours:
        await call(signed, api, operation, params)
    with pytest.raises(ApiError) as theirs:
        await call(library, api, operation, params)

    assert (ours.value.code, ours.value.message, ours.value.status) == (
        theirs.value.code,
        theirs.value.message,
        theirs.value.status,
    )
    assert plain(ours.value.response) == plain(theirs.value.response)
    assert str(ours.value) == str(theirs.value)
    assert ours.value.response["ResponseMetadata"]["RequestId"]


async def test_every_operation_is_compared() -> None:
    compared = {(api.id, operation) for api, operation, _ in (*CALLS, *ERRORS)}
    apis = (one for one in vars(services).values() if isinstance(one, services.ServiceApi) and one is not services.STS)

    assert compared == {(api.id, operation) for api in apis for operation in api.operations}


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "ServerException"])
async def test_errors_are_counted_the_same(sandbox: Sandbox, signed: Clients, library: Clients, code: str) -> None:
    for clients in (signed, library):
        clients.calls.counts.clear()
        sandbox.faults.add(Fault(kind="error", code=code, operation="ListTasks", status=400))
        with pytest.raises(ApiError, match=code):
            await clients.ecs.list_tasks(cluster=CLUSTER)
        await clients.ecs.list_tasks(cluster=CLUSTER)
        assert clients.dynamodb
        with pytest.raises(ApiError):
            await insist(partial(clients.dynamodb.update_item, **UNMET))  # type: ignore[arg-type]

    ours, theirs = (
        {key: count for key, count in one.calls.counts.items() if "unanswered" not in key} for one in (signed, library)
    )
    assert ours == theirs
    assert signed.calls.counts["dynamodb", "UpdateItem", "ok"] == 1, "that somebody else was first is an answer"


async def test_lists_are_read_to_their_end(signed: Clients, library: Clients, sandbox: Sandbox) -> None:
    found = []
    sandbox.clear_calls()
    for clients in (signed, library):
        tagging = await clients.tagging.get()
        pages = tagging.get_paginator("get_resources").paginate(
            ResourceTypeFilters=["ecs:service"], PaginationConfig={"PageSize": 1}
        )
        found.append([one["ResourceARN"] async for page in pages for one in page["ResourceTagMappingList"]])

    assert found[0] == found[1]
    assert len(found[0]) == 2
    calls = [call.params.get("ResourcesPerPage") for call in sandbox.calls]
    assert len(calls) >= 4
    assert set(calls) == {1}


# The adapters over them.


async def look(clients: Clients) -> Mapping[EcsService, Observation]:
    return await EcsFleet(clients, clock=lambda: THEN).observe(
        [Look(SHOP, Address.PUBLIC), Look(EcsService(CLUSTER, "gone"))]
    )


async def test_the_fleet_sees_the_same(signed: Clients, library: Clients) -> None:
    ours, theirs = await look(signed), await look(library)

    assert ours == theirs
    assert ours[SHOP].tasks[0].public_address


async def test_services_are_found_the_same(signed: Clients, library: Clients) -> None:
    ours, theirs = [await TagDirectory(one, [TAG]).find() for one in (signed, library)]

    assert ours == theirs
    assert len(ours) == 2


async def test_signals_and_targets_read_the_same(signed: Clients, library: Clients) -> None:
    ask = SignalAsk(SHOP, SignalPolicy(cpu_above=20, requests=True), THEN - 5 * MINUTE)
    at = THEN + 6 * MINUTE
    ours, theirs = [await CloudWatchSignals(one).read([ask], at) for one in (signed, library)]
    targets = [await EcsScaling(one.scaling).capacities([SHOP]) for one in (signed, library)]

    assert ours == theirs
    assert "CPU at 34.5 %" in str(ours)
    assert targets[0] == targets[1]
    assert targets[0][SHOP].minimum == 1


async def test_they_share_a_ledger(signed: Clients, library: Clients) -> None:
    assert signed.dynamodb
    assert library.dynamodb
    ours, theirs = (DynamoLedger(one.dynamodb, TABLE, clock=now) for one in (signed, library))  # type: ignore[arg-type]
    name = ServiceName("shared")
    record = Record(generation=1, intent=Intent.AWAKE, claimed_at=THEN, last_used_at=THEN, ready=("arn",))

    assert await ours.swap(name, Record(), record)
    assert await theirs.read([name]) == {name: record}
    assert not await ours.swap(name, Record(), record), "somebody was first"
    used = await theirs.note_use(name, Use(THEN + MINUTE, "front"))
    assert await ours.read([name]) == {name: used}
