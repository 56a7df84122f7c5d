"""The ledger in DynamoDB: what it asks, how often, and what it says when that fails."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from types_aiobotocore_dynamodb import DynamoDBClient

from tests.aws.conftest import count_calls
from tests.ledger.opening import NOON, open_dynamodb
from wakeproxy.aws.dynamo_ledger import DynamoLedger
from wakeproxy.aws.dynamo_table import LedgerTable
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import PastWake, Record, Use, claim_sleep, claim_wake
from wakeproxy.errors import LedgerError
from wakeproxy.sandbox import Fault, Sandbox

SHOP = ServiceName("shop")
TABLE = "wakeproxy"
CLAIMED = claim_wake(Record(), NOON)
KEY: Any = {"service": {"S": "shop"}, "item": {"S": "record"}}
WAKE = PastWake(NOON, NOON + timedelta(seconds=30), "shop:1", ((Stage.REQUESTED, NOON),))


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[DynamoDBClient]:
    async with open_dynamodb(sandbox.url) as opened:
        yield opened


@pytest.fixture
async def ledger(client: DynamoDBClient, sandbox: Sandbox) -> DynamoLedger:
    await LedgerTable(client, TABLE).create()
    sandbox.clear_calls()
    return DynamoLedger(client, TABLE, clock=lambda: NOON)


def days_after_noon(days: int) -> datetime:
    return NOON + timedelta(days=days)


async def read(ledger: DynamoLedger) -> Record:
    return (await ledger.read([SHOP]))[SHOP]


# What it asks.


async def test_a_use_costs_one_call_be_it_the_newest_or_not(ledger: DynamoLedger, sandbox: Sandbox) -> None:
    await ledger.note_use(SHOP, Use(NOON, "one"))
    await ledger.note_use(SHOP, Use(NOON - timedelta(seconds=1), "other"))

    assert count_calls(sandbox) == {"UpdateItem": 2}


async def test_news_of_what_answers_cost_one_call_be_they_too_late_or_not(
    ledger: DynamoLedger, sandbox: Sandbox
) -> None:
    await ledger.note_ready(SHOP, 1, ("arn:a",))
    await ledger.swap(SHOP, Record(), CLAIMED)
    await ledger.note_ready(SHOP, 1, ("arn:a",))

    assert count_calls(sandbox) == {"UpdateItem": 3}


async def test_records_are_read_consistently_a_hundred_a_call(ledger: DynamoLedger, sandbox: Sandbox) -> None:
    await ledger.read([ServiceName(f"service-{number}") for number in range(230)])

    asked = [call.params["RequestItems"][TABLE] for call in sandbox.calls]
    assert sorted(len(one["Keys"]) for one in asked) == [30, 100, 100]
    assert all(one["ConsistentRead"] for one in asked)


async def test_what_a_batch_leaves_out_is_asked_for_again(ledger: DynamoLedger, client: DynamoDBClient) -> None:
    names = [ServiceName(f"service-{number}") for number in range(5)]
    for name in names:
        await ledger.swap(name, Record(), CLAIMED)
    leave_out_all_but_the_first_two(client)

    assert await ledger.read(names) == dict.fromkeys(names, CLAIMED)


async def test_a_table_that_never_answers_a_whole_batch_is_too_busy(
    ledger: DynamoLedger, client: DynamoDBClient
) -> None:
    client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out_everything)

    with pytest.raises(LedgerError, match="AWS limits the rate of calls to read the DynamoDB table wakeproxy"):
        await read(ledger)


def leave_out_all_but_the_first_two(client: DynamoDBClient) -> None:
    def leave_out(parsed: dict[str, Any], **_: Any) -> None:
        items = parsed["Responses"][TABLE]
        parsed["Responses"][TABLE] = items[:2]
        keys = [{name: item[name] for name in ("service", "item")} for item in items[2:]]
        parsed["UnprocessedKeys"] = {TABLE: {"Keys": keys}} if keys else {}

    client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out)


def leave_out_everything(parsed: dict[str, Any], **_: Any) -> None:
    parsed["Responses"] = {}
    parsed["UnprocessedKeys"] = {TABLE: {"Keys": [KEY]}}


# What it keeps.


async def test_what_a_newer_version_keeps_in_a_record_survives_our_writes(
    ledger: DynamoLedger, client: DynamoDBClient
) -> None:
    await ledger.swap(SHOP, Record(), replace(CLAIMED, used_by="one", ready=("arn:a",), awake_until=NOON, floor=3))
    values: Any = {":mood": {"S": "good"}}
    await client.update_item(
        TableName=TABLE, Key=KEY, UpdateExpression="SET mood = :mood", ExpressionAttributeValues=values
    )

    await ledger.note_use(SHOP, Use(NOON + timedelta(hours=1), "one"))
    await ledger.note_ready(SHOP, 1, ("arn:b",))
    assert await ledger.swap(SHOP, await read(ledger), Record(2))

    item = (await client.get_item(TableName=TABLE, Key=KEY))["Item"]
    assert item["mood"] == {"S": "good"}
    assert set(item) == {"service", "item", "generation", "intent", "mood", "mark"}, "what has its default is left out"


async def test_an_old_wake_is_told_no_more_though_it_is_still_there(
    client: DynamoDBClient, ledger: DynamoLedger
) -> None:
    await ledger.add_wake(SHOP, WAKE)
    soon, late = (DynamoLedger(client, TABLE, clock=partial(days_after_noon, days)) for days in (89, 91))

    assert [list((await one.wakes([SHOP]))[SHOP]) for one in (soon, late)] == [[WAKE], []]


async def test_an_item_of_the_history_says_when_it_may_be_dropped(ledger: DynamoLedger, client: DynamoDBClient) -> None:
    await ledger.add_wake(SHOP, WAKE)
    key: Any = {"service": {"S": "shop"}, "item": {"S": "wake#2026-11-21T12:00:00.000000+00:00"}}

    item = (await client.get_item(TableName=TABLE, Key=key))["Item"]
    assert item["expires_at"] == {"N": str(int((WAKE.ended_at + timedelta(days=90)).timestamp()))}


# What goes wrong.


async def test_a_claim_whose_answer_was_lost_is_granted_once(ledger: DynamoLedger, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="lose_answer", operation="UpdateItem"))

    won = await asyncio.gather(*(ledger.swap(SHOP, Record(), CLAIMED) for _ in range(3)))

    assert won.count(True) == 1
    assert await read(ledger) == CLAIMED


async def test_a_claim_whose_answer_was_lost_is_granted_though_a_use_came_before_it_was_asked_for_again(
    ledger: DynamoLedger, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault(kind="lose_answer", operation="UpdateItem"))
    claiming = asyncio.create_task(ledger.swap(SHOP, Record(), CLAIMED))
    async with asyncio.timeout(5):
        while not count_calls(sandbox):
            await asyncio.sleep(0.001)
    await ledger.note_use(SHOP, Use(NOON + timedelta(seconds=1), "one"))

    assert await claiming


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "throttle"},
        {"kind": "lose_request"},
        {"kind": "lose_answer"},
        {"kind": "error", "code": "InternalServerError", "status": 500},
        {"kind": "error", "code": "ProvisionedThroughputExceededException"},
    ],
)
async def test_what_passes_is_waited_for(ledger: DynamoLedger, sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.faults.add(Fault(**fault, operation="dynamodb:*", times=2))

    assert (await ledger.note_use(SHOP, Use(NOON, "one"))).used_by == "one"
    assert (await read(ledger)).used_by == "one"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "throttle"}, "AWS limits the rate of calls to write the DynamoDB table wakeproxy"),
        ({"kind": "lose_request"}, "AWS did not answer when asked to write the DynamoDB table wakeproxy"),
        ({"kind": "delay", "seconds": 5.0}, "AWS did not answer when asked to write the DynamoDB table wakeproxy"),
        (
            {"kind": "error", "code": "AccessDeniedException", "message": "not authorized to perform: UpdateItem"},
            "AWS does not allow to write the DynamoDB table wakeproxy .*Check the credentials and the role's policy",
        ),
        (
            {"kind": "error", "code": "InternalServerError", "status": 500},
            "AWS failed to write the DynamoDB table wakeproxy",
        ),
    ],
)
async def test_what_does_not_pass_is_an_error_in_words_before_a_visitor_has_waited_long(
    ledger: DynamoLedger, sandbox: Sandbox, fault: dict[str, Any], sentence: str
) -> None:
    sandbox.faults.add(Fault(**fault, operation="dynamodb:*", times=None))
    async with asyncio.timeout(3):
        with pytest.raises(LedgerError, match=sentence):
            await ledger.note_use(SHOP, Use(NOON, "one"))
    sandbox.faults.clear()


async def test_what_is_denied_is_asked_once(ledger: DynamoLedger, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="error", code="AccessDeniedException", operation="dynamodb:*", times=None))
    with pytest.raises(LedgerError):
        await read(ledger)

    assert count_calls(sandbox) == {"BatchGetItem": 1}


async def test_nobody_listening_is_an_error_in_words() -> None:
    async with open_dynamodb("http://127.0.0.1:9") as client:
        with pytest.raises(LedgerError, match="AWS did not answer when asked to read the DynamoDB table wakeproxy"):
            await read(DynamoLedger(client, TABLE, clock=lambda: NOON))


async def test_a_table_that_is_missing_is_named_with_the_remedy(client: DynamoDBClient) -> None:
    ledger = DynamoLedger(client, "missing", clock=lambda: NOON)

    sentence = (
        r"^There is no DynamoDB table missing in eu-central-1\. "
        r"Make it with Terraform or `wakeproxy check --create-table`, or name another\.$"
    )
    for asking in (
        read(ledger),
        ledger.wakes([SHOP]),
        ledger.add_wake(SHOP, WAKE),
        ledger.swap(SHOP, Record(), CLAIMED),
        ledger.note_use(SHOP, Use(NOON, "one")),
        ledger.note_ready(SHOP, 1, ()),
    ):
        with pytest.raises(LedgerError, match=sentence):
            await asking


async def test_a_table_with_other_keys_is_no_ledger(client: DynamoDBClient) -> None:
    await client.create_table(
        TableName="other",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    with pytest.raises(LedgerError, match=r"The DynamoDB table other is no ledger: .*Name another table"):
        await DynamoLedger(client, "other", clock=lambda: NOON).note_use(SHOP, Use(NOON, "one"))


@pytest.mark.parametrize(
    ("attribute", "value", "sentence"),
    [
        ("intent", {"S": "dreaming"}, "'dreaming' is not a valid Intent"),
        ("intent", {"N": "1"}, "it has no 'S' where there must be one"),
        ("generation", {"S": "1"}, "it has no 'N' where there must be one"),
        ("ready", {"S": "arn:a"}, "it has no 'L' where there must be one"),
        ("last_used_at", {"S": "noon"}, "Invalid isoformat string: 'noon'"),
    ],
)
async def test_a_record_that_is_none_of_ours_is_an_error_in_words(
    ledger: DynamoLedger, client: DynamoDBClient, attribute: str, value: Any, sentence: str
) -> None:
    await client.put_item(TableName=TABLE, Item={**KEY, attribute: value})

    with pytest.raises(
        LedgerError, match=f"The DynamoDB table wakeproxy holds what is none of wakeproxy's: {sentence}"
    ):
        await read(ledger)


async def test_a_wake_that_is_none_of_ours_is_an_error_in_words(ledger: DynamoLedger, client: DynamoDBClient) -> None:
    item: Any = {"service": {"S": "shop"}, "item": {"S": "wake#noon"}, "expires_at": {"N": "9999999999"}}
    await client.put_item(TableName=TABLE, Item=item)

    with pytest.raises(LedgerError, match="holds what is none of wakeproxy's: Invalid isoformat string: 'noon'"):
        await ledger.wakes([SHOP])

    item |= {"item": {"S": "wake#2026-11-21T12:00:00.000000+00:00"}}
    await client.put_item(TableName=TABLE, Item=item)
    with pytest.raises(LedgerError, match="holds what is none of wakeproxy's"):
        await ledger.wakes([SHOP])


async def test_an_empty_record_is_one_of_defaults(ledger: DynamoLedger, client: DynamoDBClient) -> None:
    await client.put_item(TableName=TABLE, Item=KEY)

    assert await read(ledger) == Record()
    assert await ledger.swap(SHOP, Record(), claim_sleep(Record(), NOON))


async def test_histories_of_many_services_leave_connections_for_others(ledger: DynamoLedger, sandbox: Sandbox) -> None:
    many = [ServiceName(f"service-{number}") for number in range(60)]
    sandbox.faults.add(Fault(kind="delay", operation="Query", seconds=5, times=None))
    reading = asyncio.create_task(ledger.wakes(many))
    async with asyncio.timeout(5):
        while not ledger._queries.locked():
            await asyncio.sleep(0.001)

    async with asyncio.timeout(5):
        await ledger.note_use(SHOP, Use(NOON, "one"))
    assert not reading.done()
    reading.cancel()
    sandbox.faults.clear()
    assert len(await ledger.wakes(many)) == 60
