"""The bucket: never more than AWS allows, urgent calls first, and patient ones moving all the same."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.core.pace import PATIENT_PART, RESERVE, SLOWEST, Bucket, Rate

RATE = Rate(90, 18)
URGENT, PATIENT = True, False


@dataclass
class Caller:
    """Asks as fast as the bucket lets it; keeps when each call went."""

    bucket: Bucket
    now: float = 0.0
    went: list[tuple[float, bool]] = field(default_factory=list)

    def call(self, *, is_urgent: bool) -> float:
        """Wait for a turn as long as it takes; say how long it was."""
        began = self.now
        while True:
            self.bucket = self.bucket.fill(self.now)
            wait = self.bucket.wait(is_urgent=is_urgent)
            if not wait:
                self.bucket = self.bucket.take(is_urgent=is_urgent)
                self.went.append((self.now, is_urgent))
                return self.now - began
            self.now += wait

    def call_for(self, seconds: float, *, is_urgent: bool) -> int:
        """Call again and again; how many went."""
        before, until = len(self.went), self.now + seconds
        while self.now < until:
            self.call(is_urgent=is_urgent)
        return len(self.went) - before


def a_caller(rate: Rate = RATE) -> Caller:
    return Caller(Bucket.full(rate, 0.0))


def test_a_share_is_of_the_burst_and_of_the_rate() -> None:
    assert Rate(100, 20).part(0.9) == RATE


@pytest.mark.parametrize("is_urgent", [URGENT, PATIENT])
def test_the_smallest_share_still_lets_a_call_go(*, is_urgent: bool) -> None:
    caller = a_caller(Rate(10, 5).part(0.01))

    assert caller.call(is_urgent=is_urgent) == 0
    assert caller.call(is_urgent=is_urgent) < 200


@given(
    st.sampled_from([Rate(2, 0.5), Rate(18, 9), Rate(45, 4.5), RATE]),
    st.lists(st.tuples(st.floats(0, 30), st.booleans(), st.sampled_from(["call", "call", "call", "slow", "give"]))),
)
def test_in_no_span_of_time_do_more_calls_go_than_the_rate_allows(
    rate: Rate, steps: list[tuple[float, bool, str]]
) -> None:
    caller = a_caller(rate)
    for pause, is_urgent, what in steps:
        caller.now += pause
        caller.call(is_urgent=is_urgent)
        if what == "slow":
            caller.bucket = caller.bucket.slow()
        if what == "give":
            caller.bucket = caller.bucket.give_back()
            caller.went.pop()
    times = [at for at, _ in caller.went]

    for first in range(len(times)):
        for last in range(first, len(times)):
            allowed = rate.burst + rate.per_second * (times[last] - times[first])
            assert last - first + 1 <= allowed + 1e-6


@pytest.mark.parametrize("is_urgent", [URGENT, PATIENT])
def test_all_that_flows_in_is_used(*, is_urgent: bool) -> None:
    caller = a_caller()
    caller.call_for(60, is_urgent=is_urgent)

    assert caller.call_for(600, is_urgent=is_urgent) == pytest.approx(600 * 18, rel=0.13)


def test_a_wake_finds_tokens_in_the_middle_of_a_sweep() -> None:
    caller = a_caller()
    caller.call_for(60, is_urgent=PATIENT)

    waits = [caller.call(is_urgent=URGENT) for _ in range(int(90 * RESERVE) - 1)]

    assert not any(waits)


def test_patient_calls_wait_until_the_reserve_is_there_again() -> None:
    caller = a_caller()
    for _ in range(89):
        caller.call(is_urgent=URGENT)
    caller.call(is_urgent=PATIENT)  # the one token of its own

    assert caller.call(is_urgent=URGENT) < 0.1
    assert caller.call(is_urgent=PATIENT) > 0.3


def test_patient_calls_move_however_many_are_urgent() -> None:
    bucket, patient, urgent = Bucket.full(RATE, 0.0), 0, 0
    for millisecond in range(60_000):
        bucket = bucket.fill(millisecond / 1000)
        while not bucket.wait(is_urgent=URGENT):
            bucket, urgent = bucket.take(is_urgent=URGENT), urgent + 1
        while not bucket.wait(is_urgent=PATIENT):
            bucket, patient = bucket.take(is_urgent=PATIENT), patient + 1

    assert patient == pytest.approx(60 * 18 * PATIENT_PART, rel=0.05)
    assert urgent == pytest.approx(90 + 60 * 18 * (1 - PATIENT_PART), rel=0.05)


def test_a_refusal_empties_the_bucket_and_halves_the_rate() -> None:
    caller = a_caller()
    caller.bucket = caller.bucket.slow()

    assert caller.call(is_urgent=URGENT) == pytest.approx(1 / (18 * (1 - PATIENT_PART) / 2), rel=0.01)
    assert caller.bucket.speed == pytest.approx(0.5, rel=0.01)


def test_refusals_of_calls_that_were_under_way_together_count_once() -> None:
    bucket = Bucket.full(RATE, 0.0)
    for millisecond in range(0, 900, 100):
        bucket = bucket.fill(millisecond / 1000).slow()

    assert bucket.speed == pytest.approx(0.5, rel=0.02)
    assert bucket.fill(1.0).slow().speed == pytest.approx(0.25, rel=0.02)


def test_however_often_refused_it_goes_on_slowly() -> None:
    bucket = Bucket.full(RATE, 0.0)
    for second in range(0, 100, 2):
        bucket = bucket.fill(second).slow()

    assert bucket.speed >= SLOWEST
    assert bucket.wait(is_urgent=PATIENT) < 10


def test_the_rate_grows_back_within_a_minute_after_one_refusal() -> None:
    caller = a_caller()
    caller.bucket = caller.bucket.slow()

    assert caller.call_for(60, is_urgent=URGENT) == pytest.approx(60 * 18 * 0.75, rel=0.15)
    assert caller.bucket.fill(caller.now).speed == pytest.approx(1.0, abs=0.01)


def test_what_filled_in_small_steps_is_what_filled_at_once() -> None:
    empty = Bucket.full(Rate(10_000, 18), 0.0).slow()
    stepwise = empty
    for tenth in range(1, 1001):
        stepwise = stepwise.fill(tenth / 10)

    at_once = empty.fill(100.0)
    assert stepwise.common + stepwise.own == pytest.approx(at_once.common + at_once.own, rel=1e-6)
    assert stepwise.speed == pytest.approx(at_once.speed)


def test_a_clock_that_stands_still_or_steps_back_fills_nothing() -> None:
    bucket = Bucket.full(RATE, 5.0).take(is_urgent=URGENT)

    assert bucket.fill(5.0) == bucket
    assert bucket.fill(4.0) == bucket
