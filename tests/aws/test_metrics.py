"""Series of figures: in pages, by chosen periods, each with its own failure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from wakeproxy.aws.metrics import Metric, Span, read_series
from wakeproxy.core.signals import Unreadable

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
CPU, MEMORY, NETWORK = (Metric("AWS/ECS", name, (), "Maximum") for name in ("CPU", "Memory", "Network"))


@dataclass
class ToyCloudWatch:
    """A CloudWatch that answers with the pages it was given."""

    pages: Sequence[dict[str, Any]]
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return self.pages[len(self.asked) - 1]


def a_result(id_: str, status: str | None, *figures: tuple[int, float]) -> dict[str, Any]:
    at = [NOW - timedelta(minutes=minutes) for minutes, _ in figures]
    told = {"Id": id_, "Timestamps": at, "Values": [value for _, value in figures]}
    return {**told, "StatusCode": status} if status else told


async def read(*pages: dict[str, Any]) -> tuple[Any, ToyCloudWatch]:
    toy = ToyCloudWatch(pages)
    span = Span.since(NOW - timedelta(minutes=10), NOW)
    return await read_series(cast("Any", toy), [CPU, MEMORY, NETWORK, CPU], span), toy


async def test_figures_come_in_pages_and_every_metric_has_its_own_state() -> None:
    found, toy = await read(
        {
            "MetricDataResults": [a_result("m0", "PartialData", (1, 5.0)), a_result("m1", "InternalError")],
            "NextToken": "more",
        },
        {"MetricDataResults": [a_result("m0", "Complete", (2, 7.0))]},
    )

    assert found == {
        CPU: {NOW - timedelta(minutes=1): 5.0, NOW - timedelta(minutes=2): 7.0},
        MEMORY: Unreadable("CloudWatch does not tell Memory (InternalError)."),
        NETWORK: Unreadable("CloudWatch does not tell Network (no answer)."),
    }
    assert [ask.get("NextToken") for ask in toy.asked] == [None, "more"]
    assert [query["Id"] for query in toy.asked[0]["MetricDataQueries"]] == ["m0", "m1", "m2"]


async def test_a_metric_without_figures_is_empty() -> None:
    found, _ = await read({"MetricDataResults": [a_result(f"m{number}", None) for number in range(3)]})

    assert found == {CPU: {}, MEMORY: {}, NETWORK: {}}


@pytest.mark.parametrize(
    ("minutes", "period"), [(1, 60), (199, 60), (201, 300), (1001, 900), (3001, 3600), (100 * 24 * 60, 3600)]
)
def test_the_longer_the_time_the_longer_the_periods(minutes: int, period: int) -> None:
    start = NOW - timedelta(minutes=minutes)
    span = Span.since(start, NOW)

    assert span.period == timedelta(seconds=period)
    assert start - span.period < span.start <= start
    assert NOW < span.end <= NOW + span.period
    assert span.start.timestamp() % period == span.end.timestamp() % period == 0


async def test_the_longer_the_series_the_fewer_of_them_are_asked_for_at_once() -> None:
    many = [Metric("AWS/ECS", f"CPU-{number}", (), "Maximum") for number in range(100)]
    toy = ToyCloudWatch([{"MetricDataResults": []}] * 5)

    await read_series(cast("Any", toy), many, Span.since(NOW - timedelta(minutes=190), NOW))

    assert [len(asked["MetricDataQueries"]) for asked in toy.asked] == [20] * 5


async def test_never_more_metrics_are_asked_for_at_once_than_cloudwatch_takes() -> None:
    many = [Metric("AWS/ECS", f"CPU-{number}", (), "Maximum") for number in range(501)]
    toy = ToyCloudWatch([{"MetricDataResults": []}] * 2)

    await read_series(cast("Any", toy), many, Span.since(NOW, NOW))

    assert [len(asked["MetricDataQueries"]) for asked in toy.asked] == [500, 1]
