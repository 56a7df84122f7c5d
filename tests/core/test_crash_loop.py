"""What is a crash loop, and what only looks like one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.core.build import IMAGE, NOW, a_stopped_task, a_task, an_observation, at
from wakeproxy.core.crash_loop import find_crash_loop
from wakeproxy.core.observation import Deployment, Observation, Task
from wakeproxy.core.record import Intent, PastWake, Record

BUDGET = timedelta(minutes=15)
NO_IMAGE = "CannotPullContainerError: pull image manifest has been retried 1 time(s): shop:1: not found"
SENTENCE = "The image cannot be pulled: shop:1: not found."


def a_failure(created: float, **fields: Any) -> Task:
    return a_stopped_task("TaskFailedToStart", NO_IMAGE, created_at=at(created), stopped_at=at(created + 20), **fields)


def a_run(created: float, ended: float) -> Task:
    """A task that ran, and ended as its container did."""
    return a_stopped_task(
        "EssentialContainerExited", "", created_at=at(created), started_at=at(created + 10), stopped_at=at(ended)
    )


def a_deployment(created: float, state: str = "IN_PROGRESS") -> Deployment:
    return Deployment("ecs-svc/1", "PRIMARY", state, "shop:8", failed_tasks=9, created_at=at(created))


LOOP = an_observation(a_failure(-1200), a_failure(-600), a_failure(-60))


def found(seen: Observation = LOOP, record: Record | None = None) -> PastWake | None:
    return find_crash_loop(record or Record(), seen, budget=BUDGET, now=NOW)


def test_what_fails_to_start_for_longer_than_its_budget_is_a_crash_loop() -> None:
    assert found() == PastWake(at(-1200), NOW, IMAGE, failure=SENTENCE)


def test_what_ends_right_after_its_start_is_one_however_fast_it_is_restarted() -> None:
    loop = an_observation(*(a_run(created, created + 40) for created in range(-1200, 0, 60)))

    past = found(loop)

    assert past is not None
    assert past.failure == "The app stopped right after its start: an essential container exited."


def test_a_crash_loop_without_any_reason_is_told_all_the_same() -> None:
    seen = replace(an_observation(a_task("PENDING")), deployments=(a_deployment(-1200, "FAILED"),), tasks=())

    assert found(seen) == PastWake(at(-1200), NOW, "", failure="ECS gives no reason.")


NO_LOOP: dict[str, tuple[Observation, Record]] = {
    "its budget is not used up": (an_observation(a_failure(-899), a_failure(-60)), Record()),
    "a task runs": (replace(LOOP, running=1), Record()),
    "it was woken anew": (LOOP, Record(2, Intent.AWAKE, claimed_at=at(-600))),
    "it was put to sleep, and started by hand": (LOOP, Record(2, Intent.ASLEEP, claimed_at=at(-600))),
    "it was deployed anew": (replace(LOOP, deployments=(a_deployment(-600),)), Record()),
    "it ran not long ago": (an_observation(a_run(-86_400, -300), a_failure(-240), a_failure(-60)), Record()),
    "its last try is long ago, and it was started by hand": (
        an_observation(a_failure(-3000), a_task("PENDING")),
        Record(),
    ),
    "the first task is on its way": (an_observation(a_task("PENDING", created_at=at(-1200)), running=0), Record()),
    "ECS finds no capacity": (an_observation(), Record(2, Intent.AWAKE, claimed_at=at(-1200))),
    "what failed was not said to be made": (
        an_observation(a_stopped_task("TaskFailedToStart", NO_IMAGE, created_at=None)),
        Record(),
    ),
}


@pytest.mark.parametrize(("seen", "record"), NO_LOOP.values(), ids=NO_LOOP)
def test_what_only_looks_like_a_crash_loop_is_none(seen: Observation, record: Record) -> None:
    assert found(seen, record) is None


@pytest.mark.parametrize(
    "record",
    [Record(2, Intent.AWAKE, claimed_at=at(-900)), Record(2, Intent.AWAKE, claimed_at=at(86_400))],
    ids=["long ago", "by a clock gone mad"],
)
def test_a_claim_that_says_nothing_of_late_does_not_save_it(record: Record) -> None:
    assert found(LOOP, record) is not None


def test_what_ran_before_is_no_part_of_the_loop() -> None:
    past = found(an_observation(a_run(-86_400, -1000), a_failure(-960), a_failure(-60)))

    assert past is not None
    assert past.began_at == at(-960)


def test_a_deployment_that_ecs_gave_up_is_one_without_any_task() -> None:
    given_up = an_observation(deployments=(a_deployment(-1200, "FAILED"),))

    assert found(given_up) is not None
    assert found(replace(given_up, deployments=(a_deployment(-600, "FAILED"),))) is None
