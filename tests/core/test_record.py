from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import NOW, a_wake, at
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import (
    LOST_AFTER,
    Intent,
    PastWake,
    Record,
    Use,
    claim_sleep,
    claim_wake,
    is_wake_claimed,
    keep_awake,
    later,
    note_ready,
    note_use,
    retry_at,
)

FAILED, GOOD = a_wake(10, failure="No image."), a_wake(10)
USED = Record(7, Intent.AWAKE, claimed_at=at(-600), last_used_at=at(-60), awake_until=at(3600))


def test_a_service_never_written_to_is_wanted_asleep_and_unused() -> None:
    assert Record() == Record(0, Intent.ASLEEP, None, None, None, "", 0, (), 0)


def test_a_wake_is_claimed_with_a_new_generation_and_is_a_use() -> None:
    assert claim_wake(USED, NOW) == Record(8, Intent.AWAKE, NOW, NOW, at(3600))
    assert claim_wake(Record(), NOW) == Record(1, Intent.AWAKE, NOW, NOW, None)


def test_a_claim_never_moves_the_last_use_back() -> None:
    assert claim_wake(USED, at(-90)).last_used_at == at(-60)


def test_a_sleep_is_claimed_with_a_new_generation_and_is_no_use() -> None:
    assert claim_sleep(USED, NOW) == Record(8, Intent.ASLEEP, NOW, at(-60), at(3600))


def test_to_keep_awake_is_a_claim_that_changes_nothing_else() -> None:
    assert keep_awake(USED, at(60)) == replace(USED, generation=8, awake_until=at(60))
    assert keep_awake(Record(), None) == Record(generation=1)


def test_a_claim_keeps_who_used_it_last_and_by_how_many_requests() -> None:
    used = replace(USED, used_by="one", in_flight=3)

    assert [(after.used_by, after.in_flight) for after in (claim_wake(used, NOW), claim_sleep(used, NOW))] == [
        ("one", 3),
        ("one", 3),
    ]


def test_a_sleep_forgets_which_tasks_answered_and_so_does_the_wake_after_it() -> None:
    ready = replace(USED, ready=("a", "b"))

    assert claim_sleep(ready, NOW).ready == ()
    assert claim_wake(replace(ready, intent=Intent.ASLEEP), NOW).ready == ()


def test_a_wake_of_what_is_wanted_awake_already_keeps_which_tasks_answer() -> None:
    assert claim_wake(replace(USED, ready=("a", "b")), NOW).ready == ("a", "b")


def test_a_sleep_keeps_the_floor_it_is_given_or_the_former_one_and_so_does_the_wake_after_it() -> None:
    asleep = claim_sleep(USED, NOW, floor=2)

    assert asleep.floor == 2
    assert claim_sleep(asleep, NOW).floor == 2
    assert claim_sleep(asleep, NOW, floor=0).floor == 0
    assert claim_wake(asleep, NOW).floor == 2


def test_a_newer_use_is_noted_with_who_told_of_it() -> None:
    assert note_use(USED, Use(NOW, "one", 3)) == replace(USED, last_used_at=NOW, used_by="one", in_flight=3)
    assert note_use(Record(), Use(NOW, "one")) == Record(last_used_at=NOW, used_by="one")


@pytest.mark.parametrize("used_at", [at(-60), at(-61)])
def test_a_use_that_is_no_newer_than_the_known_one_changes_nothing(used_at: datetime) -> None:
    assert note_use(USED, Use(used_at, "late", 9)) == USED


def test_tasks_that_answer_are_noted_in_the_generation_they_answer_in() -> None:
    assert note_ready(USED, 7, ("a",)) == replace(USED, ready=("a",))
    assert note_ready(replace(USED, ready=("a",)), 7, ()) == USED


def test_tasks_that_answer_are_not_noted_once_somebody_claimed_anew_or_wants_it_asleep() -> None:
    assert note_ready(USED, 6, ("a",)) == USED
    assert note_ready(USED, 8, ("a",)) == USED
    assert note_ready(claim_sleep(USED, NOW), 8, ("a",)) == claim_sleep(USED, NOW)


@pytest.mark.parametrize(
    ("intent", "age", "expected"),
    [
        (Intent.AWAKE, timedelta(), True),
        (Intent.AWAKE, LOST_AFTER - timedelta(milliseconds=1), True),
        (Intent.AWAKE, LOST_AFTER, False),
        (Intent.AWAKE, -LOST_AFTER, False),
        (Intent.AWAKE, timedelta(milliseconds=1) - LOST_AFTER, True),
        (Intent.AWAKE, None, False),
        (Intent.ASLEEP, timedelta(), False),
    ],
)
def test_a_wake_counts_as_claimed_for_as_long_as_its_call_may_be_on_its_way(
    intent: Intent, age: timedelta | None, *, expected: bool
) -> None:
    assert is_wake_claimed(Record(intent=intent), age) is expected


@pytest.mark.parametrize(("one", "other"), [(None, NOW), (at(-1), NOW), (NOW, at(-1)), (NOW, NOW)])
def test_the_later_of_two_instants_is_found_even_if_one_is_missing(one: object, other: object) -> None:
    assert later(one, other) == NOW  # type: ignore[arg-type]  # parametrize knows no types


def test_a_lost_call_is_told_again_after_five_seconds() -> None:
    assert timedelta(seconds=5) == LOST_AFTER


def test_intents_are_spelled_as_ledgers_keep_them() -> None:
    assert [*Intent] == ["awake", "asleep"]


def test_a_wake_took_from_the_first_visit_to_its_end() -> None:
    assert a_wake(2, 10, 5).took == timedelta(seconds=17)


def test_each_stage_of_a_wake_lasted_until_the_next_and_the_last_until_its_end() -> None:
    wake = PastWake(at(0), at(30), stages=((Stage.REQUESTED, at(0)), (Stage.PULLING, at(4)), (Stage.RUNNING, at(25))))

    assert wake.stage_spans() == {
        Stage.REQUESTED: timedelta(seconds=4),
        Stage.PULLING: timedelta(seconds=21),
        Stage.RUNNING: timedelta(seconds=5),
    }


def test_a_wake_of_which_no_stage_was_seen_has_no_spans() -> None:
    assert PastWake(at(0), at(30)).stage_spans() == {}


@pytest.mark.parametrize("wakes", [[], [GOOD], [FAILED, GOOD], [FAILED, FAILED, GOOD, GOOD]])
def test_after_a_wake_that_succeeded_nothing_holds_the_next_back(wakes: list[PastWake]) -> None:
    assert retry_at(wakes) is None


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (7, 1800), (8, 1800), (20, 1800), (5000, 1800)],
)
def test_each_failure_in_a_row_doubles_the_wait_up_to_half_an_hour(failures: int, seconds: int) -> None:
    assert retry_at([FAILED] * failures) == FAILED.ended_at + timedelta(seconds=seconds)


def test_only_failures_since_the_last_success_count() -> None:
    assert retry_at([FAILED, FAILED, FAILED, GOOD, FAILED]) == FAILED.ended_at + timedelta(seconds=30)


def test_the_wait_begins_when_the_last_wake_ended() -> None:
    last = PastWake(at(-20), at(-3), failure="No image.")

    assert retry_at([FAILED, last]) == at(-3 + 60)


@given(st.lists(st.booleans(), max_size=40))
def test_one_more_failure_never_shortens_the_wait(outcomes: list[bool]) -> None:
    wakes = [GOOD if success else FAILED for success in outcomes]
    before, after = retry_at(wakes), retry_at([*wakes, FAILED])

    assert after is not None
    assert before is None or before <= after
    assert timedelta(seconds=30) <= after - FAILED.ended_at <= timedelta(minutes=30)
