"""What containers said, as CloudWatch Logs keeps it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from wakeproxy.aws.access import Others
from wakeproxy.aws.logs import CloudWatchLogs
from wakeproxy.errors import FleetError
from wakeproxy.ports.rollouts import LogStream
from wakeproxy.sandbox import Fault, Sandbox

STREAM = LogStream("/ecs/shop", "ecs/shop/1")
AT = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)


@pytest.fixture
def logs(others: Others) -> CloudWatchLogs:
    return CloudWatchLogs(others)


async def make_stream(others: Others, region: str | None = None) -> Any:
    client = await others.get("logs", region=region)
    await client.create_log_group(logGroupName=STREAM.group)
    await client.create_log_stream(logGroupName=STREAM.group, logStreamName=STREAM.name)
    return client


async def write(client: Any, *texts: str, at: datetime = AT) -> None:
    events = [{"timestamp": int(at.timestamp() * 1000), "message": text} for text in texts]
    await client.put_log_events(logGroupName=STREAM.group, logStreamName=STREAM.name, logEvents=events)


async def test_a_stream_is_read_on_from_where_it_was_left(others: Others, logs: CloudWatchLogs) -> None:
    client = await make_stream(others)
    await write(client, "one", "two")

    lines, place = await logs.read(STREAM, since=None)
    assert [(line.at, line.text) for line in lines] == [(AT, "one"), (AT, "two")]

    await write(client, "three")
    lines, place = await logs.read(STREAM, since=place)
    assert [line.text for line in lines] == ["three"]

    lines, again = await logs.read(STREAM, since=place)
    assert (list(lines), again) == ([], place)


async def test_a_stream_without_lines_is_read_from_its_first_later(others: Others, logs: CloudWatchLogs) -> None:
    client = await make_stream(others)

    lines, place = await logs.read(STREAM, since=None)
    await write(client, "one")

    assert list(lines) == []
    assert [line.text for line in (await logs.read(STREAM, since=place))[0]] == ["one"]


async def test_a_stream_that_is_not_there_yet_has_nothing(others: Others, logs: CloudWatchLogs) -> None:
    assert await logs.read(STREAM, since=None) == ((), None)

    await make_stream(others)
    assert await logs.read(LogStream(STREAM.group, "ecs/shop/2"), since=None) == ((), None)


async def test_a_stream_of_another_region_is_read_there(others: Others, logs: CloudWatchLogs) -> None:
    await write(await make_stream(others, "us-east-1"), "far away")

    assert await logs.read(STREAM, since=None) == ((), None)
    (line,), _ = await logs.read(LogStream(STREAM.group, STREAM.name, "us-east-1"), since=None)
    assert line.text == "far away"


async def test_what_cannot_be_a_region_is_an_error_of_ours(logs: CloudWatchLogs) -> None:
    with pytest.raises(FleetError, match=r"read log stream ecs/shop/1 of /ecs/shop: .*\$\{REGION\}"):
        await logs.read(LogStream(STREAM.group, STREAM.name, "${REGION}"), since=None)


async def test_throttling_is_survived(others: Others, logs: CloudWatchLogs, sandbox: Sandbox) -> None:
    await write(await make_stream(others), "one")
    sandbox.faults.add(Fault(kind="throttle", operation="GetLogEvents"))

    assert len((await logs.read(STREAM, since=None))[0]) == 1


async def test_another_refusal_is_an_error(others: Others, logs: CloudWatchLogs, sandbox: Sandbox) -> None:
    await make_stream(others)
    sandbox.faults.add(Fault(kind="error", operation="GetLogEvents", code="InvalidParameterException"))

    with pytest.raises(FleetError, match="InvalidParameterException"):
        await logs.read(STREAM, since=None)


async def test_what_a_task_says_is_found_where_its_definition_says(sandbox: Sandbox, logs: CloudWatchLogs) -> None:
    sandbox.create_service("shop", command=["sh", "-c", "echo hello; sleep 60"], desired_count=1)
    async with asyncio.timeout(60):
        while not (tasks := sandbox.tasks("apps", "shop")):
            await asyncio.sleep(0.01)
        stream = LogStream("/ecs/shop", f"ecs/shop/{tasks[0].arn.rpartition('/')[2]}", sandbox.region)
        while not (lines := (await logs.read(stream, since=None))[0]):
            await asyncio.sleep(0.01)

    assert [line.text for line in lines] == ["hello"]
