"""`Signals` on CloudWatch: what AWS measures of a service by the minute, whoever its visitors come through.

What no figures mean differs. ECS and Container Insights send some every minute while a task runs ("Amazon ECS
CloudWatch metrics", "Container Insights metrics"), so none of late is *unreadable*: Container Insights is off, the
region is another's, or CloudWatch is late. Load balancers and log groups send figures only of what there is
("CloudWatch metrics for your Application Load Balancer": only when requests flow, health checks excluded), so none is
*quiet* - once it is certain that this is where requests and lines would come.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from cachetools import LRUCache

from wakeproxy.aws.batches import each
from wakeproxy.aws.faults import translated
from wakeproxy.aws.metrics import Metric, Series, Span, read_series
from wakeproxy.core.signals import LATENESS, Active, Quiet, Reading, Signal, Unreadable
from wakeproxy.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wakeproxy.aws.access import Clients
    from wakeproxy.core.service import EcsService
    from wakeproxy.core.signals import SignalPolicy, SignalReading
    from wakeproxy.ports import SignalAsk

_ECS, _INSIGHTS, _BALANCER, _LOGS = "AWS/ECS", "ECS/ContainerInsights", "AWS/ApplicationELB", "AWS/Logs"
_REMEMBERED: Final = 10_000
_STALE: Final = LATENESS + timedelta(minutes=2)
"""Figures that should come every minute, and whose newest is older, are missing."""
_KIB, _MIB = 1024, 1024**2

_Plan: TypeAlias = "Mapping[Signal, tuple[Metric, ...] | Unreadable]"
"""Of which metrics each signal of a service is made."""


@dataclass(frozen=True, slots=True)
class _LogGroup:
    name: str
    region: str


class CloudWatchSignals:
    """Reads signals; CloudWatch is not called before somebody wants one."""

    def __init__(self, clients: Clients) -> None:
        self._cloudwatch = clients.cloudwatch
        self._ecs = clients.ecs
        self._balanced: LRUCache[str, bool] = LRUCache(_REMEMBERED)
        """Target groups that an Application Load Balancer was seen to send requests to."""
        self._log_groups: LRUCache[str, tuple[_LogGroup, ...]] = LRUCache(_REMEMBERED)
        """By task definition, which never changes."""

    async def read(self, asks: Sequence[SignalAsk], now: datetime) -> Mapping[EcsService, SignalReading]:
        """Find out which metrics are meant, read them all, and say what they mean."""
        plans = await each(self._plan, asks)
        wanted: dict[Span, list[Metric]] = defaultdict(list)
        spans = [Span.since(ask.since, now) for ask in asks]
        for span, plan in zip(spans, plans, strict=True):
            wanted[span] += [metric for found in plan.values() if not isinstance(found, Unreadable) for metric in found]
        series = {span: await self._read(span, metrics) for span, metrics in wanted.items() if metrics}
        return {
            ask.ecs: {
                signal: found
                if isinstance(found, Unreadable)
                else _tell(signal, ask, [series[span][metric] for metric in found], _Time(ask.since, now, span.period))
                for signal, found in plan.items()
            }
            for ask, span, plan in zip(asks, spans, plans, strict=True)
        }

    async def _read(self, span: Span, metrics: Sequence[Metric]) -> Mapping[Metric, Series | Unreadable]:
        return await read_series(await self._cloudwatch.get(), metrics, span)

    async def _plan(self, ask: SignalAsk) -> _Plan:
        plan: dict[Signal, tuple[Metric, ...] | Unreadable] = {}
        for signal in ask.policy.wanted:
            try:
                plan[signal] = await self._find(signal, ask)
            except FleetError as error:
                plan[signal] = Unreadable(str(error))
        return plan

    async def _find(self, signal: Signal, ask: SignalAsk) -> tuple[Metric, ...] | Unreadable:
        """Find the metrics of one signal.

        Of CPU and network it is the busiest task's highest figure that counts: an average would hide one busy task
        among many idle ones.
        """
        service = (("ClusterName", ask.ecs.cluster), ("ServiceName", ask.ecs.service))
        match signal:
            case Signal.CPU:
                return (Metric(_ECS, "CPUUtilization", service, "Maximum"),)
            case Signal.NETWORK:
                return tuple(Metric(_INSIGHTS, f"Network{way}Bytes", service, "Maximum") for way in ("Rx", "Tx"))
            case Signal.REQUESTS:
                return await self._find_requests(ask)
            case Signal.LOGS:
                return await self._find_logs(ask)
            case _:
                assert_never(signal)

    async def _find_requests(self, ask: SignalAsk) -> tuple[Metric, ...] | Unreadable:
        if not ask.target_groups:
            return Unreadable(f"{ask.ecs} has no target group whose requests could be counted.")
        names = [arn.rpartition(":")[2] for arn in ask.target_groups]
        if not [name for name in names if await self._is_balanced(name)]:
            return Unreadable(f"No Application Load Balancer is known to send requests to {' or '.join(names)}.")
        return tuple(Metric(_BALANCER, "RequestCountPerTarget", (("TargetGroup", name),), "Sum") for name in names)

    async def _is_balanced(self, target_group: str) -> bool:
        """Whether an Application Load Balancer has ever told anything of a target group.

        A Network Load Balancer counts no requests, and neither does a target group that no listener leads to; without
        asking, both would look quiet.
        """
        if target_group not in self._balanced:
            cloudwatch = await self._cloudwatch.get()
            with translated(f"list the metrics of {target_group}"):
                answer = await cloudwatch.list_metrics(
                    Namespace=_BALANCER, Dimensions=[{"Name": "TargetGroup", "Value": target_group}]
                )
                if not answer["Metrics"]:
                    return False
            self._balanced[target_group] = True
        return True

    async def _find_logs(self, ask: SignalAsk) -> tuple[Metric, ...] | Unreadable:
        groups = [group for arn in ask.task_definitions for group in await self._find_log_groups(arn)]
        region = self._ecs.meta.region_name
        here = dict.fromkeys(group.name for group in groups if group.region == region)
        if not here:
            return Unreadable(f"No container of {ask.ecs} writes to CloudWatch Logs in {region} with awslogs.")
        return tuple(Metric(_LOGS, "IncomingLogEvents", (("LogGroupName", name),), "Sum") for name in here)

    async def _find_log_groups(self, task_definition: str) -> tuple[_LogGroup, ...]:
        if task_definition not in self._log_groups:
            with translated(f"read task definition {task_definition}"):
                answer = await self._ecs.describe_task_definition(taskDefinition=task_definition)
                containers = answer["taskDefinition"]["containerDefinitions"]
            logs = [one["logConfiguration"] for one in containers if "logConfiguration" in one]
            options = [log.get("options", {}) for log in logs if log.get("logDriver") == "awslogs"]
            self._log_groups[task_definition] = tuple(
                _LogGroup(one["awslogs-group"], one.get("awslogs-region", ""))
                for one in options
                if "awslogs-group" in one
            )
        return self._log_groups[task_definition]


# What figures mean.


@dataclass(frozen=True, slots=True)
class _Time:
    since: datetime
    now: datetime
    period: timedelta


def _tell(signal: Signal, ask: SignalAsk, found: Sequence[Series | Unreadable], time: _Time) -> Reading:
    series = [one for one in found if not isinstance(one, Unreadable)]
    total, above = _add(series), _threshold(signal, ask.policy)
    peaks = [at for at, figure in total.items() if figure > above and at + time.period > time.since]
    if peaks:
        at = max(peaks)
        return Active(min(at + time.period, time.now), _show(signal, total[at]))
    unreadable = next((one for one in found if isinstance(one, Unreadable)), None)
    if unreadable is not None:
        return unreadable
    return _look_for_gaps(signal, ask, series, time) if signal in {Signal.CPU, Signal.NETWORK} else Quiet()


def _threshold(signal: Signal, policy: SignalPolicy) -> float:
    levels = {Signal.CPU: policy.cpu_above, Signal.NETWORK: policy.network_above}
    return levels.get(signal) or 0.0


def _look_for_gaps(signal: Signal, ask: SignalAsk, series: Sequence[Series], time: _Time) -> Reading:
    """Say that it was quiet, unless figures that should come every minute do not."""
    newest = min(max(one, default=None) or datetime.min.replace(tzinfo=time.now.tzinfo) for one in series)
    if newest + time.period >= time.now - _STALE:
        return Quiet()
    hint = " Container Insights may be off in its cluster." if signal is Signal.NETWORK else ""
    return Unreadable(f"CloudWatch has no {signal} figures of {ask.ecs} of the last minutes.{hint}")


def _add(many: Sequence[Series]) -> Series:
    total: dict[datetime, float] = defaultdict(float)
    for series in many:
        for at, figure in series.items():
            total[at] += figure
    return total


def _show(signal: Signal, figure: float) -> str:
    match signal:
        case Signal.CPU:
            return f"CPU at {figure:.3g} %"
        case Signal.NETWORK:
            size, unit = (_MIB, "MiB") if figure >= _MIB else (_KIB, "KiB")
            return f"network at {figure / size:.3g} {unit}/s"
        case Signal.REQUESTS:
            return "requests through its load balancer"
        case Signal.LOGS:
            return "lines in its log"
        case _:
            assert_never(signal)
