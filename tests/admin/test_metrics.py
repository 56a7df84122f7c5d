"""Metrics: the families that dashboards and alerts are built on."""

from prometheus_client.parser import text_string_to_metric_families

from wakeproxy.admin.metrics import render_metrics
from wakeproxy.core.counts import ANSWER_BOUNDS, SWEEP_BOUNDS, WAKE_BOUNDS, Counts, Histogram
from wakeproxy.core.lifecycle import Phase
from wakeproxy.engine.tally import Tally

Sample = tuple[str, tuple[tuple[str, str], ...]]


def read(counts: Counts) -> dict[Sample, float]:
    body, content_type = render_metrics(counts)
    assert content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def sample(name: str, **labels: str) -> Sample:
    return name, tuple(sorted(labels.items()))


def histogram(bounds: tuple[float, ...], *seconds: float) -> Histogram:
    tally = Tally(bounds)
    for each in seconds:
        tally.add(each)
    return tally.read()


def test_every_count_is_told() -> None:
    told = read(
        Counts(
            requests={("shop", "proxy", 200): 7, ("", "refused", 404): 1},
            refused={"connections": 2},
            ignored={("shop", "crawler"): 11},
            in_flight={"shop": 3},
            held={"shop": 4},
            upstream={"shop": 5},
            visitors=6,
            log_dropped=8,
            phases={"shop": Phase.AWAKE},
            wakes={("shop", "awake"): 9},
            sleeps={("shop", "idle"): 10},
            asleep_seconds={"shop": 12.5},
            aws_calls={("ecs", "UpdateService", "throttled"): 11},
        )
    )

    assert told[sample("wakeproxy_requests_total", service="shop", answer="proxy", code="200")] == 7
    assert told[sample("wakeproxy_requests_total", service="", answer="refused", code="404")] == 1
    assert told[sample("wakeproxy_refused_total", reason="connections")] == 2
    assert told[sample("wakeproxy_ignored_total", service="shop", rule="crawler")] == 11
    assert told[sample("wakeproxy_asleep_seconds_total", service="shop")] == 12.5
    assert told[sample("wakeproxy_in_flight", service="shop")] == 3
    assert told[sample("wakeproxy_held_requests", service="shop")] == 4
    assert told[sample("wakeproxy_upstream_connections", service="shop")] == 5
    assert told[sample("wakeproxy_visitor_connections")] == 6
    assert told[sample("wakeproxy_access_log_dropped_total")] == 8
    assert told[sample("wakeproxy_phase", service="shop", phase="AWAKE")] == 1
    assert told[sample("wakeproxy_phase", service="shop", phase="ASLEEP")] == 0
    assert told[sample("wakeproxy_wakes_total", service="shop", outcome="awake")] == 9
    assert told[sample("wakeproxy_sleeps_total", service="shop", reason="idle")] == 10
    throttled = {"service_api": "ecs", "operation": "UpdateService", "outcome": "throttled"}
    assert told[sample("wakeproxy_aws_calls_total", **throttled)] == 11


def test_histograms_are_cumulative() -> None:
    told = read(
        Counts(
            seconds={"shop": histogram(ANSWER_BOUNDS, 0.003, 0.03, 99.0)},
            ready_to_served=histogram(ANSWER_BOUNDS, 0.02),
            sweep_seconds=histogram(SWEEP_BOUNDS, 3.0),
            wake_seconds={("shop", "pulling"): histogram(WAKE_BOUNDS, 3.0)},
        )
    )

    assert told[sample("wakeproxy_request_seconds_bucket", service="shop", le="0.005")] == 1
    assert told[sample("wakeproxy_request_seconds_bucket", service="shop", le="0.05")] == 2
    assert told[sample("wakeproxy_request_seconds_bucket", service="shop", le="60.0")] == 2
    assert told[sample("wakeproxy_request_seconds_bucket", service="shop", le="+Inf")] == 3
    assert told[sample("wakeproxy_request_seconds_count", service="shop")] == 3
    assert told[sample("wakeproxy_request_seconds_sum", service="shop")] == 99.033
    assert told[sample("wakeproxy_ready_to_served_seconds_bucket", le="0.025")] == 1
    assert told[sample("wakeproxy_sweep_seconds_bucket", le="2.5")] == 0
    assert told[sample("wakeproxy_sweep_seconds_sum")] == 3
    assert told[sample("wakeproxy_wake_seconds_bucket", service="shop", stage="pulling", le="5.0")] == 1
