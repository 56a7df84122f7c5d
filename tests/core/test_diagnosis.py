"""Which stops count as failures of a wake, what is said, and when the wake is given up."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import a_stopped_task, a_task, an_exit, an_observation, at
from tests.core.signals import ACCOUNT, ECR, SERVICE_EVENTS, TARGET_GROUP
from wakeproxy.core.causes import Cause
from wakeproxy.core.diagnosis import Patience, diagnose, explain_timeout, failed_tasks, judge_wake, scrub
from wakeproxy.core.observation import ServiceEvent, Task

SINCE = at(-60)
CRASH = a_stopped_task("EssentialContainerExited", "Essential container in task exited", containers=(an_exit(1),))
NO_IMAGE = a_stopped_task("TaskFailedToStart", "CannotPullContainerError: shop:1: not found")
UNHEALTHY = a_stopped_task("ServiceSchedulerInitiated", f"Task failed ELB health checks in ({TARGET_GROUP})")
FULL = ServiceEvent(at(-7200), SERVICE_EVENTS[Cause.CAPACITY, True][0])
NO_ROLE = ServiceEvent(at(-7200), SERVICE_EVENTS[Cause.SECRETS, False][0])


@pytest.mark.parametrize(
    "task",
    [
        a_stopped_task("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/123)"),
        a_stopped_task("UserInitiated", "Task stopped by user"),
        a_stopped_task(None, None),
        a_task(stop_code="EssentialContainerExited"),
        a_task(),
    ],
    ids=["our scale-in", "a person", "no code yet", "not told to stop", "running"],
)
def test_what_did_not_stop_of_its_own_accord_is_no_failure(task: Task) -> None:
    assert failed_tasks(an_observation(task), since=SINCE) == ()
    assert diagnose(an_observation(task), since=SINCE) is None


@pytest.mark.parametrize("code", ["TaskFailedToStart", "EssentialContainerExited", "SpotInterruption", "OfTomorrow"])
def test_what_stopped_of_its_own_accord_is_a_failure(code: str) -> None:
    task = a_stopped_task(code, "because")

    assert failed_tasks(an_observation(task), since=SINCE) == (task,)


@pytest.mark.parametrize("last_status", ["RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"])
def test_a_failure_counts_as_soon_as_the_task_is_told_to_stop(last_status: str) -> None:
    task = a_stopped_task("EssentialContainerExited", "exited", last_status=last_status)

    assert failed_tasks(an_observation(task), since=SINCE) == (task,)


def test_a_task_replaced_for_failing_its_health_check_is_a_failure() -> None:
    found = diagnose(an_observation(UNHEALTHY), since=SINCE)

    assert failed_tasks(an_observation(UNHEALTHY), since=SINCE) == (UNHEALTHY,)
    assert found is not None
    assert found.cause is Cause.UNHEALTHY


@pytest.mark.parametrize("code", ["EssentialContainerExited", "ServiceSchedulerInitiated"])
@pytest.mark.parametrize(
    ("created_at", "stopped_at", "counts"),
    [
        (SINCE, None, True),
        (at(-61), at(-5), False),
        (at(-61), None, False),
        (None, None, True),
    ],
)
def test_only_tasks_made_for_this_wake_count(
    code: str, created_at: datetime | None, stopped_at: datetime | None, *, counts: bool
) -> None:
    task = a_stopped_task(code, "failed health checks", created_at=created_at, stopped_at=stopped_at)

    assert bool(failed_tasks(an_observation(task), since=SINCE)) is counts


def test_a_task_of_which_only_the_stop_is_known_counts_from_then() -> None:
    before = a_stopped_task("EssentialContainerExited", "exited", created_at=None, stopped_at=at(-61))
    after = a_stopped_task("EssentialContainerExited", "exited", created_at=None, stopped_at=SINCE)

    assert failed_tasks(an_observation(before, after), since=SINCE) == (after,)


def test_the_latest_failure_explains() -> None:
    earlier = a_stopped_task("TaskFailedToStart", "CannotPullContainerError: x", stopped_at=at(-20))
    found = diagnose(an_observation(CRASH, earlier), since=SINCE)

    assert found is not None
    assert found.cause is Cause.CRASH


def test_the_sentence_tells_the_end_of_awss_chain_of_reasons() -> None:
    reason = f"CannotPullContainerError: retried 1 time(s): failed to resolve ref {ECR}/shop:1: {ECR}/shop:1: not found"

    found = diagnose(an_observation(a_stopped_task("TaskFailedToStart", reason)), since=at(-60))

    assert found
    assert found.sentence == "The image cannot be pulled: shop:1: not found."


def test_a_failure_that_is_still_stopping_is_the_latest() -> None:
    stopping = a_stopped_task("TaskFailedToStart", "CannotPullContainerError: x", stopped_at=None)
    found = diagnose(an_observation(stopping, CRASH), since=SINCE)

    assert found is not None
    assert found.cause is Cause.IMAGE_MISSING


def test_a_failure_is_told_while_its_replacement_comes_up() -> None:
    found = diagnose(an_observation(CRASH, a_task("PENDING")), since=SINCE)

    assert found is not None
    assert found.cause is Cause.CRASH


def test_events_explain_while_no_task_is_on_its_way_up() -> None:
    found = diagnose(an_observation(events=(FULL,)), since=SINCE)

    assert found is not None
    assert found.cause is Cause.CAPACITY


def test_events_say_nothing_while_a_task_is_on_its_way_up() -> None:
    assert diagnose(an_observation(a_task("PENDING"), events=(FULL,)), since=SINCE) is None


def test_a_wake_with_nothing_wrong_goes_on() -> None:
    assert judge_wake(an_observation(), since=SINCE, patience=Patience()) == (None, False)
    assert judge_wake(an_observation(a_task("PENDING")), since=SINCE, patience=Patience()) == (None, False)


@pytest.mark.parametrize("event", [FULL, NO_ROLE])
def test_an_event_alone_which_may_be_old_never_ends_a_wake(event: ServiceEvent) -> None:
    found, is_hopeless = judge_wake(an_observation(events=(event,)), since=SINCE, patience=Patience())

    assert found is not None
    assert not is_hopeless


def test_a_failure_that_time_cannot_heal_ends_the_wake_at_once() -> None:
    found, is_hopeless = judge_wake(an_observation(NO_IMAGE), since=SINCE, patience=Patience())

    assert found is not None
    assert found.cause is Cause.IMAGE_MISSING
    assert is_hopeless


@pytest.mark.parametrize(("exits", "is_hopeless"), [(1, False), (2, False), (3, True), (4, True)])
def test_an_app_that_keeps_ending_is_given_up_at_the_third_time(exits: int, *, is_hopeless: bool) -> None:
    seen = an_observation(*[CRASH] * exits)

    assert judge_wake(seen, since=SINCE, patience=Patience())[1] is is_hopeless


def test_how_often_an_app_may_end_is_the_callers_choice() -> None:
    assert judge_wake(an_observation(CRASH), since=SINCE, patience=Patience(exits=1))[1]


def test_exits_and_failed_health_checks_count_together() -> None:
    assert judge_wake(an_observation(CRASH, UNHEALTHY, CRASH), since=SINCE, patience=Patience())[1]


@pytest.mark.parametrize(("began", "is_hopeless"), [(-299.9, False), (-300, True), (-301, True)])
def test_a_wake_is_given_up_when_its_time_is_over(began: float, *, is_hopeless: bool) -> None:
    assert judge_wake(an_observation(), since=at(began), patience=Patience())[1] is is_hopeless


def test_a_wake_whose_time_is_over_tells_what_was_wrong_with_it() -> None:
    found, _ = judge_wake(an_observation(events=(FULL,)), since=at(-300), patience=Patience())

    assert found is not None
    assert found.cause is Cause.CAPACITY


def test_a_wake_whose_task_runs_but_never_answers_says_so() -> None:
    found = explain_timeout(an_observation(a_task("RUNNING")), timedelta(minutes=5))

    assert (found.cause, found.can_retry) == (Cause.NOT_ANSWERING, True)
    assert found.sentence == "The task runs, but the app did not answer within 300 seconds."


@pytest.mark.parametrize(
    "tasks",
    [(), (a_task("PENDING"),), (a_task("RUNNING", desired_status="STOPPED"),)],
    ids=["none", "pending", "drains"],
)
def test_a_wake_without_a_running_task_says_it_did_not_start(tasks: tuple[Task, ...]) -> None:
    found, is_hopeless = judge_wake(
        an_observation(*tasks), since=at(-2), patience=Patience(timeout=timedelta(seconds=1.5))
    )

    assert is_hopeless
    assert found is not None
    assert (found.cause, found.can_retry) == (Cause.TIMED_OUT, True)
    assert found.sentence == "The service did not start within 1.5 seconds."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"role arn:aws:iam::{ACCOUNT}:role/path/shop is wrong", "role shop is wrong"),
        (f"secret arn:aws:secretsmanager:eu:{ACCOUNT}:secret:db-AbCdEf:password::", "secret password"),
        (f"on arn:aws:logs:eu:{ACCOUNT}:log-group:/ecs/shop:log-stream: because", "on log-stream because"),
        (f"(target-group {TARGET_GROUP})", "(target-group 50dc6c495c0c9188)"),
        (f"arn:aws-us-gov:ecs:gov:{ACCOUNT}:service/apps/shop", "shop"),
        (f"'arn:aws-cn:iam::{ACCOUNT}:role/shop'", "'shop'"),
        (f"{ECR}/shop:1 not found", "shop:1 not found"),
        (f"bucket_{ACCOUNT}_x", "bucket__x"),
        ("task 1234567890123 at 12345678901", "task 1234567890123 at 12345678901"),
        ("nothing to hide", "nothing to hide"),
        ("", ""),
    ],
)
def test_accounts_and_arns_are_taken_out_and_names_stay(text: str, shown: str) -> None:
    assert scrub(text) == shown


WORDS = st.text("abx_:/.-,;()[]'\" \n", min_size=1, max_size=12)
SECRETS = st.sampled_from([ACCOUNT, ECR + "/shop", TARGET_GROUP, f"arn:aws:iam::{ACCOUNT}:role/shop"])


@given(st.lists(st.tuples(WORDS, SECRETS), max_size=4), WORDS)
def test_no_account_or_arn_is_shown_wherever_it_stands(parts: list[tuple[str, str]], end: str) -> None:
    shown = scrub("".join(words + secret for words, secret in parts) + end)

    assert ACCOUNT not in shown
    assert "arn:aws" not in shown


@given(st.text(max_size=200))
def test_whatever_reason_aws_gives_a_sentence_comes_out(reason: str) -> None:
    found = diagnose(an_observation(a_stopped_task("TaskFailedToStart", reason)), since=SINCE)

    assert found is not None
    assert found.sentence.endswith(".")
    assert not re.search(r"(?<!\d)\d{12}(?!\d)", found.sentence)
