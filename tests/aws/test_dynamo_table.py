"""The ledger's table: made, completed and inspected."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from types_aiobotocore_dynamodb import DynamoDBClient

from tests.aws.conftest import count_calls
from tests.ledger.opening import open_dynamodb
from wakeproxy.aws.dynamo_table import LedgerTable
from wakeproxy.errors import LedgerError
from wakeproxy.sandbox import Fault, Sandbox

TABLE = "wakeproxy"


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[DynamoDBClient]:
    async with open_dynamodb(sandbox.url) as opened:
        yield opened


@pytest.fixture
def table(client: DynamoDBClient) -> LedgerTable:
    return LedgerTable(client, TABLE)


async def make(client: DynamoDBClient, *keys: tuple[str, str, str]) -> None:
    """Make a table with these keys, each with its type and role."""
    schema: Any = [{"AttributeName": name, "KeyType": role} for name, _, role in keys]
    attributes: Any = [{"AttributeName": name, "AttributeType": kind} for name, kind, _ in keys]
    await client.create_table(
        TableName=TABLE, KeySchema=schema, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST"
    )


async def test_a_table_is_made_on_demand_with_expiry_and_backups(table: LedgerTable, client: DynamoDBClient) -> None:
    assert await table.create()

    made = (await client.describe_table(TableName=TABLE))["Table"]
    expiry = (await client.describe_time_to_live(TableName=TABLE))["TimeToLiveDescription"]
    backups = (await client.describe_continuous_backups(TableName=TABLE))["ContinuousBackupsDescription"]
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert await table.inspect() is None


async def test_to_make_a_table_that_is_there_changes_nothing(table: LedgerTable, sandbox: Sandbox) -> None:
    await table.create()
    sandbox.clear_calls()

    assert not await table.create()
    assert not {"CreateTable", "UpdateTimeToLive"} & count_calls(sandbox).keys()


async def test_of_several_who_make_a_table_at_once_one_does(table: LedgerTable) -> None:
    assert sorted(await asyncio.gather(*(table.create() for _ in range(5)))) == [False] * 4 + [True]


async def test_a_table_whose_answer_was_lost_is_there(table: LedgerTable, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="lose_answer", operation="CreateTable"))
    await table.create()

    assert await table.inspect() is None


async def test_what_a_table_lacks_is_told_and_added(table: LedgerTable, client: DynamoDBClient) -> None:
    await make(client, ("service", "S", "HASH"), ("item", "S", "RANGE"))
    told = await table.inspect()
    await table.create()

    assert told == (
        "The DynamoDB table wakeproxy keeps old wakes for ever: its time to live does not go by expires_at. "
        "Turn it on with Terraform or `wakeproxy check --create-table`."
    )
    assert await table.inspect() is None


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ([("id", "S", "HASH")], "id (S, HASH)"),
        ([("service", "S", "HASH")], "service (S, HASH)"),
        ([("service", "S", "HASH"), ("item", "N", "RANGE")], "service (S, HASH), item (N, RANGE)"),
        ([("item", "S", "HASH"), ("service", "S", "RANGE")], "item (S, HASH), service (S, RANGE)"),
    ],
)
async def test_a_table_with_other_keys_is_refused(
    table: LedgerTable, client: DynamoDBClient, keys: list[tuple[str, str, str]], found: str
) -> None:
    await make(client, *keys)
    sentence = (
        f"The DynamoDB table wakeproxy is no ledger: its keys are {found}, and must be service (S, HASH), "
        "item (S, RANGE). Name another table, or make one with `wakeproxy check --create-table`."
    )

    assert await table.inspect() == sentence
    with pytest.raises(LedgerError) as refused:
        await table.create()
    assert str(refused.value) == sentence
    assert (await client.describe_time_to_live(TableName=TABLE))["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "DISABLED"
    }


async def test_a_table_that_is_missing_is_told(table: LedgerTable) -> None:
    assert await table.inspect() == (
        "There is no DynamoDB table wakeproxy in eu-central-1. "
        "Make it with Terraform or `wakeproxy check --create-table`, or name another."
    )


async def test_a_table_that_is_being_made_is_told_and_waited_for(table: LedgerTable, client: DynamoDBClient) -> None:
    await table.create()
    statuses = iter(["CREATING", "CREATING", "ACTIVE"])

    def pretend(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Table"]["TableStatus"] = next(statuses)

    client.meta.events.register("after-call.dynamodb.DescribeTable", pretend)
    assert await table.inspect() == "The DynamoDB table wakeproxy is CREATING; wait until it is ACTIVE."
    statuses = iter(["CREATING", "CREATING", "ACTIVE"])
    assert not await table.create()
    assert next(statuses, None) is None


async def test_backups_that_are_not_there_yet_are_waited_for(table: LedgerTable, sandbox: Sandbox) -> None:
    fault = Fault(kind="error", operation="UpdateContinuousBackups", code="ContinuousBackupsUnavailableException")
    sandbox.faults.add(fault)

    assert await table.create()
    assert count_calls(sandbox)["UpdateContinuousBackups"] == 2


@pytest.mark.parametrize("operation", ["DescribeTable", "DescribeTimeToLive"])
async def test_who_may_not_describe_the_table_finds_nothing_wrong(
    table: LedgerTable, sandbox: Sandbox, operation: str
) -> None:
    await table.create()
    sandbox.faults.add(Fault(kind="error", operation=operation, code="AccessDeniedException", times=None))

    assert await table.inspect() is None


@pytest.mark.parametrize(
    ("operation", "deed"),
    [
        ("DescribeTable", "describe"),
        ("CreateTable", "create"),
        ("DescribeTimeToLive", "describe the time to live of"),
        ("UpdateTimeToLive", "set the time to live of"),
        ("UpdateContinuousBackups", "keep backups of"),
    ],
)
async def test_what_may_not_be_done_is_told(table: LedgerTable, sandbox: Sandbox, operation: str, deed: str) -> None:
    sandbox.faults.add(Fault(kind="error", operation=operation, code="AccessDeniedException", times=None))

    with pytest.raises(LedgerError, match=f"AWS does not allow to {deed} the DynamoDB table wakeproxy"):
        await table.create()


async def test_a_dynamodb_that_fails_is_told_when_inspected(table: LedgerTable, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="error", operation="DescribeTable", code="LimitExceededException"))

    with pytest.raises(LedgerError, match="AWS failed to describe the DynamoDB table wakeproxy"):
        await table.inspect()
