from dataclasses import replace
from datetime import timedelta

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
    claim_sleep,
    claim_wake,
    is_wake_claimed,
    keep_awake,
    later,
    retry_at,
)

FAILED, GOOD = a_wake(10, failure="No image."), a_wake(10)
USED = Record(7, Intent.AWAKE, claimed_at=at(-600), last_used_at=at(-60), awake_until=at(3600))


def test_a_service_never_written_to_is_wanted_asleep_and_unused() -> None:
    assert Record() == Record(0, Intent.ASLEEP, None, None, None)


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


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Record(intent=Intent.AWAKE, claimed_at=NOW), True),
        (Record(intent=Intent.AWAKE, claimed_at=NOW - LOST_AFTER + timedelta(milliseconds=1)), True),
        (Record(intent=Intent.AWAKE, claimed_at=NOW - LOST_AFTER), False),
        (Record(intent=Intent.AWAKE, claimed_at=NOW + LOST_AFTER), False),
        (Record(intent=Intent.AWAKE, claimed_at=NOW + LOST_AFTER - timedelta(milliseconds=1)), True),
        (Record(intent=Intent.AWAKE), False),
        (Record(intent=Intent.ASLEEP, claimed_at=NOW), False),
    ],
)
def test_a_wake_counts_as_claimed_for_as_long_as_its_call_may_be_on_its_way(record: Record, *, expected: bool) -> None:
    assert is_wake_claimed(record, NOW) is expected


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
