from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wakeproxy.core.causes import Cause, Diagnosis
from wakeproxy.core.observation import ServiceEvent
from wakeproxy.core.release import Release, ReleaseDeployment
from wakeproxy.core.rollout import (
    APPEARS_WITHIN,
    Aim,
    Done,
    Failed,
    Failure,
    Going,
    Verdict,
    judge,
    judge_stops,
    pause_after,
)
from wakeproxy.core.service import EcsService

BEGAN = datetime(2026, 11, 27, 12, tzinfo=UTC)
SOON = BEGAN + timedelta(seconds=5)
FAMILY = "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop"
AIM = Aim("ecs-svc/2", f"{FAMILY}:2", BEGAN)
OURS = ReleaseDeployment("ecs-svc/2", "PRIMARY", f"{FAMILY}:2", "IN_PROGRESS", desired=2)
OLD = ReleaseDeployment("ecs-svc/1", "ACTIVE", f"{FAMILY}:1", "COMPLETED", desired=2, running=2)
DONE = replace(OURS, rollout_state="COMPLETED", running=2)
SEEN = Release(EcsService("apps", "shop"), "ACTIVE", f"{FAMILY}:2", desired=2, running=2, deployments=(OURS, OLD))


def stand(*deployments: ReleaseDeployment, desired: int = 2) -> Verdict:
    return judge(replace(SEEN, deployments=deployments, desired=desired), AIM, SOON, was_seen=True)


def fail(*deployments: ReleaseDeployment) -> Failed:
    found = stand(*deployments)
    assert isinstance(found, Failed)
    return found


def test_it_goes_on_while_ecs_says_so() -> None:
    assert stand(OURS, OLD) == Going(OURS)


def test_it_is_done_when_completed_with_all_tasks_that_are_wanted() -> None:
    assert stand(DONE) == Done(2)


@pytest.mark.parametrize("running", [0, 1, 3])
def test_one_task_more_or_less_than_wanted_is_not_done(running: int) -> None:
    ours = replace(DONE, running=running)
    assert stand(ours) == Going(ours)


def test_a_task_that_still_starts_is_not_done() -> None:
    ours = replace(DONE, pending=1)
    assert stand(ours) == Going(ours)


def test_it_is_done_while_tasks_of_the_former_one_still_drain() -> None:
    assert stand(DONE, OLD) == Done(2)


def test_a_sleeping_service_is_done_at_once_with_nothing_that_runs() -> None:
    assert stand(replace(DONE, running=0), desired=0) == Done(0)


def test_as_many_as_are_wanted_now_count_not_as_many_as_when_it_began() -> None:
    assert stand(replace(DONE, running=5), desired=5) == Done(5)


def test_a_service_that_is_being_deleted_fails() -> None:
    found = judge(replace(SEEN, status="DRAINING"), AIM, SOON, was_seen=True)
    assert found == Failed(Failure.GONE, "the service is DRAINING: it is being deleted")


def test_what_ecs_does_not_show_yet_may_still_come() -> None:
    assert judge(replace(SEEN, deployments=(OLD,)), AIM, SOON, was_seen=False) == Going(None)


def test_what_ecs_does_not_show_for_long_has_vanished() -> None:
    found = judge(replace(SEEN, deployments=(OLD,)), AIM, BEGAN + APPEARS_WITHIN, was_seen=False)
    assert isinstance(found, Failed)
    assert found.failure is Failure.VANISHED


def test_a_successor_tells_of_a_rollout_that_was_too_short_to_be_seen() -> None:
    aim = replace(AIM, created_at=BEGAN)
    later = replace(OLD, id="ecs-svc/3", status="PRIMARY", revision=f"{FAMILY}:3", created_at=SOON)
    found = judge(replace(SEEN, deployments=(later,)), aim, SOON, was_seen=False)
    assert found == Failed(Failure.REPLACED, "another rollout replaced it by shop:3 (deployment ecs-svc/3)")


@pytest.mark.parametrize("created_at", [None, BEGAN - timedelta(days=1)])
def test_what_is_older_tells_nothing_of_a_rollout_that_was_not_seen(created_at: datetime | None) -> None:
    seen = replace(SEEN, deployments=(replace(OLD, status="PRIMARY", created_at=created_at),))
    assert judge(seen, replace(AIM, created_at=BEGAN), SOON, was_seen=False) == Going(None)


def test_no_deployment_at_all_has_vanished() -> None:
    assert fail().failure is Failure.VANISHED


def test_two_that_are_both_not_primary_have_vanished() -> None:
    assert fail(replace(OURS, status="ACTIVE"), OLD).failure is Failure.VANISHED


def test_the_circuit_breakers_rollback_is_a_failure() -> None:
    failed = replace(OURS, status="ACTIVE", rollout_state="FAILED", rollout_reason="tasks failed to start.")
    found = fail(failed, replace(OLD, status="PRIMARY", rollout_state="IN_PROGRESS"))
    assert found == Failed(Failure.ROLLED_BACK, "tasks failed to start; shop:1 (deployment ecs-svc/1) takes its place")


def test_a_rollback_that_is_over_is_still_a_failure() -> None:
    back = replace(OLD, status="PRIMARY", rollout_reason="ECS deployment circuit breaker: rolling back to ecs-svc/1.")
    assert fail(back).failure is Failure.ROLLED_BACK


def test_a_rollback_that_is_over_and_says_no_more_so_is_known_by_the_services_events() -> None:
    said = "(service shop) (deployment ecs-svc/2) deployment failed: tasks failed to start."
    seen = replace(SEEN, deployments=(replace(OLD, status="PRIMARY"),), events=(ServiceEvent(SOON, said),))
    for was_seen in (True, False):
        found = judge(seen, AIM, SOON, was_seen=was_seen)
        assert isinstance(found, Failed)
        assert found.failure is Failure.ROLLED_BACK


def test_the_circuit_breaker_without_rollback_gives_up() -> None:
    assert fail(replace(OURS, rollout_state="FAILED"), OLD) == Failed(Failure.GIVEN_UP, "ECS gave the deployment up")


def test_a_failed_one_without_any_primary_is_given_up() -> None:
    assert fail(replace(OURS, status="ACTIVE", rollout_state="FAILED")).failure is Failure.GIVEN_UP


def test_another_rollout_is_told_of() -> None:
    found = fail(ReleaseDeployment("ecs-svc/3", "PRIMARY", f"{FAMILY}:3"), replace(OURS, status="ACTIVE"))
    assert found == Failed(Failure.REPLACED, "another rollout replaced it by shop:3 (deployment ecs-svc/3)")


def test_the_same_revision_rolled_out_once_more_is_another_rollout() -> None:
    assert fail(replace(DONE, id="ecs-svc/3")).failure is Failure.REPLACED


@pytest.mark.parametrize(
    ("failed", "can_retry", "is_given_up"), [(2, False, False), (3, False, True), (9, True, False)]
)
def test_only_what_no_retry_heals_is_given_up_before_its_time(
    failed: int, *, can_retry: bool, is_given_up: bool
) -> None:
    why = Diagnosis(Cause.IMAGE_MISSING, "The image cannot be pulled.", "Push it.", can_retry=can_retry)
    assert (judge_stops(replace(OURS, failed=failed), why) is not None) is is_given_up


@pytest.mark.parametrize(("elapsed", "pause"), [(0, 0.25), (5, 0.25), (20, 1), (60, 3), (6000, 3)])
def test_looks_become_rarer(elapsed: float, pause: float) -> None:
    assert pause_after(timedelta(seconds=elapsed)) == timedelta(seconds=pause)


@pytest.mark.parametrize(
    ("elapsed", "pause"),
    [(0, 3), (54, 3), (57, 0.96), (57.8, 0.32), (58, 1), (60, 1), (78, 1), (79, 3)],
)
def test_looks_are_rare_until_a_rollout_has_taken_as_long_as_the_one_before(elapsed: float, pause: float) -> None:
    found = pause_after(timedelta(seconds=elapsed), timedelta(seconds=60))
    assert found == timedelta(seconds=pause)


@pytest.mark.parametrize(("usual", "pause"), [(0.1, 0.15), (0.2, 0.15), (1, 0.776), (3, 2.328)])
def test_a_short_rollout_is_looked_at_soon(usual: float, pause: float) -> None:
    assert pause_after(timedelta(), timedelta(seconds=usual)) == timedelta(seconds=pause)
