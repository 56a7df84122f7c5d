from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import NAME, NOW, a_service, a_sight, at
from wakeproxy.core.causes import SERVICE_MISSING
from wakeproxy.core.eta import UNKNOWN, Forecast
from wakeproxy.core.idleness import Stay
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.outlook import Here, Outlook
from wakeproxy.core.sight import LogLine, Member, Sight, describe, describe_stay

STAGES = ((Stage.REQUESTED, at(-20)), (Stage.PROVISIONING, at(-18)), (Stage.STARTING, at(-4.26)))
WAY = [stage for stage in Stage if stage is not Stage.ANSWERING]
EXPECTED = Forecast(dict.fromkeys(WAY, timedelta(seconds=10)), timedelta(seconds=50), timedelta(seconds=60))
WAKING = a_sight(Phase.WAKING, stages=STAGES, expected=EXPECTED, log=(LogLine(at(-20), "Wake requested"),))
FAILED = replace(WAKING, phase=Phase.FAILED, diagnosis=SERVICE_MISSING, retry_at=at(30))


def test_a_service_nothing_is_known_of_is_asleep() -> None:
    assert Sight(NAME) == a_sight(Phase.ASLEEP)
    assert (Sight(NAME).stage, Sight(NAME).began_at) == (None, None)


def test_a_wake_began_with_its_first_stage_and_is_at_its_last() -> None:
    assert WAKING.began_at == at(-20)
    assert WAKING.stage is Stage.STARTING


def test_what_visitors_are_told_while_it_wakes() -> None:
    assert describe(WAKING, NOW) == {
        "service": "shop",
        "phase": "WAKING",
        "stage": "starting",
        "percent": 68,
        "eta_seconds": 15.7,
        "elapsed_seconds": 20.0,
        "longer_than_usual": False,
        "reason": None,
        "remedy": None,
        "cause": None,
        "ready": False,
        "retry_in_seconds": None,
        "stages": [
            {"name": "requested", "state": "done", "seconds": 2.0},
            {"name": "provisioning", "state": "done", "seconds": 13.7},
            {"name": "pulling", "state": "done", "seconds": None},
            {"name": "starting", "state": "current", "seconds": 4.3},
            {"name": "running", "state": "ahead", "seconds": None},
            {"name": "answering", "state": "ahead", "seconds": None},
        ],
        "needs": [],
        "events": [{"at": "2026-11-21T11:59:40+00:00", "text": "Wake requested"}],
    }


def test_what_visitors_are_told_when_it_failed() -> None:
    told = describe(FAILED, NOW)

    assert (told["phase"], told["ready"]) == ("FAILED", False)
    assert told["reason"] == SERVICE_MISSING.sentence
    assert told["remedy"] == SERVICE_MISSING.remedy
    assert told["cause"] == "service_missing"
    assert told["retry_in_seconds"] == 30.0
    assert (told["eta_seconds"], told["elapsed_seconds"], told["longer_than_usual"]) == (None, 0.0, False)
    assert [stage["state"] for stage in told["stages"]] == ["done", "done", "done", "current", "ahead", "ahead"]


def test_the_time_a_failed_wake_took_stands_still() -> None:
    failed = replace(FAILED, log=(*FAILED.log, LogLine(at(-5), SERVICE_MISSING.sentence)))

    assert describe(failed, NOW)["elapsed_seconds"] == describe(failed, at(60))["elapsed_seconds"] == 15.0


def test_without_reasons_visitors_learn_only_that_it_failed() -> None:
    told = describe(FAILED, NOW, with_reasons=False)

    assert told["reason"] == "It could not be started."
    assert (told["remedy"], told["cause"], told["events"]) == (None, None, [])


def test_without_reasons_a_hitch_of_a_wake_that_goes_on_is_not_told() -> None:
    hitch = replace(WAKING, diagnosis=SERVICE_MISSING)

    assert describe(hitch, NOW, with_reasons=False)["reason"] is None
    assert describe(hitch, NOW)["reason"] == SERVICE_MISSING.sentence


def test_what_visitors_are_told_when_it_is_awake() -> None:
    told = describe(replace(WAKING, phase=Phase.AWAKE), NOW)

    assert (told["phase"], told["ready"], told["percent"]) == ("AWAKE", True, 100)
    assert (told["eta_seconds"], told["elapsed_seconds"]) == (None, 0.0)
    assert {stage["state"] for stage in told["stages"]} == {"done"}


def test_what_visitors_are_told_when_it_sleeps() -> None:
    told = describe(Sight(NAME), NOW)

    assert (told["phase"], told["stage"], told["percent"]) == ("ASLEEP", None, 0)
    assert (told["eta_seconds"], told["elapsed_seconds"], told["reason"]) == (None, 0.0, None)
    assert {stage["state"] for stage in told["stages"]} == {"ahead"}


def test_while_it_drains_the_time_a_wake_takes_is_told() -> None:
    told = describe(a_sight(Phase.DRAINING, expected=EXPECTED), NOW)

    assert told["eta_seconds"] == 50.0
    assert told["elapsed_seconds"] == 0.0


def test_a_wake_longer_than_usual_says_so() -> None:
    assert describe(WAKING, at(41))["longer_than_usual"]
    assert not describe(WAKING, at(40))["longer_than_usual"]


def test_without_a_past_no_seconds_are_promised() -> None:
    assert describe(replace(WAKING, expected=UNKNOWN), NOW)["eta_seconds"] is None


@pytest.mark.parametrize(("now", "left"), [(29.94, 0.1), (30, 0.0), (45, 0.0)])
def test_the_time_until_a_retry_never_goes_below_zero(now: float, left: float) -> None:
    assert describe(FAILED, at(now))["retry_in_seconds"] == left


def test_the_percentage_shown_before_is_the_least_shown_again() -> None:
    assert replace(WAKING, percent_floor=80).progress(NOW).percent == 80
    assert replace(WAKING, percent_floor=50).progress(NOW).percent == 68
    assert replace(WAKING, percent_floor=80).progress(NOW).eta == WAKING.progress(NOW).eta


def _member(name: str, *waits_for: str, **fields: Any) -> Member:
    sight = replace(WAKING, service=ServiceName(name), **fields)
    return Member(name.title(), sight, waits_for=tuple(map(ServiceName, waits_for)))


LEFT, USUAL = timedelta(seconds=15.74), timedelta(seconds=50)
REQUESTED = replace(WAKING, stages=((Stage.REQUESTED, at(-20)),))


def test_while_needs_are_woken_their_time_and_its_own_are_left() -> None:
    alone = replace(REQUESTED, needs=(_member("db"),))
    assert alone.progress(NOW).eta == LEFT + USUAL


def test_needs_that_wait_for_each_other_take_the_sum_and_others_the_longest() -> None:
    chain = replace(REQUESTED, needs=(_member("disk"), _member("db", "disk")))
    beside = replace(REQUESTED, needs=(_member("disk"), _member("db")))
    assert chain.progress(NOW).eta == LEFT * 2 + USUAL
    assert beside.progress(NOW).eta == LEFT + USUAL


def test_what_nobody_waits_for_takes_no_time() -> None:
    sight = replace(REQUESTED, needs=(replace(_member("cache"), is_required=False),))
    assert sight.progress(NOW) == REQUESTED.progress(NOW)


@pytest.mark.parametrize("fields", [{"expected": UNKNOWN}, {"needs": (_member("db", expected=UNKNOWN),)}])
def test_the_time_left_is_not_known_while_it_is_not_of_one(fields: dict[str, Any]) -> None:
    sight = replace(replace(REQUESTED, needs=(_member("db"),)), **fields)
    assert sight.progress(NOW).eta is None


def test_each_need_counts_as_much_as_the_service_itself() -> None:
    waiting = replace(REQUESTED, needs=(_member("disk"), _member("db", phase=Phase.AWAKE)))
    assert waiting.progress(NOW).percent == (68 + 100) // 3
    gathered = replace(WAKING, needs=(_member("db", phase=Phase.AWAKE),), gathered_at=at(-20))
    assert gathered.progress(NOW).percent == (100 + 68) // 2


def test_its_own_start_is_measured_from_when_its_needs_were_there() -> None:
    late = replace(WAKING, stages=((Stage.REQUESTED, at(-90)), *STAGES[1:]))
    gathered = replace(late, gathered_at=at(-20), needs=(_member("db", phase=Phase.AWAKE),))
    assert gathered.own_stages == STAGES
    assert late.progress(NOW).is_longer_than_usual
    assert not gathered.progress(NOW).is_longer_than_usual
    assert replace(gathered, stages=()).own_stages == ()


def test_visitors_are_told_how_far_each_need_is() -> None:
    failed = _member("disk", phase=Phase.FAILED, diagnosis=SERVICE_MISSING)
    told = describe(replace(REQUESTED, needs=(failed, _member("db", "disk"))), NOW)["needs"]
    assert told == [
        {
            "service": "disk",
            "display_name": "Disk",
            "required": True,
            "phase": "FAILED",
            "stage": None,
            "percent": 68,
            "eta_seconds": None,
            "reason": SERVICE_MISSING.sentence,
        },
        {
            "service": "db",
            "display_name": "Db",
            "required": True,
            "phase": "WAKING",
            "stage": "starting",
            "percent": 68,
            "eta_seconds": 15.7,
            "reason": None,
        },
    ]


FORECASTS = st.builds(
    Forecast, st.dictionaries(st.sampled_from(WAY), st.integers(0, 300).map(lambda count: timedelta(seconds=count)))
)
MOVES = st.one_of(
    st.fixed_dictionaries({"reach": st.sampled_from(WAY)}),
    st.fixed_dictionaries({"expect": FORECASTS}),
    st.fixed_dictionaries({"wait": st.integers(0, 300)}),
)


@given(FORECASTS, st.lists(MOVES, max_size=20))
def test_through_replaced_tasks_and_new_forecasts_the_percentage_never_goes_back(
    expected: Forecast, moves: list[dict[str, Any]]
) -> None:
    sight, now, shown = a_sight(Phase.WAKING, stages=((Stage.REQUESTED, NOW),), expected=expected), NOW, [0]
    for move in moves:
        now += timedelta(seconds=move.get("wait", 0))
        # As `Sight.percent_floor` says: what was shown is kept, then a replaced task may start anew.
        sight = replace(sight, percent_floor=sight.progress(now).percent, expected=move.get("expect", sight.expected))
        shown.append(sight.percent_floor)
        if "reach" in move:
            kept = tuple(one for one in sight.stages if one[0] < move["reach"])
            sight = replace(sight, stages=(*kept, (move["reach"], now)))
        shown.append(describe(sight, now)["percent"])

    assert shown == sorted(shown)
    assert shown[-1] <= 99
    assert describe(replace(sight, phase=Phase.AWAKE), now)["percent"] == 100


def test_only_of_what_is_awake_it_is_told_why_it_stays() -> None:
    outlook = Outlook(awake_since=at(-60), used_at=at(-10), stay=Stay("a secret", at(5000)))
    service = a_service(show_reasons=False)
    told = {
        phase: describe_stay(a_sight(phase, outlook=outlook), Here(), service=service, margin=timedelta(), now=NOW)
        for phase in Phase
    }

    assert (told[Phase.AWAKE]["stays"], told[Phase.AWAKE]["sleeps_in_seconds"]) == ("other", 5000.0)
    assert told[Phase.AWAKE]["stays_reason"] is None
    assert {phase for phase, one in told.items() if one["stays"] is None} == set(Phase) - {Phase.AWAKE}
