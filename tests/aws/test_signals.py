"""What CloudWatch says of use, and what its silence means."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.aws.conftest import CLUSTER, count_calls, ecs_of
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.signals import CloudWatchSignals
from wakeproxy.bootstrap import now
from wakeproxy.core.signals import Active, Quiet, Reading, Signal, SignalPolicy, Unreadable
from wakeproxy.ports import SignalAsk
from wakeproxy.sandbox import Fault, Sandbox

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/50dc6c495c0c9188"
GROUP = "targetgroup/shop/50dc6c495c0c9188"
MINUTE = timedelta(minutes=1)
SERVICE = {"ClusterName": CLUSTER, "ServiceName": "shop"}

Put = Callable[..., Awaitable[None]]


@pytest.fixture
def signals(clients: Clients) -> CloudWatchSignals:
    return CloudWatchSignals(clients)


@pytest.fixture
def put(clients: Clients) -> Put:
    async def put(namespace: str, name: str, dimensions: dict[str, str], *figures: tuple[float, float]) -> None:
        """Put figures, each so many minutes ago."""
        cloudwatch = await clients.cloudwatch.get()
        for ago, value in figures:
            datum: Any = {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
                "Timestamp": now() - ago * MINUTE,
                "Value": value,
            }
            await cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])

    return put


def an_ask(minutes: float = 20, **more: Any) -> SignalAsk:
    policy = SignalPolicy(**{key: more.pop(key) for key in tuple(more) if key in SignalPolicy.__dataclass_fields__})
    return SignalAsk(ecs_of("shop"), policy, now() - minutes * MINUTE, **more)


async def read(signals: CloudWatchSignals, ask: SignalAsk) -> Reading:
    ((_, reading),) = (await signals.read([ask], now())).items()
    assert tuple(reading) == ask.policy.wanted
    return reading[ask.policy.wanted[0]]


def is_about(at: datetime, minutes_ago: float) -> bool:
    return abs(now() - minutes_ago * MINUTE - at) <= 1.1 * MINUTE


# CPU.


async def test_cpu_above_its_level_is_use(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ECS", "CPUUtilization", SERVICE, (10, 34.56), (5, 19.9), (1, 3))

    found = await read(signals, an_ask(cpu_above=20))

    assert isinstance(found, Active)
    assert is_about(found.at, 10)
    assert found.level == "CPU at 34.6 %"


async def test_cpu_below_its_level_is_quiet(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ECS", "CPUUtilization", SERVICE, (10, 20), (2, 3))

    assert await read(signals, an_ask(cpu_above=20)) == Quiet()


async def test_what_was_busy_before_the_time_asked_for_is_quiet(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ECS", "CPUUtilization", SERVICE, (25, 90), (2, 3))

    assert await read(signals, an_ask(20, cpu_above=20)) == Quiet()


async def test_the_busiest_task_counts_and_not_the_average(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ECS", "CPUUtilization", SERVICE, *[(2.0, 1.0)] * 9, (2, 60))

    found = await read(signals, an_ask(cpu_above=20))

    assert isinstance(found, Active)
    assert found.level == "CPU at 60 %"


@pytest.mark.parametrize("figures", [(), ((10.0, 3.0),)], ids=["none at all", "none of late"])
async def test_a_running_service_without_cpu_figures_cannot_be_read(
    signals: CloudWatchSignals, put: Put, figures: tuple[tuple[float, float], ...]
) -> None:
    await put("AWS/ECS", "CPUUtilization", SERVICE, *figures)

    assert await read(signals, an_ask(cpu_above=20)) == Unreadable(
        "CloudWatch has no CPU figures of apps/shop of the last minutes."
    )


async def test_figures_of_another_service_say_nothing(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ECS", "CPUUtilization", {**SERVICE, "ServiceName": "blog"}, (2, 90))

    assert isinstance(await read(signals, an_ask(cpu_above=20)), Unreadable)


# Network.


async def test_what_comes_in_and_goes_out_is_added_up(signals: CloudWatchSignals, put: Put) -> None:
    await put("ECS/ContainerInsights", "NetworkRxBytes", SERVICE, (3, 6000), (1, 100))
    await put("ECS/ContainerInsights", "NetworkTxBytes", SERVICE, (3, 6000), (1, 100))

    found = await read(signals, an_ask(network_above=10_240))

    assert isinstance(found, Active)
    assert found.level == "network at 11.7 KiB/s"
    assert await read(signals, an_ask(network_above=12_000)) == Quiet()


async def test_much_traffic_is_told_in_larger_units(signals: CloudWatchSignals, put: Put) -> None:
    await put("ECS/ContainerInsights", "NetworkRxBytes", SERVICE, (3, 5 * 1024**2))

    found = await read(signals, an_ask(network_above=10_240))

    assert isinstance(found, Active), "one way is enough if it is above the level by itself"
    assert found.level == "network at 5 MiB/s"


async def test_without_container_insights_the_network_cannot_be_read(signals: CloudWatchSignals, put: Put) -> None:
    await put("ECS/ContainerInsights", "NetworkRxBytes", SERVICE, (1, 5))

    assert await read(signals, an_ask(network_above=10_240)) == Unreadable(
        "CloudWatch has no network figures of apps/shop of the last minutes. "
        "Container Insights may be off in its cluster."
    )


# Requests.


async def test_requests_through_a_load_balancer_are_use(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ApplicationELB", "RequestCountPerTarget", {"TargetGroup": GROUP}, (7, 2))

    found = await read(signals, an_ask(requests=True, target_groups=(ARN,)))

    assert isinstance(found, Active)
    assert is_about(found.at, 7)
    assert found.level == "requests through its load balancer"


async def test_a_load_balancer_that_tells_of_no_requests_has_none(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ApplicationELB", "HealthyHostCount", {"TargetGroup": GROUP, "LoadBalancer": "app/a/1"}, (2000, 1))

    assert await read(signals, an_ask(requests=True, target_groups=(ARN,))) == Quiet()


async def test_of_two_target_groups_that_alternate_both_are_looked_at(signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ApplicationELB", "RequestCountPerTarget", {"TargetGroup": GROUP}, (7, 2))

    blue = ARN.replace("shop", "blue")
    assert isinstance(await read(signals, an_ask(requests=True, target_groups=(blue, ARN))), Active)


async def test_a_target_group_that_no_load_balancer_tells_of_cannot_be_read(signals: CloudWatchSignals) -> None:
    assert await read(signals, an_ask(requests=True, target_groups=(ARN,))) == Unreadable(
        f"No Application Load Balancer is known to send requests to {GROUP}."
    )


async def test_a_service_without_a_target_group_has_no_requests_to_be_read(signals: CloudWatchSignals) -> None:
    assert await read(signals, an_ask(requests=True)) == Unreadable(
        "apps/shop has no target group whose requests could be counted."
    )


async def test_whose_a_target_group_is_is_asked_once(sandbox: Sandbox, signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ApplicationELB", "RequestCountPerTarget", {"TargetGroup": GROUP}, (7, 2))
    sandbox.clear_calls()

    for _ in range(2):
        await read(signals, an_ask(requests=True, target_groups=(ARN,)))

    assert count_calls(sandbox) == {"ListMetrics": 1, "GetMetricData": 2}


# Logs.


async def definition_of(clients: Clients) -> str:
    answer = await clients.ecs.describe_services(cluster=CLUSTER, services=["shop"])
    return answer["services"][0]["taskDefinition"]


async def test_lines_in_the_log_of_a_service_are_use(
    sandbox: Sandbox, clients: Clients, signals: CloudWatchSignals, put: Put
) -> None:
    sandbox.create_service("shop")
    definition = await definition_of(clients)
    await put("AWS/Logs", "IncomingLogEvents", {"LogGroupName": "/ecs/shop"}, (7, 1))
    sandbox.clear_calls()

    found, again = [await read(signals, an_ask(logs=True, task_definitions=(definition,))) for _ in range(2)]

    assert isinstance(found, Active)
    assert found.level == "lines in its log"
    assert isinstance(again, Active)
    assert count_calls(sandbox) == {"DescribeTaskDefinition": 1, "GetMetricData": 2}


async def test_a_log_without_new_lines_is_quiet(sandbox: Sandbox, clients: Clients, signals: CloudWatchSignals) -> None:
    sandbox.create_service("shop")

    assert await read(signals, an_ask(logs=True, task_definitions=(await definition_of(clients),))) == Quiet()


@pytest.mark.parametrize(
    "sidecars",
    [
        [],
        [{"name": "x", "image": "x", "logConfiguration": {"logDriver": "splunk", "options": {"awslogs-group": "x"}}}],
        [{"name": "x", "image": "x", "logConfiguration": {"logDriver": "awslogs"}}],
        [
            {
                "name": "x",
                "image": "x",
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "x", "awslogs-region": "us-east-1"},
                },
            }
        ],
    ],
    ids=["no log", "another driver", "no group", "another region"],
)
async def test_a_service_that_does_not_log_where_it_is_looked_for_cannot_be_read(
    sandbox: Sandbox, clients: Clients, signals: CloudWatchSignals, sidecars: list[dict[str, Any]]
) -> None:
    sandbox.create_service("shop", logs=False, sidecars=sidecars)

    assert await read(signals, an_ask(logs=True, task_definitions=(await definition_of(clients),))) == Unreadable(
        "No container of apps/shop writes to CloudWatch Logs in eu-central-1 with awslogs."
    )


async def test_a_task_definition_that_cannot_be_read_makes_only_the_logs_unreadable(
    sandbox: Sandbox, signals: CloudWatchSignals, put: Put
) -> None:
    sandbox.create_service("shop")
    await put("AWS/ECS", "CPUUtilization", SERVICE, (1, 3))

    ask = an_ask(cpu_above=20, logs=True, task_definitions=("nobody:1",))
    reading = (await signals.read([ask], now()))[ask.ecs]

    logs = reading[Signal.LOGS]
    assert reading[Signal.CPU] == Quiet()
    assert isinstance(logs, Unreadable)
    assert "read task definition nobody:1" in logs.why


# Calls.


async def test_the_signals_of_many_services_are_read_in_few_calls(
    sandbox: Sandbox, clients: Clients, signals: CloudWatchSignals
) -> None:
    since = now() - 20 * MINUTE
    asks = [SignalAsk(ecs_of(f"shop-{number}"), SignalPolicy(cpu_above=20), since) for number in range(501)]
    await clients.cloudwatch.get()
    sandbox.clear_calls()

    readings = await signals.read(asks, now())

    assert len(readings) == 501
    assert count_calls(sandbox) == {"GetMetricData": 3}, "each answer has some four thousand figures"


async def test_its_client_is_opened_once_however_many_want_it(clients: Clients) -> None:
    one, other = await asyncio.gather(clients.cloudwatch.get(), clients.cloudwatch.get())

    assert one is other


async def test_cloudwatch_is_not_opened_nor_called_before_somebody_wants_it(
    sandbox: Sandbox, signals: CloudWatchSignals
) -> None:
    assert await signals.read([an_ask()], now()) == {ecs_of("shop"): {}}
    assert await signals.read([], now()) == {}
    assert count_calls(sandbox) == {}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault(kind="throttle", operation="GetMetricData"),
            "AWS limits the rate of calls to read CloudWatch's metrics",
        ),
        (
            Fault(kind="error", operation="GetMetricData", code="AccessDenied"),
            "AWS does not allow to read CloudWatch's",
        ),
        (Fault(kind="lose_request", operation="GetMetricData"), "AWS did not answer when asked to read CloudWatch's"),
    ],
)
async def test_whatever_keeps_cloudwatch_from_answering_makes_signals_unreadable(
    sandbox: Sandbox, signals: CloudWatchSignals, fault: Fault, words: str
) -> None:
    sandbox.faults.add(fault)

    found = await read(signals, an_ask(cpu_above=20))

    assert isinstance(found, Unreadable)
    assert words in found.why


async def test_a_refusal_to_list_metrics_makes_requests_unreadable(
    sandbox: Sandbox, signals: CloudWatchSignals
) -> None:
    sandbox.faults.add(Fault(kind="error", operation="ListMetrics", code="AccessDenied"))

    found = await read(signals, an_ask(requests=True, target_groups=(ARN,)))

    assert isinstance(found, Unreadable)
    assert f"list the metrics of {GROUP}" in found.why


async def test_for_a_long_time_longer_periods_do(sandbox: Sandbox, signals: CloudWatchSignals, put: Put) -> None:
    await put("AWS/ECS", "CPUUtilization", SERVICE, (3000, 90), (1, 3))
    sandbox.clear_calls()

    found = await read(signals, an_ask(7 * 24 * 60, cpu_above=20))

    assert isinstance(found, Active)
    assert abs(now() - 3000 * MINUTE - found.at) <= timedelta(hours=1.1)
    assert found.at <= now()
