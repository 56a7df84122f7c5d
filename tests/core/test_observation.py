from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import ECS, IMAGE, NOW, a_service, a_task, an_observation, at
from wakeproxy.core.observation import (
    Container,
    Deployment,
    Endpoint,
    Stage,
    Task,
    find_origin,
    list_endpoints,
    missing,
)
from wakeproxy.core.service import Address

STATUSES = [
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
    "STOPPED",
    "DELETED",
    "",
    "A_STATUS_OF_TOMORROW",
]
ON_THE_WAY = {"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"}


@pytest.mark.parametrize(("last", "desired"), [*product(STATUSES, ["RUNNING", "STOPPED", "PENDING", ""])])
def test_only_a_task_that_runs_or_comes_up_and_is_wanted_is_live(last: str, desired: str) -> None:
    assert a_task(last, desired_status=desired).is_live == (last in ON_THE_WAY and desired == "RUNNING")


def test_a_running_task_that_drains_is_never_an_endpoint() -> None:
    seen = an_observation(a_task("RUNNING", desired_status="STOPPED"))

    assert list_endpoints(seen, address=Address.PRIVATE, port=8080) == ()
    assert seen.stage is Stage.REQUESTED


@given(st.text() | st.sampled_from(STATUSES), st.text() | st.sampled_from(["RUNNING", "STOPPED"]))
def test_whatever_statuses_aws_invents_an_endpoint_is_a_task_on_its_way(last: str, desired: str) -> None:
    seen = an_observation(a_task(last, desired_status=desired))

    if list_endpoints(seen, address=Address.PRIVATE, port=8080):
        assert desired == "RUNNING"
        assert last in ON_THE_WAY


def test_every_live_task_whose_address_is_known_is_an_endpoint() -> None:
    seen = an_observation(
        a_task(arn="one", private_address="10.0.1.7", public_address="203.0.113.9"),
        a_task("PENDING", arn="two", private_address="10.0.1.8"),
        a_task("PROVISIONING", arn="three", private_address=None),
    )

    assert list_endpoints(seen, address=Address.PRIVATE, port=3000) == (
        Endpoint("one", "10.0.1.7", 3000),
        Endpoint("two", "10.0.1.8", 3000),
    )
    assert list_endpoints(seen, address=Address.PUBLIC, port=80) == (Endpoint("one", "203.0.113.9", 80),)


@pytest.mark.parametrize("status", STATUSES)
def test_a_task_is_gone_when_nothing_of_it_runs(status: str) -> None:
    assert a_task(status).is_gone == (status in {"STOPPED", "DELETED"})


@pytest.mark.parametrize(
    ("task", "stage"),
    [
        (a_task("PROVISIONING"), Stage.PROVISIONING),
        (a_task("PENDING"), Stage.PROVISIONING),
        (a_task("PENDING", pull_started_at=at(-9)), Stage.PULLING),
        (a_task("PENDING", pull_started_at=at(-9), pull_stopped_at=at(-1)), Stage.STARTING),
        (a_task("ACTIVATING", pull_started_at=at(-9), pull_stopped_at=at(-1)), Stage.STARTING),
        (a_task("ACTIVATING"), Stage.STARTING),
        (a_task("RUNNING"), Stage.RUNNING),
    ],
)
def test_a_task_is_at_the_stage_its_status_and_pull_times_tell(task: Task, stage: Stage) -> None:
    assert task.stage is stage


def test_no_task_is_answering_by_what_ecs_says() -> None:
    pulls = [None, at(-9)]
    tasks = [
        a_task(last, health=health, pull_started_at=began, pull_stopped_at=ended, started_at=NOW)
        for last, health, began, ended in product(STATUSES, ["HEALTHY", "UNKNOWN"], pulls, pulls)
    ]

    assert Stage.ANSWERING not in {task.stage for task in tasks}


def test_a_service_is_as_far_as_its_furthest_live_task() -> None:
    pulling = a_task("PENDING", pull_started_at=at(-9))

    assert an_observation().stage is Stage.REQUESTED
    assert an_observation(a_task("PROVISIONING"), pulling).stage is Stage.PULLING
    assert an_observation(pulling, a_task("RUNNING", desired_status="STOPPED")).stage is Stage.PULLING


def test_the_image_of_a_task_is_that_of_all_its_containers_in_any_order() -> None:
    app, sidecar = Container("app", IMAGE), Container("proxy", "envoy:3")

    assert a_task(containers=(app, sidecar)).image == a_task(containers=(sidecar, app)).image == f"envoy:3 {IMAGE}"
    assert a_task(containers=()).image == ""


@pytest.mark.parametrize("status", ["ACTIVE", "DRAINING", "INACTIVE", "MISSING", "", "OTHER"])
def test_only_an_active_service_exists(status: str) -> None:
    assert an_observation(status=status).exists == (status == "ACTIVE")


def test_a_service_aws_does_not_know_is_missing_and_at_rest() -> None:
    seen = missing(ECS, seen_at=NOW)

    assert not seen.exists
    assert seen.is_at_rest
    assert (seen.ecs, seen.seen_at, seen.tasks) == (ECS, NOW, ())


@pytest.mark.parametrize(("desired", "running", "pending"), [*product([0, 1], repeat=3)])
def test_a_service_is_at_rest_when_nothing_is_wanted_and_nothing_runs(desired: int, running: int, pending: int) -> None:
    seen = an_observation(desired=desired, running=running, pending=pending)

    assert seen.is_at_rest == (desired + running + pending == 0)


def a_deployment(rollout_state: str | None) -> Deployment:
    return Deployment("ecs-svc/1", "PRIMARY", rollout_state, "shop:7", failed_tasks=0)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], False),
        (["COMPLETED"], False),
        ([None], False),
        (["FAILED"], False),
        (["IN_PROGRESS"], True),
        (["COMPLETED", "COMPLETED"], True),
        (["IN_PROGRESS", "COMPLETED"], True),
    ],
)
def test_a_deployment_goes_on_while_there_are_two_or_one_says_so(states: list[str | None], *, expected: bool) -> None:
    assert an_observation(deployments=tuple(map(a_deployment, states))).is_deploying is expected


def test_stages_are_in_the_order_of_a_wake_and_print_in_lower_case() -> None:
    assert [str(stage) for stage in sorted(Stage)] == [
        "requested",
        "provisioning",
        "pulling",
        "starting",
        "running",
        "answering",
    ]


def test_a_browser_finds_a_service_at_its_task_or_where_it_is_said_to_be() -> None:
    four, six = Endpoint("a", "10.0.1.7", 8080), Endpoint("a", "fd00::7", 8080)

    assert find_origin(a_service(), four) == "http://10.0.1.7:8080"
    assert find_origin(a_service(scheme="https"), six) == "https://[fd00::7]:8080"
    assert find_origin(a_service(redirect_to="https://app.example.com"), four) == "https://app.example.com"
