"""Counts: plain values that travel between processes and add up."""

import pickle
from collections import Counter
from dataclasses import fields
from typing import Any

from tests.core.build import at
from wakeproxy.core.counts import ANSWER_BOUNDS, NO_ANSWERS, SWEEP_BOUNDS, WAKE_BOUNDS, Counts, Histogram, merge
from wakeproxy.core.lifecycle import Phase


def histogram(*seconds: float) -> Histogram:
    counts = tuple(seconds.count(bound) for bound in ANSWER_BOUNDS)
    return Histogram(ANSWER_BOUNDS, (*counts, 0), sum(seconds))


def test_counts_of_several_processes_add_up() -> None:
    one = Counts(
        requests={("shop", "proxy", 200): 2},
        seconds={"shop": histogram(0.005)},
        refused={"connections": 1},
        ignored={("shop", "crawler"): 2},
        in_flight={"shop": 1},
        held={"shop": 0},
        upstream={"shop": 3},
        visitors=4,
        log_dropped=5,
        ready_to_served=histogram(0.025),
        phases={"shop": Phase.AWAKE},
        wakes={("shop", "awake"): 1},
        wake_seconds={("shop", "total"): Histogram(WAKE_BOUNDS, (1, *(0 for _ in WAKE_BOUNDS)), 0.4)},
        sleeps={("shop", "idle"): 1},
        sweep_seconds=Histogram(SWEEP_BOUNDS, (*(0 for _ in SWEEP_BOUNDS), 1), 400.0),
        asleep_seconds={"shop": 1.5},
        aws_calls={("ecs", "ListTasks", "ok"): 2},
    )
    other = Counts(
        requests=Counter({("shop", "proxy", 200): 1, ("", "refused", 404): 1}),
        seconds={"shop": histogram(0.005, 10.0), "blog": histogram(1.0)},
        ignored={("shop", "crawler"): 1, ("shop", "head"): 1},
        visitors=1,
        asleep_seconds={"shop": 0.25},
        phases={"shop": Phase.WAKING, "blog": Phase.ASLEEP},
        aws_calls={("ecs", "ListTasks", "ok"): 3},
    )

    both = merge([one, other])

    assert both.requests == {("shop", "proxy", 200): 3, ("", "refused", 404): 1}
    assert (both.seconds["shop"].counts[0], sum(both.seconds["shop"].counts)) == (2, 3)
    assert both.seconds["blog"] == histogram(1.0)
    assert (both.visitors, both.log_dropped) == (5, 5)
    assert (both.held, both.upstream, both.in_flight) == ({"shop": 0}, {"shop": 3}, {"shop": 1})
    assert both.phases == {"shop": Phase.AWAKE, "blog": Phase.ASLEEP}
    assert both.wakes == {("shop", "awake"): 1}
    assert both.ignored == {("shop", "crawler"): 3, ("shop", "head"): 1}
    assert both.asleep_seconds == {"shop": 1.75}
    assert both.aws_calls == {("ecs", "ListTasks", "ok"): 5}
    assert both.wake_seconds == one.wake_seconds
    assert sum(both.ready_to_served.counts) == 1
    assert both.sweep_seconds == one.sweep_seconds


def test_of_nobodys_counts_there_are_none() -> None:
    assert merge([]) == Counts()


def test_counts_travel_between_processes() -> None:
    counts = Counts(requests={("shop", "proxy", 200): 2}, seconds={"shop": histogram(0.1)})

    assert pickle.loads(pickle.dumps(counts)) == counts


def test_of_several_words_on_the_last_use_the_latest_holds() -> None:
    early, late = at(1), at(2)

    both = merge([Counts(last_used_at={"shop": late, "blog": early}), Counts(last_used_at={"shop": early})])

    assert both.last_used_at == {"shop": late, "blog": early}


def test_of_a_process_that_is_gone_what_it_counted_remains_and_nothing_that_was_there() -> None:
    counts = Counts(
        requests={("shop", "proxy", 200): 2},
        refused={"connections": 1},
        in_flight={"shop": 1},
        held={"shop": 1},
        upstream={"shop": 3},
        visitors=4,
        last_used_at={"shop": at(1)},
        phases={"shop": Phase.AWAKE},
    )

    assert counts.past() == Counts(
        requests={("shop", "proxy", 200): 2}, refused={"connections": 1}, last_used_at={"shop": at(1)}
    )


def test_of_a_service_that_is_not_kept_nothing_is_left_and_what_is_nobodys_stays() -> None:
    def by_name(value: Any) -> dict[str, Any]:
        return dict.fromkeys(("shop", "blog", ""), value)

    def by_pair(value: Any) -> dict[Any, Any]:
        return {(name, "x"): value for name in by_name(value)}

    counts = Counts(
        requests={(name, "proxy", 200): 1 for name in by_name(1)},
        seconds=by_name(NO_ANSWERS),
        refused={"connections": 1},
        ignored=by_pair(1),
        in_flight=by_name(1),
        last_used_at=by_name(at(0)),
        held=by_name(1),
        upstream=by_name(1),
        phases=by_name(Phase.AWAKE),
        wakes=by_pair(1),
        wake_seconds=by_pair(NO_ANSWERS),
        sleeps=by_pair(1),
        asleep_seconds=by_name(1.0),
        aws_calls={("ecs", "ListTasks", "ok"): 1},
    )
    kept = counts.keep({"blog"})

    for item in fields(Counts):
        before, after = getattr(counts, item.name), getattr(kept, item.name)
        is_by_service = isinstance(before, dict) and item.name not in {"refused", "aws_calls"}
        expected = {key: value for key, value in before.items() if "shop" not in str(key)} if is_by_service else before
        assert after == expected, item.name


def test_of_several_processes_one_that_lacks_the_ledger_is_enough() -> None:
    assert merge([Counts(), Counts(has_ledger=True)]).has_ledger
    assert not merge([Counts(), Counts(has_ledger=False)]).has_ledger
    assert Counts(has_ledger=False).past().has_ledger


def test_how_the_last_readings_went_is_told_of_all_processes() -> None:
    one = Counts(disabled=1, is_config_good=False, config_read_at=at(1), found_at=at(3))
    other = Counts(disabled=1, config_read_at=at(2))
    both = merge([one, other, Counts()])

    assert (both.disabled, both.is_config_good) == (2, False)
    assert (both.config_read_at, both.found_at) == (at(2), at(3))
