"""Metrics for Prometheus, made of plain counts at the moment they are asked for: nothing is counted twice."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from wakeproxy.core.counts import Counts, Histogram
from wakeproxy.core.lifecycle import Phase

_Value = TypeVar("_Value")
_Labels = TypeVar("_Labels", bound=tuple[str, ...])


class _House(Collector):
    """Everything counted, as Prometheus's families."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Make every family once."""
        yield from self._of_requests()
        yield from self._of_connections()
        yield from self._of_services()
        yield from self._of_aws()
        text = "1 while the ledger can be reached."
        yield _gauge("wakeproxy_ledger_up", text, (), {(): int(self._counts.has_ledger)})
        yield from self._of_upkeep()

    def _of_requests(self) -> Iterator[Metric]:
        counts = self._counts
        requests = {(name, answer, str(code)): value for (name, answer, code), value in counts.requests.items()}
        labels = ("service", "answer", "code")
        yield _counter("wakeproxy_requests", "Requests that were answered.", labels, requests)
        text = "From a request's head to the last byte of its answer; without upgraded connections."
        yield _histogram("wakeproxy_request_seconds", text, ("service",), _by_name(counts.seconds))
        text = "From an app's being ready to the first byte for a request that was held for it."
        yield _histogram("wakeproxy_ready_to_served_seconds", text, (), {(): counts.ready_to_served})
        yield _gauge("wakeproxy_in_flight", "Requests being answered.", ("service",), _by_name(counts.in_flight))
        yield _gauge("wakeproxy_held_requests", "Requests waiting for a wake.", ("service",), _by_name(counts.held))
        text = "Connections and messages refused before they became a request."
        yield _counter("wakeproxy_refused", text, ("reason",), _by_name(counts.refused))
        text = "Requests that were nobody's visit: they woke nothing and were no use."
        yield _counter("wakeproxy_ignored", text, ("service", "rule"), counts.ignored)
        text = "Lines of the access log that were not written."
        yield _counter("wakeproxy_access_log_dropped", text, (), {(): counts.log_dropped})

    def _of_connections(self) -> Iterator[Metric]:
        counts = self._counts
        yield _gauge("wakeproxy_visitor_connections", "Connections of visitors.", (), {(): counts.visitors})
        text = "Connections to apps: idle, in use, or being made."
        yield _gauge("wakeproxy_upstream_connections", text, ("service",), _by_name(counts.upstream))

    def _of_services(self) -> Iterator[Metric]:
        counts = self._counts
        phases = {(name, str(each)): int(each is phase) for name, phase in counts.phases.items() for each in Phase}
        yield _gauge("wakeproxy_phase", "1 for the phase a service is in.", ("service", "phase"), phases)
        yield _counter("wakeproxy_wakes", "Wakes that ended.", ("service", "outcome"), counts.wakes)
        text = "How long wakes that ended well took, by stage and in total."
        yield _histogram("wakeproxy_wake_seconds", text, ("service", "stage"), counts.wake_seconds)
        yield _counter("wakeproxy_sleeps", "Sleeps that were carried out.", ("service", "reason"), counts.sleeps)
        text = "How long sweeps took, without the grace that sleeps wait for."
        yield _histogram("wakeproxy_sweep_seconds", text, (), {(): counts.sweep_seconds})
        text = "How long each service was seen asleep."
        yield _counter("wakeproxy_asleep_seconds", text, ("service",), _by_name(counts.asleep_seconds))

    def _of_aws(self) -> Iterator[Metric]:
        text = "Calls to AWS that were answered, or were not."
        labels = ("service_api", "operation", "outcome")
        yield _counter("wakeproxy_aws_calls", text, labels, self._counts.aws_calls)

    def _of_upkeep(self) -> Iterator[Metric]:
        counts = self._counts
        text = "Services that were found by their tags, and cannot be served."
        yield _gauge("wakeproxy_disabled_services", text, (), {(): counts.disabled})
        text = "Whether the config could be read the last time."
        yield _gauge("wakeproxy_config_last_reload_successful", text, (), {(): int(counts.is_config_good)})
        for name, text, at in (
            ("config_last_reload_success", "When the config was read, last.", counts.config_read_at),
            ("discovery_last_success", "When services could be found by their tags, last.", counts.found_at),
        ):
            if at is not None:
                yield _gauge(f"wakeproxy_{name}_timestamp_seconds", text, (), {(): at.timestamp()})


def render_metrics(counts: Counts) -> tuple[bytes, str]:
    """Render all metrics; the body and its content type."""
    registry = CollectorRegistry()
    registry.register(_House(counts))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _by_name(values: Mapping[str, _Value]) -> dict[tuple[str, ...], _Value]:
    return {(name,): value for name, value in values.items()}


def _counter(name: str, text: str, labels: Sequence[str], values: Mapping[_Labels, float]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _gauge(name: str, text: str, labels: Sequence[str], values: Mapping[_Labels, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _histogram(name: str, text: str, labels: Sequence[str], values: Mapping[_Labels, Histogram]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        bounds = [*map(str, value.bounds), "+Inf"]
        family.add_metric(key, [*zip(bounds, accumulate(value.counts), strict=True)], sum_value=value.total)
    return family
