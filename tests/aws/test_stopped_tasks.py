"""Why a task is gone: only DescribeTasks tells, and only to who still asks for it."""

from tests.aws.conftest import count_calls, is_running, observe, observe_until
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.core.observation import Observation
from wakeproxy.sandbox import Fault, Sandbox


def has_stopped(seen: Observation) -> bool:
    return any(task.is_gone for task in seen.tasks)


async def test_a_task_that_never_started_is_found_with_its_reason(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", image="registry.example/not/there:1", desired_count=1)

    seen = await observe_until(fleet, "shop", has_stopped)

    task = next(task for task in seen.tasks if task.is_gone)
    assert task.stop_code == "TaskFailedToStart"
    assert "CannotPullContainerError" in (task.stopped_reason or "")


async def test_a_task_that_was_replaced_is_described_beside_its_successor(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", desired_count=1)
    first = (await observe_until(fleet, "shop", is_running)).live[0].arn

    sandbox.replace_task("apps", "shop")
    seen = await observe_until(
        fleet, "shop", lambda seen: has_stopped(seen) and is_running(seen) and seen.live[0].arn != first
    )

    gone = next(task for task in seen.tasks if task.arn == first)
    assert gone.stop_code == "EssentialContainerExited"
    assert gone.containers[0].exit_code == 137


async def test_a_container_that_exits_is_found_with_its_exit_code(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service(
        "shop", image="wakeproxy/crasher", environment={"LIVE_SECONDS": "0", "EXIT_CODE": "3"}, desired_count=1
    )

    seen = await observe_until(fleet, "shop", has_stopped)

    task = next(task for task in seen.tasks if task.is_gone)
    assert (task.stop_code, task.containers[0].exit_code) == ("EssentialContainerExited", 3)


async def test_no_task_is_asked_about_once_nothing_is_wanted(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", desired_count=1)
    seen = await observe_until(fleet, "shop", is_running)
    await fleet.scale(seen.ecs, desired_count=0)
    sandbox.clear_calls()

    await observe_until(fleet, "shop", lambda seen: seen.is_at_rest)

    assert set(count_calls(sandbox)) == {"DescribeServices"}


async def test_a_listing_that_lags_hides_no_task_that_was_seen(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", desired_count=1)
    before = await observe_until(fleet, "shop", is_running)
    sandbox.faults.add(Fault(kind="empty", operation="ListTasks", times=None))

    after = await observe(fleet, "shop")

    assert [task.arn for task in after.live] == [task.arn for task in before.live]


async def test_an_answer_from_the_past_is_read_as_such(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")
    ecs = (await observe(fleet, "shop")).ecs
    sandbox.faults.add(Fault(kind="lag", operation="Describe*", seconds=5, times=1))
    await fleet.scale(ecs, desired_count=1)

    lagging = await observe(fleet, "shop")
    current = await observe(fleet, "shop")

    assert (lagging.desired, current.desired) == (0, 1)
