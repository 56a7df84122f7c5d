"""Which calls tell of many services' tasks, and that the answer is the same whichever it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.aws.toy_ecs import ToyEcs, ToyTask, a_cluster, arn_of, fleet_of, looks_at
from wakeproxy.aws.listing import calls_by_cluster, calls_by_service
from wakeproxy.core.service import EcsService
from wakeproxy.ports import Look


@pytest.mark.parametrize(
    ("tasks", "in_cluster", "by_service", "by_cluster"),
    [
        ([1], 0, 2, 2),
        ([1], 101, 2, 3),
        ([1, 1], 0, 3, 2),
        ([1, 1], 100, 3, 2),
        ([1, 1], 101, 3, 3),
        ([0, 0, 0], 0, 3, 1),
        ([100, 1], 0, 4, 4),
        ([101], 0, 4, 4),
        ([1] * 500, 0, 505, 10),
        ([1] * 500, 50_000, 505, 505),
        ([1] * 500, 50_001, 505, 506),
    ],
)
def test_the_calls_of_both_ways(tasks: list[int], in_cluster: int, by_service: int, by_cluster: int) -> None:
    assert calls_by_service(tasks) == by_service
    assert calls_by_cluster(tasks, in_cluster=in_cluster) == by_cluster


async def test_five_hundred_services_of_one_cluster_cost_ten_task_calls() -> None:
    ecs = a_cluster({f"s{number}": 1 for number in range(500)})
    seen = await fleet_of(ecs).observe(looks_at(ecs))

    assert ecs.calls == {"DescribeServices": 50, "ListTasks": 5, "DescribeTasks": 5}
    assert all(len(one.tasks) == 1 for one in seen.values())


async def test_a_task_of_no_service_is_described_once_to_know_whose_it_is() -> None:
    ecs = a_cluster({"shop": 1, "blog": 1}, others=90)
    fleet = fleet_of(ecs)
    for _ in range(3):
        await fleet.observe(looks_at(ecs))

    assert ecs.calls == {"DescribeServices": 3, "ListTasks": 3, "DescribeTasks": 3}


async def test_a_cluster_too_large_to_be_listed_is_found_out_once() -> None:
    ecs = a_cluster({f"s{number}": 1 for number in range(3)}, others=1000)
    fleet = fleet_of(ecs)
    first = await fleet.observe(looks_at(ecs))
    assert ecs.calls == {"DescribeServices": 1, "ListTasks": 4 + 3, "DescribeTasks": 1}
    ecs.calls.clear()
    second = await fleet.observe(looks_at(ecs))

    assert ecs.calls == {"DescribeServices": 1, "ListTasks": 3, "DescribeTasks": 1}
    assert first == second
    assert all(len(one.tasks) == 1 for one in first.values())


async def test_a_cluster_that_is_just_small_enough_is_listed() -> None:
    ecs = a_cluster({f"s{number}": 1 for number in range(3)}, others=397)
    await fleet_of(ecs).observe(looks_at(ecs))

    assert ecs.calls["ListTasks"] == 4


async def test_without_tasks_a_look_costs_no_task_call() -> None:
    ecs = a_cluster({"shop": 2, "blog": 0})
    seen = await fleet_of(ecs).observe(looks_at(ecs, tasks=False))

    assert ecs.calls == {"DescribeServices": 1}
    assert (seen[EcsService("apps", "shop")].running, seen[EcsService("apps", "shop")].tasks) == (2, ())


async def test_tasks_are_told_in_the_order_of_their_making() -> None:
    ecs = a_cluster({"shop": 9})
    (seen,) = (await fleet_of(ecs).observe(looks_at(ecs))).values()

    made = [task.created_at for task in seen.tasks]
    assert made == sorted(made, key=str)


@st.composite
def clusters(draw: st.DrawFn) -> ToyEcs:
    """Draw services that have, miss and exceed what they want, stopped tasks, and tasks of others."""
    names = [f"s{number}" for number in range(draw(st.integers(1, 12)))]
    desired = {name: draw(st.integers(0, 3)) for name in names}
    groups = [f"service:{name}" for name in names] + ["service:others", "family:batch", ""]
    drawn = draw(st.lists(st.tuples(st.sampled_from(groups), st.sampled_from(["RUNNING", "STOPPED"])), max_size=40))
    drawn += [("family:batch", "RUNNING")] * draw(st.sampled_from([0, 0, 99, 250, 1500]))
    return ToyEcs(desired, [ToyTask(arn_of(number), *one) for number, one in enumerate(drawn)])


@settings(deadline=None)
@given(clusters())
async def test_services_seen_together_are_what_each_is_seen_alone(ecs: ToyEcs) -> None:
    fleet, together = fleet_of(ecs), [*looks_at(ecs), Look(EcsService("apps", "nobody"))]
    alone = [await fleet_of(ecs).observe([look]) for look in together]
    expected = {look.ecs: one[look.ecs] for look, one in zip(together, alone, strict=True)}

    assert await fleet.observe(together) == expected
    assert await fleet.observe(together) == expected, "what is remembered makes no difference"
