"""A fake AWS behind the real client library: its answers are as long as AWS's, and its limits are AWS's.

It answers in the place of the network, so that all else is as it is: building and signing requests, waiting for the
buckets, parsing. What comes faster than AWS's buckets admit is refused as AWS refuses it, and counted; what is larger
than one call may be ends the run. `wakeproxy.aws.pace` knows of none of this.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from benchmarks.sweep.leaping import Clock
from benchmarks.sweep.units import Unit

LATENCY: Final = 0.04
"""Seconds until AWS answers."""

_BUCKETS: Final = (
    # Amazon ECS developer guide, "Request throttling for the Amazon ECS API": burst, and tokens a second.
    (("UpdateService", "CreateService", "DeleteService"), 50, 5),
    (("DescribeServices", "ListServices"), 100, 20),
    (("DescribeTasks", "ListTasks", "GetTaskProtection"), 100, 20),
    # CloudWatch service quotas; Application Auto Scaling publishes none, and this is a guess on the low side.
    (("GetMetricData",), 50, 50),
    (("DescribeScalableTargets",), 20, 10),
)
_PAGE: Final = 100
_MOST: Final = {"DescribeServices": 10, "DescribeTasks": 100, "GetTaskProtection": 100, "DescribeScalableTargets": 50}
_MOST_QUERIES: Final = 500
_MINUTES: Final = 20
"""Figures of a metric in an answer."""

_is_marked: ContextVar[bool] = ContextVar("is_marked", default=False)


@dataclass(slots=True)
class _Bucket:
    burst: float
    per_second: float
    tokens: float
    filled_at: float

    def admit(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer, as the client library's own HTTP session would give it."""

    status_code: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: None = None

    @property
    async def content(self) -> bytes:
        return self.body


class Aws:
    """Knows services, and counts what it was asked."""

    def __init__(self, units: Iterable[Unit], clock: Clock) -> None:
        self.units = {(unit.cluster, unit.name): unit for unit in units}
        self.calls: Counter[str] = Counter()
        self.marked: Counter[str] = Counter()
        """Those that were asked for within `marking`."""
        self.throttled: Counter[str] = Counter()
        self._clock = clock
        self._in_cluster: dict[str, list[Unit]] = {}
        for unit in self.units.values():
            self._in_cluster.setdefault(unit.cluster, []).append(unit)
        buckets = [(names, _Bucket(burst, rate, burst, clock.read())) for names, burst, rate in _BUCKETS]
        self._buckets = {name: bucket for names, bucket in buckets for name in names}

    def serve(self, client: Any) -> None:
        """Answer every call of a client."""
        client.meta.events.register("before-send", self._answer)

    @contextmanager
    def marking(self) -> Iterator[None]:
        """Tell the calls that are asked for within from those of others."""
        before = _is_marked.set(True)
        try:
            yield
        finally:
            _is_marked.reset(before)

    async def _answer(self, request: Any, event_name: str, **_: Any) -> _Answer:
        operation = event_name.rpartition(".")[2]
        with self._clock.stopped():
            self.calls[operation] += 1
            self.marked[operation] += _is_marked.get()
            is_admitted = self._buckets[operation].admit(self._clock.read())
        await asyncio.sleep(LATENCY)
        with self._clock.stopped():
            if not is_admitted:
                self.throttled[operation] += 1
                return _Answer(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}')
            if operation == "GetMetricData":
                return _Answer(200, self._tell_metrics(request.body))
            asked = json.loads(request.body)
            answer: bytes = getattr(self, f"_{operation}")(asked)
            return _Answer(200, answer)

    def _find(self, operation: str, cluster: str, names: Sequence[str]) -> list[Unit]:
        assert 0 < len(names) <= _MOST[operation], f"AWS refuses {operation} of {len(names)}"
        return [self.units[cluster, name] for name in names]

    def _DescribeServices(self, asked: Mapping[str, Any]) -> bytes:  # noqa: N802 - as AWS calls it
        found = self._find("DescribeServices", asked["cluster"], asked["services"])
        now = self._clock.read()
        return b'{"services": [' + b",".join(unit.describe(now) for unit in found) + b'], "failures": []}'

    def _UpdateService(self, asked: Mapping[str, Any]) -> bytes:  # noqa: N802 - the same
        unit = self.units[asked["cluster"], asked["service"]]
        unit.scale(asked["desiredCount"], self._clock.read())
        return b'{"service": ' + unit.describe(self._clock.read()) + b"}"

    def _ListTasks(self, asked: Mapping[str, Any]) -> bytes:  # noqa: N802 - the same
        name, first = asked.get("serviceName"), int(asked.get("nextToken") or 0)
        units = self._in_cluster[asked["cluster"]] if name is None else [self.units[asked["cluster"], name]]
        arns = [arn for unit in units for arn in unit.list_tasks(asked["desiredStatus"])]
        more = {"nextToken": str(first + _PAGE)} if first + _PAGE < len(arns) else {}
        return json.dumps({"taskArns": arns[first : first + _PAGE], **more}).encode()

    def _DescribeTasks(self, asked: Mapping[str, Any]) -> bytes:  # noqa: N802 - the same
        names = [arn.split("/")[2] for arn in asked["tasks"]]
        now = self._clock.read()
        told = [unit.describe_task(now) for unit in self._find("DescribeTasks", asked["cluster"], names)]
        return json.dumps({"tasks": [one for one in told if one is not None], "failures": []}).encode()

    def _GetTaskProtection(self, asked: Mapping[str, Any]) -> bytes:  # noqa: N802 - the same
        names = [arn.split("/")[2] for arn in asked["tasks"]]
        assert self._find("GetTaskProtection", asked["cluster"], names)
        told = [{"taskArn": arn, "protectionEnabled": False} for arn in asked["tasks"]]
        return json.dumps({"protectedTasks": told, "failures": []}).encode()

    def _DescribeScalableTargets(self, asked: Mapping[str, Any]) -> bytes:  # noqa: N802 - the same
        assert 0 < len(asked["ResourceIds"]) <= _MOST["DescribeScalableTargets"]
        return b'{"ScalableTargets": []}'

    def _tell_metrics(self, body: Any) -> bytes:
        """Tell figures of the last minutes, as CloudWatch's query protocol spells them."""
        text = body.decode() if isinstance(body, bytes) else body
        asked = dict(parse_qsl(text)) if isinstance(text, str) else {key: str(value) for key, value in body.items()}
        names = {key: value for key, value in asked.items() if key.endswith(".Dimensions.member.2.Value")}
        clusters = {key: value for key, value in asked.items() if key.endswith(".Dimensions.member.1.Value")}
        assert 0 < len(names) <= _MOST_QUERIES, f"AWS refuses GetMetricData of {len(names)}"
        told = []
        for key, name in names.items():
            prefix = key.partition(".MetricStat")[0]
            unit = self.units[clusters[key.replace("member.2", "member.1")], name]
            told.append(_spell_series(asked[f"{prefix}.Id"], unit.list_cpu(self._clock.read(), _MINUTES)))
        result = f"<MetricDataResults>{''.join(told)}</MetricDataResults>"
        return (
            f'<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricDataResult>{result}'
            "</GetMetricDataResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetMetricDataResponse>"
        ).encode()


def _spell_series(query: str, figures: Mapping[str, float]) -> str:
    times = "".join(f"<member>{at}</member>" for at in figures)
    values = "".join(f"<member>{figure}</member>" for figure in figures.values())
    return (
        f"<member><Id>{query}</Id><Label>CPU</Label><StatusCode>Complete</StatusCode>"
        f"<Timestamps>{times}</Timestamps><Values>{values}</Values></member>"
    )
