from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import NOW, a_task, an_observation, at
from wakeproxy.core.idleness import MOST_SKEW, Evidence, Judgement, Kind, Rule, Sleep, Stay, correct_clock, judge
from wakeproxy.core.observation import Deployment, Observation
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import IdlePolicy

MARGIN = timedelta(seconds=30)
POLICY = IdlePolicy(idle_after=timedelta(minutes=15), min_awake=timedelta(minutes=2))
LONG_UP = an_observation(a_task(started_at=at(-7200)))
ROLLOUT = Deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS", "shop:8", failed_tasks=0)
SOON = NOW + MARGIN
STARTING = Stay("still starting", SOON, Rule.STARTING)
UNUSED = Record(3, Intent.AWAKE, claimed_at=at(-7300), last_used_at=at(-7300))


def judged(
    record: Record = UNUSED,
    observation: Observation = LONG_UP,
    *,
    now: datetime = NOW,
    policy: IdlePolicy = POLICY,
    **more: Any,
) -> Judgement:
    return judge(Evidence(record, observation, **more), policy=policy, margin=MARGIN, now=now)


def used_ago(words: str, due: datetime) -> Stay:
    return Stay(f"used {words} ago", due, Rule.USED)


def young(due: datetime) -> Stay:
    return Stay("awake for less than 2 min", due, Rule.YOUNG)


def used(seconds_ago: float) -> Record:
    return replace(UNUSED, last_used_at=at(-seconds_ago))


def test_a_service_that_nobody_uses_sleeps() -> None:
    assert judged() == Sleep("unused for 2 h")


@pytest.mark.parametrize(
    ("observation", "stay"),
    [
        (replace(LONG_UP, status="MISSING"), Stay("ECS knows no such service")),
        (replace(LONG_UP, status="DRAINING"), Stay("ECS knows no such service")),
        (replace(LONG_UP, desired=0), Stay("already asleep", None, Rule.ASLEEP)),
        (replace(LONG_UP, deployments=(ROLLOUT,)), Stay("a deployment is in progress", SOON, Rule.DEPLOYING)),
        (replace(LONG_UP, running=0), STARTING),
    ],
    ids=["missing", "deleted", "asleep", "deploying", "starting"],
)
def test_a_service_in_no_state_to_be_put_to_sleep_is_left_alone(observation: Observation, stay: Stay) -> None:
    assert judged(observation=observation) == stay


def test_a_service_of_which_no_start_is_known_is_still_starting() -> None:
    started_by_hand = an_observation(a_task("RUNNING", started_at=None))

    assert judged(Record(), started_by_hand) == STARTING
    assert judged(replace(UNUSED, intent=Intent.ASLEEP), started_by_hand) == STARTING


def test_a_service_that_is_kept_awake_stays_until_then() -> None:
    kept = replace(UNUSED, awake_until=at(3600))

    assert judged(kept) == Stay("kept awake until 2026-11-21 13:00 UTC", at(3600), Rule.KEPT_AWAKE)
    assert judged(kept, now=at(3600)) == Sleep("unused for 3 h")


@pytest.mark.parametrize(("started", "stays"), [(-60, True), (-119.9, True), (-120, False)])
def test_a_service_stays_up_for_the_shortest_time_it_should(started: float, *, stays: bool) -> None:
    seen = an_observation(a_task(started_at=at(started)))
    policy = replace(POLICY, idle_after=timedelta())
    verdict = judge(Evidence(UNUSED, seen), policy=policy, margin=timedelta(), now=NOW)

    assert verdict == (young(at(started + 120)) if stays else Sleep("unused for 2 h"))


@pytest.mark.parametrize(
    ("seconds_ago", "verdict"),
    [
        (0, used_ago("0 s", at(930))),
        (90, used_ago("90 s", at(840))),
        (600, used_ago("10 min", at(330))),
        (929.9, used_ago("15 min", at(0.1))),
        (930, Sleep("unused for 15 min")),
        (7000, Sleep("unused for 116 min")),
    ],
)
def test_a_service_sleeps_when_its_idle_time_and_the_margin_have_passed(seconds_ago: float, verdict: Judgement) -> None:
    assert judged(used(seconds_ago)) == verdict


def test_a_use_in_the_future_of_our_clock_is_a_use_now() -> None:
    assert judged(used(-60)) == used_ago("0 s", at(930))


def test_a_front_whose_clock_is_ahead_keeps_a_service_awake_no_longer_than_it_is_ahead() -> None:
    ahead = used(-600)

    assert judged(ahead, now=at(600)) == used_ago("0 s", at(1530))
    assert judged(ahead, now=at(1530)) == Sleep("unused for 15 min")


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(minutes=10), MOST_SKEW])
def test_a_clock_that_may_be_wrong_is_left_its_word(ahead: timedelta) -> None:
    record = replace(UNUSED, last_used_at=NOW + ahead)

    assert correct_clock(record, NOW) == record


def test_a_clock_that_cannot_be_right_is_believed_to_mean_now() -> None:
    mad = replace(UNUSED, last_used_at=NOW + timedelta(days=3650))

    assert correct_clock(mad, NOW) == replace(UNUSED, last_used_at=NOW)
    assert correct_clock(Record(), NOW) == Record()


def test_a_wake_claimed_in_the_future_of_our_clock_says_nothing_about_how_long_it_is_up() -> None:
    ahead = replace(used(7200), claimed_at=at(600))

    assert judged(ahead) == Sleep("unused for 2 h")
    assert judged(ahead, an_observation(a_task(started_at=None))) == STARTING


def test_a_service_never_used_counts_as_used_when_it_started() -> None:
    assert judged(Record(), an_observation(a_task(started_at=at(-600)))) == used_ago("10 min", at(330))
    assert judged(Record(), an_observation(a_task(started_at=at(-930)))) == Sleep("unused for 15 min")


def by_hand(record: Record) -> Record:
    """Of a service that slept, and that somebody else has started since."""
    return replace(record, intent=Intent.ASLEEP)


def test_starting_a_service_by_hand_is_a_use_of_it() -> None:
    seen = an_observation(a_task(started_at=at(-600)))

    assert judged(by_hand(used(7200)), seen) == used_ago("10 min", at(330))


def test_of_several_tasks_started_by_hand_the_one_that_started_last_counts() -> None:
    old, young = a_task(started_at=at(-7200)), a_task(started_at=at(-600))

    assert judged(by_hand(UNUSED), an_observation(old, young)) == used_ago("10 min", at(330))
    assert judged(by_hand(UNUSED), an_observation(young, old)) == used_ago("10 min", at(330))


def test_replacing_a_task_is_no_use_of_the_service() -> None:
    assert judged(used(7200), an_observation(a_task(started_at=at(-600)))) == Sleep("unused for 2 h")


def test_a_task_that_drains_says_nothing_about_the_service() -> None:
    drains = a_task(desired_status="STOPPED", started_at=at(-60))

    assert judged(observation=an_observation(a_task(started_at=at(-7200)), drains)) == Sleep("unused for 2 h")


def test_the_claim_of_a_wake_counts_as_coming_up() -> None:
    claimed = replace(UNUSED, claimed_at=at(-60))

    assert judged(claimed) == young(at(60))
    assert judged(claimed, an_observation(a_task(started_at=None))) == young(at(60))


def test_the_claim_of_a_sleep_that_was_never_carried_out_does_not_keep_it_awake() -> None:
    assert judged(replace(UNUSED, intent=Intent.ASLEEP, claimed_at=at(-10))) == Sleep("unused for 2 h")


@pytest.mark.parametrize(
    ("span", "words"),
    [(1000, "16 min"), (7199, "119 min"), (7200, "2 h"), (172_799, "47 h"), (172_800, "2 d"), (864_000, "10 d")],
)
def test_long_spans_are_told_in_the_largest_unit_of_which_there_are_two(span: int, words: str) -> None:
    assert judged(Record(), an_observation(a_task(started_at=at(-span)))) == Sleep(f"unused for {words}")


PAST = st.floats(-100_000, 0).map(at)
RECORDS = st.builds(
    Record,
    intent=st.sampled_from(Intent),
    claimed_at=st.none() | PAST,
    last_used_at=st.none() | PAST,
    awake_until=st.none() | st.floats(-100_000, 100_000).map(at),
)
TASKS = st.builds(
    a_task,
    st.sampled_from(["PENDING", "RUNNING", "STOPPED"]),
    started_at=st.none() | PAST,
    desired_status=st.sampled_from(["RUNNING", "STOPPED"]),
)
OBSERVATIONS = st.builds(
    lambda tasks, desired, rollouts: an_observation(*tasks, desired=desired, deployments=(ROLLOUT,) * rollouts),
    st.lists(TASKS, max_size=3),
    st.integers(0, 2),
    st.sampled_from([0, 0, 0, 1]),
)


@given(RECORDS, OBSERVATIONS)
def test_a_service_used_within_its_idle_time_never_sleeps(record: Record, observation: Observation) -> None:
    verdict = judged(record, observation)

    if record.last_used_at is not None and record.last_used_at > NOW - POLICY.idle_after - MARGIN:
        assert isinstance(verdict, Stay) or getattr(verdict, "kind", None) is Kind.CRASH_LOOP


@given(RECORDS, OBSERVATIONS)
def test_asking_again_is_always_later_and_asking_earlier_is_no_use(record: Record, observation: Observation) -> None:
    verdict = judged(record, observation)

    if isinstance(verdict, Stay) and verdict.ask_again_at is not None:
        assert verdict.ask_again_at > NOW
        halfway = NOW + (verdict.ask_again_at - NOW) / 2
        assert isinstance(judged(record, observation, now=halfway), Stay)


@given(RECORDS, OBSERVATIONS)
def test_a_service_left_unused_sleeps_in_the_end(record: Record, observation: Observation) -> None:
    verdict, now = judged(record, observation), NOW
    for _ in range(5):
        if isinstance(verdict, Stay) and verdict.ask_again_at is not None:
            now = verdict.ask_again_at
            verdict = judged(record, replace(observation, deployments=()), now=now)

    is_up = observation.desired > 0 and observation.running > 0
    assert isinstance(verdict, Sleep) or not is_up or getattr(verdict, "rule", None) is Rule.STARTING
