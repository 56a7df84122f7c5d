"""What is told of a service that is awake: why it stays, and when it may go to sleep."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.build import NOW, at
from wakeproxy.core.idleness import Stay
from wakeproxy.core.outlook import Here, Outlook, Prospect, Why, describe_prospect, foresee
from wakeproxy.core.service import IdlePolicy

POLICY = IdlePolicy(idle_after=timedelta(minutes=15), min_awake=timedelta(minutes=2))
MARGIN = timedelta(seconds=10)
IDLE = 910.0
"""Seconds after its last use it may sleep."""
UP = Outlook(awake_since=at(-3600), used_at=at(-60))


NOTHING = Here()


def told(outlook: Outlook, here: Here = NOTHING) -> Prospect:
    return foresee(outlook, here, policy=POLICY, margin=MARGIN, now=NOW)


def test_what_is_in_use_stays_for_nobody_knows_how_long() -> None:
    assert told(UP, Here(in_flight=1, used_at=NOW)) == Prospect(Why.IN_USE)


def test_what_was_used_stays_for_the_idle_time_and_a_flush() -> None:
    assert told(UP) == Prospect(Why.USED, at(-60 + IDLE))


def test_the_later_of_the_uses_known_here_and_elsewhere_holds() -> None:
    assert told(UP, Here(used_at=at(-5))).sleeps_at == at(-5 + IDLE)
    assert told(UP, Here(used_at=at(-500))).sleeps_at == at(-60 + IDLE)
    assert told(replace(UP, used_at=None), Here(used_at=at(-5))).sleeps_at == at(-5 + IDLE)


def test_what_has_only_just_woken_stays_for_its_least_time() -> None:
    young = Outlook(awake_since=at(-10), used_at=at(-1000))

    assert told(young) == Prospect(Why.YOUNG, at(110))


def test_what_was_started_by_hand_and_never_used_counts_as_used_when_it_started() -> None:
    assert told(Outlook(awake_since=at(-100))) == Prospect(Why.YOUNG, at(-100 + IDLE))


def test_of_what_nothing_is_known_nothing_is_told() -> None:
    assert told(Outlook()) == Prospect(Why.YOUNG)


def test_what_is_kept_awake_stays_until_then_if_nothing_keeps_it_longer() -> None:
    assert told(replace(UP, kept_until=at(7200))) == Prospect(Why.KEPT, at(7200))
    assert told(replace(UP, kept_until=at(30))) == Prospect(Why.USED, at(-60 + IDLE))


def test_another_reason_of_the_sleepers_is_told_in_its_words() -> None:
    hours = replace(UP, stay=Stay("it is within its awake hours", at(9000)), judged_at=at(-20))

    assert told(hours) == Prospect(Why.OTHER, at(9000), "it is within its awake hours")


def test_what_only_an_event_can_change_has_no_end() -> None:
    needed = replace(UP, stay=Stay("shop-web needs it"), judged_at=at(-20))

    assert told(needed) == Prospect(Why.OTHER, None, "shop-web needs it")


def test_a_sweep_that_knows_better_is_believed() -> None:
    unused = replace(UP, used_at=at(-2000))
    deploying = replace(unused, stay=Stay("a deployment is in progress", at(-10)), judged_at=at(-20))

    assert told(deploying) == Prospect(Why.OTHER, None, "a deployment is in progress")


def test_what_a_sweep_said_of_an_earlier_use_is_old_news() -> None:
    since = replace(UP, stay=Stay("used 5 min ago", at(500)), judged_at=at(-40))

    assert told(since) == Prospect(Why.USED, at(-60 + IDLE))


def test_what_is_due_may_sleep_at_any_moment() -> None:
    due = replace(UP, used_at=at(-2000), stay=Stay("used 15 min ago", at(-1090)), judged_at=at(-1100))

    assert told(due) == Prospect(Why.USED, at(-2000 + IDLE))


def test_a_stay_is_described_in_seconds() -> None:
    kept = replace(UP, kept_until=at(7200))

    assert describe_prospect(kept, told(kept), NOW) == {
        "kept_until": "2026-11-21T14:00:00+00:00",
        "awake_seconds": 3600.0,
        "sleeps_in_seconds": 7200.0,
        "stays": "kept",
        "stays_reason": None,
    }


def test_what_is_not_awake_has_nothing_but_what_was_asked_for() -> None:
    assert describe_prospect(Outlook(kept_until=at(60)), None, NOW) == {
        "kept_until": "2026-11-21T12:01:00+00:00",
        "awake_seconds": None,
        "sleeps_in_seconds": None,
        "stays": None,
        "stays_reason": None,
    }


def test_what_is_over_is_not_told() -> None:
    described = describe_prospect(replace(UP, kept_until=at(-1)), Prospect(Why.USED, at(-1)), NOW)

    assert (described["kept_until"], described["sleeps_in_seconds"]) == (None, 0.0)


def test_nobody_is_told_what_nobody_knows() -> None:
    described = describe_prospect(Outlook(), Prospect(Why.IN_USE), NOW)

    assert (described["awake_seconds"], described["sleeps_in_seconds"], described["stays"]) == (None, None, "in_use")


@pytest.mark.parametrize(("with_reasons", "expected"), [(True, "shop-web needs it"), (False, None)])
def test_reasons_may_be_kept_from_visitors(*, with_reasons: bool, expected: str | None) -> None:
    prospect = Prospect(Why.OTHER, None, "shop-web needs it")

    assert describe_prospect(UP, prospect, NOW, with_reasons=with_reasons)["stays_reason"] == expected
