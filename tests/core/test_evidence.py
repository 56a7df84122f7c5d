"""Evidence of use beyond visits: hours, needs, deployments, protection, signals, and what outlives none of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.build import NOW, a_stopped_task, a_task, an_observation, at
from wakeproxy.core.hours import Window
from wakeproxy.core.idleness import Evidence, Judgement, Kind, Rule, Sleep, Stay, Wake, judge
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Deployment, Observation
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import IdlePolicy
from wakeproxy.core.signals import LATENESS, Active, Quiet, Signal, SignalPolicy, Unreadable

MARGIN = timedelta(seconds=30)
SOON = NOW + MARGIN
UP = an_observation(a_task(started_at=at(-7200)))
UNUSED = Record(3, Intent.AWAKE, claimed_at=at(-7300), last_used_at=at(-7300))
IDLE = Sleep("unused for 2 h")
BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY = Window(frozenset({5}), 8 * 60, 18 * 60, BERLIN)  # NOW is a Saturday, 13:00 in Berlin
OPENED, CLOSES = at(-5 * 3600), at(5 * 3600)


def judged(
    record: Record = UNUSED, seen: Observation = UP, *, policy: dict[str, Any] | None = None, **more: Any
) -> Judgement:
    evidence = Evidence(record, seen, **more)
    return judge(evidence, policy=IdlePolicy(**(policy or {})), margin=MARGIN, now=NOW)


def a_deployment(state: str | None = "COMPLETED", status: str = "PRIMARY", *, created: float = -86_400) -> Deployment:
    return Deployment("ecs-svc/2", status, state, "shop:8", failed_tasks=0, created_at=at(created))


# Awake hours.


def test_a_service_is_up_within_its_awake_hours() -> None:
    stay = Stay("within its awake hours until Sat 18:00 Europe/Berlin", CLOSES, Rule.AWAKE_HOURS)

    assert judged(policy={"awake_hours": (SATURDAY,)}) == stay


def test_awake_hours_that_never_end_are_waited_for_by_nobody() -> None:
    always = Window(frozenset(range(7)), 0, 1440, BERLIN)

    assert judged(policy={"awake_hours": (always,)}) == Stay("its awake hours never end", None, Rule.AWAKE_HOURS)


def test_a_service_sleeps_outside_its_awake_hours() -> None:
    assert judged(policy={"awake_hours": (replace(SATURDAY, days=frozenset({0})),)}) == IDLE


def asleep(
    intent: Intent = Intent.ASLEEP, claimed_at: datetime | None = None, *, hours: Window = SATURDAY
) -> Judgement:
    return judged(Record(3, intent, claimed_at), replace(UP, desired=0), policy={"awake_hours": (hours,)})


def test_who_sleeps_is_told_when_its_awake_hours_begin() -> None:
    monday = replace(SATURDAY, days=frozenset({0}))

    assert asleep(hours=monday) == Stay("already asleep", at(43 * 3600), Rule.ASLEEP)


ON_PURPOSE = Stay(
    "put to sleep within its awake hours, and stays so until they begin anew", OPENED + timedelta(days=7), Rule.ASLEEP
)
BEGUN = Wake("its awake hours have begun")


@pytest.mark.parametrize(
    ("intent", "claimed_at", "verdict"),
    [
        (Intent.ASLEEP, None, BEGUN),
        (Intent.ASLEEP, OPENED - timedelta(seconds=1), BEGUN),
        (Intent.ASLEEP, OPENED, ON_PURPOSE),
        (Intent.ASLEEP, at(-1), ON_PURPOSE),
        (Intent.AWAKE, OPENED - timedelta(seconds=1), BEGUN),
        (Intent.AWAKE, OPENED, ON_PURPOSE),
        (Intent.AWAKE, at(-300), ON_PURPOSE),
        (Intent.AWAKE, at(-299), Wake("it is within its awake hours, and its wake was lost")),
        (Intent.AWAKE, at(-4), Stay("a wake is under way", SOON, Rule.ASLEEP)),
        (Intent.AWAKE, at(600), ON_PURPOSE),
    ],
)
def test_awake_hours_wake_once_unless_the_call_was_lost(
    intent: Intent, claimed_at: datetime | None, verdict: Judgement
) -> None:
    assert asleep(intent, claimed_at) == verdict


def test_who_was_put_to_sleep_in_hours_that_never_end_stays_asleep() -> None:
    always = Window(frozenset(range(7)), 0, 1440, BERLIN)

    assert asleep(claimed_at=at(-90 * 86_400), hours=always) == replace(ON_PURPOSE, ask_again_at=None)
    assert asleep(hours=always) == BEGUN


def test_a_service_that_does_not_exist_is_not_woken() -> None:
    gone = replace(UP, status="INACTIVE", desired=0)

    assert judged(seen=gone, policy={"awake_hours": (SATURDAY,)}) == Stay("ECS knows no such service")


# Needs.


def test_a_service_stays_up_for_those_who_need_it() -> None:
    names = (ServiceName("blog"), ServiceName("shop"))

    assert judged(needed_by=names) == Stay("needed by blog, shop", None, Rule.NEEDED)


# Deployments.


@pytest.mark.parametrize(
    ("deployments", "reason"),
    [
        ((a_deployment("IN_PROGRESS"),), "a deployment is in progress"),
        ((a_deployment(), a_deployment(status="ACTIVE")), "a deployment is in progress"),
        ((a_deployment(None), a_deployment(None, "ACTIVE")), "a deployment is in progress"),
        (
            (a_deployment("FAILED"), a_deployment(status="ACTIVE")),
            "its last deployment failed, and ECS starts nothing before the next one",
        ),
        ((a_deployment("FAILED"),), "its last deployment failed, and ECS starts nothing before the next one"),
    ],
    ids=["in progress", "two", "of another controller", "failed beside the old", "failed alone"],
)
def test_a_deployment_that_is_not_complete_is_left_alone(deployments: tuple[Deployment, ...], reason: str) -> None:
    assert judged(seen=replace(UP, deployments=deployments)) == Stay(reason, SOON, Rule.DEPLOYING)


@pytest.mark.parametrize("state", ["COMPLETED", None])
def test_a_deployment_that_is_complete_is_no_use(state: str | None) -> None:
    assert judged(seen=replace(UP, deployments=(a_deployment(state),))) == IDLE


def test_a_task_that_starts_beside_others_is_left_alone() -> None:
    assert judged(seen=replace(UP, pending=1)) == Stay("a task is starting", SOON, Rule.DEPLOYING)


# Scale-in protection.


def test_a_task_that_asked_not_to_be_stopped_is_not() -> None:
    stay = Stay("a task is protected from scale-in until 2026-11-21 12:10 UTC", at(600), Rule.PROTECTED)

    assert judged(protection=at(600)) == stay


def test_protection_that_has_run_out_protects_nothing() -> None:
    assert judged(protection=NOW) == IDLE


def test_protection_that_cannot_be_read_may_be_there() -> None:
    reason = "whether its tasks are protected from scale-in cannot be read: AWS did not answer"

    assert judged(protection=Unreadable("AWS did not answer.")) == Stay(reason, SOON, Rule.PROTECTED)


# Signals.


def test_a_signal_keeps_awake_as_a_visit_would_and_as_much_longer_as_it_comes_late() -> None:
    since = timedelta(minutes=15) + MARGIN + LATENESS
    busy = {Signal.CPU: Active(NOW - since + timedelta(seconds=1), "CPU at 34 %")}

    assert judged(signals=busy) == Stay("CPU at 34 %, 18 min ago", at(1), Rule.SIGNAL)
    assert judged(signals={Signal.CPU: Active(NOW - since, "CPU at 34 %")}) == IDLE


def test_of_several_signals_the_last_one_counts() -> None:
    signals = {
        Signal.CPU: Active(at(-600), "CPU at 34 %"),
        Signal.NETWORK: Quiet(),
        Signal.REQUESTS: Active(at(-60), "3 requests"),
        Signal.LOGS: Unreadable("AWS did not answer."),
    }

    verdict = judged(signals=signals)

    assert isinstance(verdict, Stay)
    assert verdict.reason == "3 requests, 60 s ago"


def test_a_signal_from_a_clock_ahead_of_ours_is_of_now() -> None:
    verdict = judged(signals={Signal.CPU: Active(at(90), "CPU at 34 %")})

    assert isinstance(verdict, Stay)
    assert verdict.reason == "CPU at 34 %, 0 s ago"


def test_quiet_signals_keep_nothing_awake() -> None:
    assert judged(signals=dict.fromkeys(Signal, Quiet())) == IDLE


def test_a_signal_that_cannot_be_read_may_tell_of_use_and_names_no_account() -> None:
    arn = "arn:aws:iam::123456789012:role/wakeproxy"
    signals = {Signal.CPU: Unreadable(f"{arn} is denied."), Signal.LOGS: Unreadable("Nothing logs.")}

    reason = "its CPU cannot be read: wakeproxy is denied; its logs cannot be read: Nothing logs"
    assert judged(signals=signals) == Stay(reason, SOON, Rule.UNREADABLE)


# The last resort.

DOUBTS: dict[str, dict[str, Any]] = {
    "deployment": {"seen": replace(UP, deployments=(a_deployment("IN_PROGRESS"),))},
    "failed deployment": {"seen": replace(UP, deployments=(a_deployment("FAILED"),))},
    "starting task": {"seen": replace(UP, pending=1)},
    "protection": {"protection": at(3600)},
    "unreadable protection": {"protection": Unreadable("AWS did not answer.")},
    "unreadable signal": {"signals": {Signal.CPU: Unreadable("AWS did not answer.")}},
}
WORN_OUT = {"max_awake": timedelta(hours=2)}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_what_only_might_be_use_counts_until_max_awake_and_no_longer(doubt: dict[str, Any]) -> None:
    without, before, after = (
        judged(policy={"max_awake": span}, **doubt)
        for span in (None, timedelta(seconds=7300.5), timedelta(seconds=7300))
    )

    assert isinstance(without, Stay)
    assert before == replace(without, ask_again_at=at(0.5))
    assert isinstance(after, Sleep)
    assert after.kind is Kind.MAX_AWAKE
    assert after.reason == f"unused for 2 h, and up for 2 h, after which this no longer counts: {without.reason}"


def test_all_that_was_outlived_is_told() -> None:
    doubts: dict[str, Any] = {}
    for each in DOUBTS.values():
        doubts |= each

    verdict = judged(policy=WORN_OUT, **doubts)

    assert isinstance(verdict, Sleep)
    assert verdict.reason.count("AWS did not answer") == 2
    assert "a task is starting" in verdict.reason


SURE: dict[str, dict[str, Any]] = {
    "a visit": {"record": replace(UNUSED, last_used_at=at(-60))},
    "a request to keep it awake": {"record": replace(UNUSED, awake_until=at(60))},
    "awake hours": {"policy": WORN_OUT | {"awake_hours": (SATURDAY,)}},
    "a need": {"needed_by": (ServiceName("blog"),)},
    "a signal": {"signals": {Signal.CPU: Active(at(-60), "CPU at 34 %"), Signal.LOGS: Unreadable("Nothing logs.")}},
}


@pytest.mark.parametrize("sure", SURE.values(), ids=SURE)
def test_what_surely_is_use_counts_beyond_max_awake(sure: dict[str, Any]) -> None:
    doubted: dict[str, Any] = {"seen": replace(UP, pending=1), "policy": WORN_OUT}

    assert isinstance(judged(**(doubted | sure)), Stay)


def test_a_deployment_is_left_alone_from_its_own_beginning() -> None:
    young = replace(UP, deployments=(a_deployment("IN_PROGRESS", created=-60),))

    assert judged(seen=young, policy=WORN_OUT) == Stay("a deployment is in progress", SOON, Rule.DEPLOYING)


def test_replacing_tasks_does_not_make_max_awake_begin_anew() -> None:
    renewed = an_observation(a_task(started_at=at(-300)), pending=1)

    verdict = judged(seen=renewed, policy=WORN_OUT)

    assert isinstance(verdict, Sleep)
    assert verdict.kind is Kind.MAX_AWAKE


def test_of_who_was_started_by_hand_the_oldest_task_tells_how_long_it_is_up() -> None:
    tasks = a_task(started_at=at(-7200)), a_task(started_at=at(-3600))
    seen = an_observation(*tasks, pending=1)

    assert isinstance(judged(Record(), seen, policy={"max_awake": timedelta(hours=2, seconds=1)}), Stay)
    assert isinstance(judged(Record(), seen, policy=WORN_OUT), Sleep)


def test_who_is_idle_with_max_awake_behind_him_is_just_idle() -> None:
    assert judged(policy=WORN_OUT) == IDLE


# The order.

KEPT = replace(UNUSED, awake_until=at(3600), last_used_at=at(-60))
EVERYTHING: list[tuple[Rule, dict[str, Any]]] = [
    (Rule.KEPT_AWAKE, {"record": replace(UNUSED, awake_until=at(3600))}),
    (Rule.AWAKE_HOURS, {"policy": {"awake_hours": (SATURDAY,)}}),
    (Rule.NEEDED, {"needed_by": (ServiceName("blog"),)}),
    (Rule.DEPLOYING, {"seen": replace(UP, pending=1)}),
    (Rule.PROTECTED, {"protection": at(3600)}),
    (Rule.SIGNAL, {"signals": {Signal.CPU: Active(at(-60), "CPU at 34 %")}}),
]


@pytest.mark.parametrize(("first", "second"), [*combinations(EVERYTHING, 2)])
def test_of_two_reasons_the_one_that_is_looked_for_first_is_told(
    first: tuple[Rule, dict[str, Any]], second: tuple[Rule, dict[str, Any]]
) -> None:
    verdict = judged(**(first[1] | second[1]))

    assert isinstance(verdict, Stay)
    assert verdict.rule is first[0]
    assert [*Rule].index(first[0]) < [*Rule].index(second[0])


def test_a_crash_loop_is_told_before_everything_else() -> None:
    crashes = [a_stopped_task("EssentialContainerExited", "", created_at=at(-60 * n)) for n in range(1, 17)]
    seen = an_observation(*crashes, deployments=(a_deployment("IN_PROGRESS", created=-960),))

    verdict = judged(KEPT, seen, policy={"awake_hours": (SATURDAY,)}, needed_by=(ServiceName("blog"),))

    assert isinstance(verdict, Sleep)
    assert verdict.kind is Kind.CRASH_LOOP
    assert verdict.reason == (
        "nothing has come up for 16 min: The app stopped right after its start: an essential container exited"
    )
    assert verdict.failure is not None
    assert (verdict.failure.began_at, verdict.failure.ended_at) == (at(-960), NOW)


def test_signals_are_looked_at_only_where_they_are_wanted() -> None:
    assert SignalPolicy().wanted == ()
    assert IdlePolicy().signals.wanted == ()
