"""CloudWatch's metrics as series of figures: many of them a call, in pages, each for itself if one fails.

Facts are those of the CloudWatch API reference, GetMetricData: 500 queries a call, periods that are multiples of 60 s
(300 s beyond 15 days, 3,600 s beyond 63), answers in pages of 100,800 figures, a status per metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from wakeproxy.aws.batches import batched, each
from wakeproxy.aws.faults import translated
from wakeproxy.core.signals import Unreadable
from wakeproxy.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from types_aiobotocore_cloudwatch import CloudWatchClient

_METRICS_A_CALL: Final = 500
_FIGURES_A_CALL: Final = 4_000
"""More would take the client library longer to read, all at once, than visitors should wait; CloudWatch is paid by the
metric, not by the call."""
_FIGURES: Final = 200
"""Of one metric at most, as far as longer periods can help: nobody needs to know to the minute what was last week."""
_PERIODS: Final = tuple(timedelta(seconds=seconds) for seconds in (60, 300, 900, 3600))
_EPOCH = datetime.fromtimestamp(0, UTC)

Series: TypeAlias = "Mapping[datetime, float]"
"""Figures by the beginning of their period."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, as CloudWatch names it, and the statistic that is wanted of it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when figures are wanted, and for how long each stands."""

    start: datetime
    end: datetime
    period: timedelta

    @classmethod
    def since(cls, start: datetime, now: datetime) -> Span:
        """Choose the shortest period that does; the edges are moved outward to its multiples."""
        period = next((one for one in _PERIODS if (now - start) / one <= _FIGURES), _PERIODS[-1])
        return cls(_floor(start, period), _floor(now, period) + period, period)

    @property
    def figures(self) -> int:
        """How many there are of one metric, at most."""
        return (self.end - self.start) // self.period


def _floor(at: datetime, period: timedelta) -> datetime:
    return at - (at - _EPOCH) % period


async def read_series(
    cloudwatch: CloudWatchClient, metrics: Iterable[Metric], span: Span
) -> Mapping[Metric, Series | Unreadable]:
    """Read metrics; one that cannot be read says why, and one of which CloudWatch has no figures is empty."""

    async def read(some: Sequence[Metric]) -> Mapping[Metric, Series | Unreadable]:
        try:
            return await _read(cloudwatch, some, span)
        except FleetError as error:
            return dict.fromkeys(some, Unreadable(str(error)))

    found: dict[Metric, Series | Unreadable] = {}
    at_once = min(max(_FIGURES_A_CALL // span.figures, 1), _METRICS_A_CALL)
    for part in await each(read, batched(tuple(dict.fromkeys(metrics)), at_once)):
        found |= part
    return found


async def _read(
    cloudwatch: CloudWatchClient, metrics: Sequence[Metric], span: Span
) -> Mapping[Metric, Series | Unreadable]:
    queries: list[Any] = [_query(number, metric, span.period) for number, metric in enumerate(metrics)]
    figures: dict[str, dict[datetime, float]] = {}
    statuses: dict[str, str] = {}
    more: dict[str, Any] = {}
    with translated("read CloudWatch's metrics"):
        while True:
            answer = await cloudwatch.get_metric_data(
                MetricDataQueries=queries, StartTime=span.start, EndTime=span.end, **more
            )
            for one in answer["MetricDataResults"]:
                statuses[one["Id"]] = one.get("StatusCode", "Complete")
                figures.setdefault(one["Id"], {}).update(zip(one["Timestamps"], one["Values"], strict=True))
            if not answer.get("NextToken"):
                break
            more = {"NextToken": answer["NextToken"]}
    return {
        metric: figures[query["Id"]]
        if statuses.get(query["Id"]) == "Complete"
        else Unreadable(f"CloudWatch does not tell {metric.name} ({statuses.get(query['Id'], 'no answer')}).")
        for query, metric in zip(queries, metrics, strict=True)
    }


def _query(number: int, metric: Metric, period: timedelta) -> Any:
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            },
            "Period": int(period.total_seconds()),
            "Stat": metric.statistic,
        },
    }
