"""Metrics of invocations, as lines that CloudWatch reads out of a log: its Embedded Metric Format.

The names are those of the Prometheus metrics. Each line tells of one set of dimensions; what nobody did tells nothing.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from wakeproxy.engine.deeds import Deeds

_NAMESPACE: Final = "wakeproxy"


@dataclass(frozen=True, slots=True)
class Measured:
    """Values by name, all with the same dimensions; a name in ``seconds`` is a span, any other is a count."""

    dimensions: Mapping[str, str]
    counts: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


def write_line(measured: Measured, now: datetime) -> str:
    """Write what was measured as one line (CloudWatch documentation, "Specification: Embedded metric format")."""
    units = {**dict.fromkeys(measured.counts, "Count"), **dict.fromkeys(measured.seconds, "Seconds")}
    directive = {
        "Namespace": _NAMESPACE,
        "Dimensions": [sorted(measured.dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    document: dict[str, Any] = {
        "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        **measured.dimensions,
        **measured.counts,
        **measured.seconds,
    }
    return json.dumps(document)


def measure_request(service: str, answer: str, code: int, seconds: float) -> Measured:
    """Tell of a request that was answered."""
    return Measured(
        {"service": service, "answer": answer, "code": str(code)},
        counts={"wakeproxy_requests_total": 1},
        seconds={"wakeproxy_request_seconds": seconds},
    )


def take_calls(calls: Counter[tuple[str, str, str]]) -> Iterator[Measured]:
    """Tell of the calls to AWS that failed since this was last asked, and forget them all."""
    for (api, operation, outcome), count in calls.items():
        if outcome != "ok":
            dimensions = {"service_api": api, "operation": operation, "outcome": outcome}
            yield Measured(dimensions, counts={"wakeproxy_aws_calls_total": count})
    calls.clear()


def take_deeds(deeds: Deeds) -> Iterator[Measured]:
    """Tell of the wakes, sleeps and sweeps that ended since this was last asked, and forget them."""
    for (service, outcome), count in deeds.wakes.items():
        yield Measured({"service": service, "outcome": outcome}, counts={"wakeproxy_wakes_total": count})
    for (service, stage), tally in deeds.wake_seconds.items():
        yield Measured({"service": service, "stage": stage}, seconds={"wakeproxy_wake_seconds": tally.read().total})
    for (service, reason), count in deeds.sleeps.items():
        yield Measured({"service": service, "reason": reason}, counts={"wakeproxy_sleeps_total": count})
    deeds.keep(())
