"""Metrics for Prometheus, read from the engine at the moment they are asked for: nothing is counted twice."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from wakeproxy.core.lifecycle import Phase
from wakeproxy.engine.traffic import Traffic
from wakeproxy.engine.waker import Waker


class _House(Collector):
    """What the engine knows, as gauges."""

    def __init__(self, waker: Waker, traffic: Traffic) -> None:
        self._waker = waker
        self._traffic = traffic

    def collect(self) -> Iterator[Metric]:
        """Read everything once."""
        phase = GaugeMetricFamily("wakeproxy_phase", "1 for the phase a service is in.", labels=["service", "phase"])
        in_flight = GaugeMetricFamily("wakeproxy_in_flight", "Requests being answered.", labels=["service"])
        for name in self._waker.lives:
            current = self._waker.look(name).phase
            for one in Phase:
                phase.add_metric([name, str(one)], float(one is current))
            in_flight.add_metric([name], max(self._traffic.in_flight[name], 0))
        yield phase
        yield in_flight


def render_metrics(waker: Waker, traffic: Traffic) -> tuple[bytes, str]:
    """Render all metrics; the body and its content type."""
    registry = CollectorRegistry()
    registry.register(_House(waker, traffic))
    return generate_latest(registry), CONTENT_TYPE_LATEST
