from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.core.build import IMAGE, NOW, a_service, a_stopped_task, a_task, a_wake, an_observation, at
from wakeproxy.core.causes import NO_PUBLIC_ADDRESS, SERVICE_MISSING, Cause
from wakeproxy.core.eta import UNKNOWN
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Endpoint, Observation, Stage
from wakeproxy.core.reading import Reading, expect_wake, judge_start, read_sight, remembered_failure
from wakeproxy.core.record import Intent, PastWake, Record
from wakeproxy.core.service import Address
from wakeproxy.core.sight import Sight

ASLEEP = Record(4, Intent.ASLEEP, claimed_at=at(-3600))
CLAIMED = Record(5, Intent.AWAKE, claimed_at=at(-40))
AT_REST = an_observation(desired=0)
JUST_FAILED = PastWake(at(-20), at(-10), failure="The image cannot be pulled: shop:1.")


def sight_of(observation: Observation, record: Record = ASLEEP, **more: Any) -> Sight:
    return read_sight(a_service(), Reading(observation, record, **more), NOW)


def test_a_service_with_nothing_wanted_and_nothing_running_is_asleep() -> None:
    assert sight_of(AT_REST) == Sight(a_service().name)


def test_a_service_that_aws_does_not_know_has_failed() -> None:
    sight = sight_of(an_observation(status="MISSING", desired=0))

    assert (sight.phase, sight.diagnosis) == (Phase.FAILED, SERVICE_MISSING)


def test_a_service_with_nothing_wanted_and_something_running_is_draining() -> None:
    assert sight_of(an_observation(a_task(desired_status="STOPPED"), desired=0)).phase is Phase.DRAINING


def test_a_service_of_which_a_task_answered_is_awake_there() -> None:
    here = Endpoint("one", "10.0.1.7", 8080)
    sight = sight_of(an_observation(a_task()), CLAIMED, answering=(here,))

    assert (sight.phase, sight.endpoints) == (Phase.AWAKE, (here,))


def test_a_running_task_that_did_not_answer_is_still_waking() -> None:
    assert sight_of(an_observation(a_task()), CLAIMED).phase is Phase.WAKING


def test_a_wake_is_as_old_as_its_claim_and_as_far_as_its_task() -> None:
    sight = sight_of(an_observation(a_task("PENDING", created_at=at(-30), pull_started_at=at(-9))), CLAIMED)

    assert sight.stages == ((Stage.REQUESTED, at(-40)), (Stage.PROVISIONING, at(-30)), (Stage.PULLING, at(-9)))


def test_a_wake_without_a_task_is_only_requested() -> None:
    assert sight_of(an_observation(), CLAIMED).stages == ((Stage.REQUESTED, at(-40)),)


def test_a_claim_by_a_clock_ahead_of_ours_leaves_the_stages_in_order() -> None:
    sight = sight_of(an_observation(a_task(created_at=at(-1))), replace(CLAIMED, claimed_at=at(2)))

    assert sight.stages[:2] == ((Stage.REQUESTED, at(2)), (Stage.PROVISIONING, at(2)))


def test_a_stage_of_which_aws_notes_nothing_begins_now_if_it_goes_on_and_is_left_out_otherwise() -> None:
    sight = sight_of(an_observation(a_task("ACTIVATING", created_at=at(-9))), CLAIMED)

    assert sight.stages == ((Stage.REQUESTED, at(-40)), (Stage.PROVISIONING, at(-9)), (Stage.STARTING, NOW))


def test_a_task_that_runs_without_a_public_address_will_never_be_reached_by_one() -> None:
    public = replace(a_service(), address=Address.PUBLIC)

    assert judge_start(public, an_observation(a_task()), since=at(-9)) == (NO_PUBLIC_ADDRESS, True)
    assert judge_start(public, an_observation(a_task(public_address="3.4.5.6")), since=at(-9)) == (None, False)
    assert judge_start(a_service(), an_observation(a_task()), since=at(-9)) == (None, False)


def expect(record: Record, observation: Observation = AT_REST) -> Phase:
    reading = Reading(observation, record)
    return expect_wake(read_sight(a_service(), reading, NOW), reading, NOW).phase


def test_a_wake_claimed_a_moment_ago_goes_on_although_aws_does_not_show_it() -> None:
    just_now = replace(CLAIMED, claimed_at=at(-29))
    reading = Reading(AT_REST, just_now, [a_wake(10)])
    sight = expect_wake(read_sight(a_service(), reading, NOW), reading, NOW)

    assert (sight.phase, sight.stages) == (Phase.WAKING, ((Stage.REQUESTED, at(-29)),))
    assert sight.expected.usual == timedelta(seconds=10)


def test_a_wake_that_aws_does_not_show_for_long_is_none() -> None:
    assert expect(replace(CLAIMED, claimed_at=at(-31))) is Phase.ASLEEP
    assert expect(Record(1, Intent.AWAKE)) is Phase.ASLEEP
    assert expect(replace(ASLEEP, claimed_at=at(-1))) is Phase.ASLEEP


def test_what_aws_shows_needs_no_expecting() -> None:
    assert expect(replace(CLAIMED, claimed_at=at(-1)), an_observation(status="MISSING", desired=0)) is Phase.FAILED


def test_a_wake_nobody_claimed_is_as_old_as_its_oldest_live_task() -> None:
    seen = an_observation(
        a_task("PENDING", created_at=at(-12)),
        a_task("PENDING", created_at=at(-15)),
        a_task("PENDING", created_at=None),
        a_task("RUNNING", created_at=at(-99), desired_status="STOPPED"),
    )

    assert sight_of(seen).began_at == at(-15)
    assert sight_of(seen, Record(1, Intent.AWAKE)).began_at == at(-15)


def test_a_wake_of_which_nothing_is_known_begins_now() -> None:
    assert sight_of(an_observation()).began_at == NOW


def test_a_replaced_task_of_a_service_long_awake_is_no_wake_that_took_too_long() -> None:
    long_ago = replace(CLAIMED, claimed_at=NOW - a_service().wake_timeout)
    sight = sight_of(an_observation(a_task("PENDING", created_at=at(-5))), long_ago)

    assert (sight.began_at, sight.diagnosis) == (at(-5), None)


def test_what_is_wrong_with_a_wake_is_told() -> None:
    failed = a_stopped_task("TaskFailedToStart", "CannotPullContainerError: shop:1: not found")
    sight = sight_of(an_observation(failed), CLAIMED)

    assert sight.diagnosis is not None
    assert sight.diagnosis.cause is Cause.IMAGE_MISSING


def test_a_wake_is_expected_to_go_like_those_of_its_image() -> None:
    past = [a_wake(10), a_wake(99, image="shop:2")]

    assert sight_of(an_observation(a_task()), CLAIMED, wakes=past).expected.usual == timedelta(seconds=10)
    assert sight_of(an_observation(), CLAIMED, wakes=past).expected.usual == timedelta(seconds=99)
    assert sight_of(an_observation(a_task()), CLAIMED).expected is UNKNOWN
    assert a_task().image == IMAGE


def test_a_service_put_back_to_sleep_by_a_failed_wake_has_failed_until_it_may_be_retried() -> None:
    sight = sight_of(AT_REST, wakes=[JUST_FAILED])

    assert (sight.phase, sight.retry_at) == (Phase.FAILED, at(20))
    assert sight.diagnosis == remembered_failure(JUST_FAILED)


def test_what_still_runs_of_a_failed_wake_leaves_it_failed() -> None:
    stopping = an_observation(a_task(desired_status="STOPPED"), desired=0)

    assert sight_of(stopping, wakes=[JUST_FAILED]).phase is Phase.FAILED
    assert sight_of(stopping, wakes=[a_wake(10)]).phase is Phase.DRAINING


def test_a_failure_is_told_of_what_sleeps_until_a_wake_goes_well() -> None:
    failed = sight_of(AT_REST, wakes=[replace(JUST_FAILED, ended_at=at(-30))])
    assert (failed.phase, failed.retry_at) == (Phase.ASLEEP, None)
    assert failed.diagnosis == remembered_failure(JUST_FAILED)

    succeeded = sight_of(AT_REST, wakes=[JUST_FAILED, a_wake(10)])
    assert (succeeded.phase, succeeded.diagnosis) == (Phase.ASLEEP, None)


def test_a_failure_is_forgotten_when_the_service_is_wanted_again() -> None:
    assert sight_of(AT_REST, CLAIMED, wakes=[JUST_FAILED]).phase is Phase.ASLEEP


def test_a_remembered_failure_says_what_was_wrong() -> None:
    assert remembered_failure(JUST_FAILED).sentence == "The image cannot be pulled: shop:1."
    assert remembered_failure(replace(JUST_FAILED, failure="")).sentence == "The last wake failed."
    assert remembered_failure(JUST_FAILED).can_retry
