"""The rolling update's next step, from counts alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.sandbox.fargate.rolling import Bounds, Crew, Step, plan_step, read_bounds

NOBODY = Crew(0, 0)
counts = st.integers(0, 20)
crews = st.builds(Crew, counts, counts)


@pytest.mark.parametrize(
    ("desired", "low", "high", "bounds"),
    [(1, 100, 200, (1, 2)), (3, 50, 150, (2, 4)), (1, 0, 100, (0, 1)), (0, 100, 200, (0, 0)), (4, 75, 125, (3, 5))],
)
def test_percents_are_rounded_as_aws_rounds_them(desired: int, low: int, high: int, bounds: Any) -> None:
    found = read_bounds(desired, {"minimumHealthyPercent": low, "maximumPercent": high})
    assert found == Bounds(*bounds)


@pytest.mark.parametrize(
    ("desired", "bounds", "new", "old", "step"),
    [
        (1, (1, 2), NOBODY, NOBODY, (1, 0, 0, False)),  # a wake
        (0, (0, 0), Crew(1, 0), NOBODY, (0, 1, 0, False)),  # asleep
        (1, (1, 2), NOBODY, Crew(1, 0), (1, 0, 0, False)),  # a deployment begins beside the old task
        (1, (1, 2), Crew(0, 1), Crew(1, 0), (0, 0, 0, False)),  # which is kept until the new one is ready
        (1, (1, 2), Crew(1, 0), Crew(1, 0), (0, 0, 1, False)),
        (1, (0, 1), NOBODY, Crew(1, 0), (1, 0, 1, False)),  # no room beside it: the old one goes first
        (1, (1, 1), NOBODY, Crew(1, 0), (0, 0, 0, True)),  # no room and not to be missed
        (2, (1, 2), NOBODY, Crew(2, 0), (1, 0, 1, False)),
        (2, (2, 4), NOBODY, Crew(0, 2), (2, 0, 2, False)),  # old tasks that never became ready are not missed
    ],
)
def test_the_next_step(desired: int, bounds: Any, new: Crew, old: Crew, step: Any) -> None:
    assert plan_step(desired, Bounds(*bounds), new, old) == Step(*step)


@given(st.integers(0, 10), st.integers(0, 100), st.integers(100, 200), crews, crews)
def test_no_step_leaves_the_bounds(desired: int, low: int, high: int, new: Crew, old: Crew) -> None:
    bounds = read_bounds(desired, {"minimumHealthyPercent": low, "maximumPercent": high})
    step = plan_step(desired, bounds, new, old)
    live = new.live + old.live - step.stop_new - step.stop_old
    assert step.start == 0 or live + step.start <= max(bounds.highest, live)
    assert new.live - step.stop_new + step.start <= max(desired, new.live - step.stop_new)
    ready_old_left = min(old.ready, old.live - step.stop_old)
    assert new.ready + ready_old_left >= min(bounds.lowest, new.ready + old.ready)


@given(st.integers(0, 10), st.integers(0, 99), st.integers(100, 200), st.integers(0, 10))
def test_every_deployment_ends_or_says_that_it_is_stuck(desired: int, low: int, high: int, old: int) -> None:
    bounds = read_bounds(desired, {"minimumHealthyPercent": low, "maximumPercent": high})
    new, rest = NOBODY, Crew(old, 0)
    step = plan_step(desired, bounds, new, rest)
    for _ in range(50):
        rest = Crew(rest.live - step.stop_old, 0)
        new = Crew(new.live - step.stop_new + step.start, 0)
        step = plan_step(desired, bounds, new, rest)
    assert step.is_stuck or (new.live, rest.live) == (desired, 0)
