from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import IMAGE, NOW, a_wake, at
from wakeproxy.core.eta import UNKNOWN, Forecast, Progress, forecast, progress
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import PastWake

WAY = [stage for stage in Stage if stage is not Stage.ANSWERING]
Stages = tuple[tuple[Stage, datetime], ...]


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def expect(*spans: float, usual: float | None = None, longest: float | None = None) -> Forecast:
    return Forecast(
        {stage: seconds(span) for stage, span in zip(WAY, spans, strict=False)},
        None if usual is None else seconds(usual),
        None if longest is None else seconds(longest),
    )


TEN_EACH = expect(10, 10, 10, 10, 10, usual=50, longest=60)


# What past wakes teach.


def test_without_a_past_nothing_is_promised() -> None:
    assert forecast([], image=IMAGE) is UNKNOWN
    assert (UNKNOWN.usual, UNKNOWN.longest_usual) == (None, None)


def test_every_stage_is_expected_to_take_its_median() -> None:
    past = [a_wake(1, 10, 20, 2, 5), a_wake(2, 20, 30, 3, 6), a_wake(9, 90, 90, 9, 90)]

    expected = forecast(past, image=IMAGE)

    assert expected.spans == {stage: seconds(span) for stage, span in zip(WAY, (2, 20, 30, 3, 6), strict=True)}
    assert expected.usual == seconds(61)


def test_a_stage_that_was_skipped_took_no_time() -> None:
    assert forecast([a_wake(3)], image=IMAGE).spans == {
        Stage.REQUESTED: seconds(3),
        **dict.fromkeys(WAY[1:], timedelta()),
    }


def test_the_longest_usual_wake_is_a_quarter_above_the_usual_one() -> None:
    assert forecast([a_wake(40)], image=IMAGE).longest_usual == seconds(50)


def test_the_longest_usual_wake_is_the_ninth_of_ten_where_that_is_longer() -> None:
    past = [a_wake(took) for took in (10, 10, 10, 10, 10, 10, 10, 10, 10, 80, 90)]

    assert forecast(past, image=IMAGE).longest_usual == seconds(80)


def test_a_new_image_has_no_past() -> None:
    assert forecast([a_wake(10, image="shop:1")], image="shop:2") is UNKNOWN


def test_only_wakes_of_the_same_image_teach() -> None:
    past = [a_wake(10, image="shop:1"), a_wake(99, image="shop:2"), a_wake(20, image="shop:1")]

    assert forecast(past, image="shop:1").usual == seconds(15)


@pytest.mark.parametrize("image", [None, ""])
def test_until_the_image_is_known_the_last_ones_past_is_expected(image: str | None) -> None:
    past = [a_wake(10, image="shop:1"), a_wake(99, image="shop:2")]

    assert forecast(past, image=image).usual == seconds(99)
    assert forecast([], image=image) is UNKNOWN


def test_failed_and_unseen_wakes_teach_nothing() -> None:
    failed, unseen = a_wake(300, failure="No image."), PastWake(at(-60), at(-30), IMAGE)

    assert forecast([a_wake(10), failed, unseen], image=IMAGE).usual == seconds(10)
    assert forecast([failed, unseen], image=IMAGE) is UNKNOWN
    assert forecast([failed, unseen], image=None) is UNKNOWN


def test_only_the_last_twenty_wakes_teach() -> None:
    past = [a_wake(500)] * 11 + [a_wake(10)] * 10

    assert forecast(past, image=IMAGE).usual == seconds((500 + 10) / 2)


# How far a wake is.


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ((), Progress(0, seconds(50), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(0)),), Progress(0, seconds(50), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(-5)),), Progress(10, seconds(45), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(-10)),), Progress(20, seconds(40), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(-30)),), Progress(20, seconds(40), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(-60)),), Progress(20, seconds(40), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(-60.1)),), Progress(20, seconds(40), is_longer_than_usual=True)),
        (((Stage.REQUESTED, at(-8)), (Stage.PULLING, at(-4))), Progress(48, seconds(26), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(-9)), (Stage.RUNNING, at(-9))), Progress(98, seconds(1), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(-70)), (Stage.RUNNING, at(-20))), Progress(99, seconds(0), is_longer_than_usual=True)),
        (((Stage.REQUESTED, at(-90)), (Stage.ANSWERING, at(0))), Progress(100, seconds(0), is_longer_than_usual=False)),
        (((Stage.REQUESTED, at(5)),), Progress(0, seconds(50), is_longer_than_usual=False)),
    ],
)
def test_the_percentage_is_the_share_of_the_expected_time(stages: Stages, expected: Progress) -> None:
    assert progress(TEN_EACH, stages, NOW) == expected


def test_without_a_past_there_is_a_percentage_but_no_time_left() -> None:
    shown = progress(UNKNOWN, ((Stage.PROVISIONING, at(-600)),), NOW)

    assert 0 < shown.percent < 99
    assert shown.eta is None
    assert not shown.is_longer_than_usual
    assert progress(UNKNOWN, (), NOW).eta is None


def test_without_a_past_stages_begin_where_they_do_in_a_usual_fargate_start() -> None:
    begins = [progress(UNKNOWN, ((stage, NOW),), NOW).percent for stage in WAY]

    assert begins == [0, 5, 34, 77, 85]


@pytest.mark.parametrize("expected", [expect(), expect(0, 0, 0, 0, 0, usual=0, longest=0)])
def test_a_past_that_took_no_time_makes_no_percentage(expected: Forecast) -> None:
    assert progress(expected, ((Stage.RUNNING, at(-1)),), NOW).percent == 0


SPANS = st.floats(0, 600).map(seconds)
FORECASTS = st.just(UNKNOWN) | st.builds(
    Forecast, st.dictionaries(st.sampled_from(WAY), SPANS), st.none() | SPANS, st.none() | SPANS
)
PASSING = st.lists(st.tuples(SPANS, st.none() | st.sampled_from(WAY)), max_size=12)


@given(FORECASTS, PASSING, SPANS)
def test_as_time_passes_and_stages_advance_the_percentage_never_goes_back(
    expected: Forecast, passing: list[tuple[timedelta, Stage | None]], last: timedelta
) -> None:
    stages: Stages = ((Stage.REQUESTED, NOW),)
    now, shown = NOW, [0]
    for wait, stage in passing:
        now += wait
        if stage is not None and stage > stages[-1][0]:
            shown.append(progress(expected, stages, now).percent)
            stages = (*stages, (stage, now))
        shown.append(progress(expected, stages, now).percent)

    assert shown == sorted(shown)
    assert shown[-1] <= 99
    assert progress(expected, (*stages, (Stage.ANSWERING, now)), now + last).percent == 100


@given(FORECASTS, st.sampled_from(WAY), SPANS)
def test_the_time_left_is_never_negative(expected: Forecast, stage: Stage, elapsed: timedelta) -> None:
    left = progress(expected, ((stage, NOW),), NOW + elapsed).eta

    assert left is None or left >= timedelta()


@given(FORECASTS, st.sampled_from(WAY), SPANS, SPANS)
def test_within_a_stage_the_time_left_only_shrinks(
    expected: Forecast, stage: Stage, one: timedelta, more: timedelta
) -> None:
    earlier, later = (progress(expected, ((stage, NOW),), NOW + spent).eta for spent in (one, one + more))

    assert (earlier is None) == (later is None)
    assert earlier is None or later is None or later <= earlier


@given(st.lists(st.lists(st.floats(0, 600), min_size=1, max_size=5), min_size=1, max_size=30))
def test_what_is_usual_is_never_longer_than_what_is_still_usual(past: list[list[float]]) -> None:
    expected = forecast([a_wake(*spans) for spans in past], image=IMAGE)

    assert expected.usual is not None
    assert expected.longest_usual is not None
    assert expected.usual <= expected.longest_usual
