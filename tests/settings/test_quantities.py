"""Durations, sizes, rates and percentages are read in one way only, and shown as they are read."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeproxy.errors import UsageError
from wakeproxy.settings.quantities import (
    parse_duration,
    parse_percentage,
    parse_rate,
    parse_size,
    show_duration,
    show_percentage,
    show_rate,
    show_size,
)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=3650 * 86_400_000))
def test_a_duration_is_read_as_it_is_shown(milliseconds: int) -> None:
    span = timedelta(milliseconds=milliseconds)
    assert parse_duration(show_duration(span)) == span


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**50))
def test_a_size_is_read_as_it_is_shown(count: int) -> None:
    assert parse_size(show_size(count)) == count


@settings(deadline=None)
@given(st.text(alphabet="0123456789dhms.: -", max_size=30))
def test_text_is_one_duration_or_none(text: str) -> None:
    with suppress(UsageError):
        span = parse_duration(text)
        assert parse_duration(show_duration(span)) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("1h30m", timedelta(minutes=90)),
        ("1d2h3m4s5ms", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
        ("0s", timedelta(0)),
        ("90m", timedelta(hours=1, minutes=30)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_durations(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("15 minutes", '"15 minutes" is no duration; write it like 15m (units: ms, s, m, h, d).'),
        ("15", "15 has no unit; write it like 15m (units: ms, s, m, h, d)."),
        ("1:30", '"1:30" is a time of day to YAML, no duration; write it like 1h30m or 1m30s.'),
        ("", '"" is no duration; write it like 15m (units: ms, s, m, h, d).'),
        ("30m1h", '"30m1h" is no duration; write it like 15m (units: ms, s, m, h, d).'),
        ("-5s", '"-5s" is no duration; write it like 15m (units: ms, s, m, h, d).'),
        ("1.5h", '"1.5h" is no duration; write it like 15m (units: ms, s, m, h, d).'),
        ("3650d1ms", '"3650d1ms" is longer than ten years; write a shorter one.'),
        ("999999999999d", '"999999999999d" is longer than ten years; write a shorter one.'),
        ("٣s", '"٣s" is no duration; write it like 15m (units: ms, s, m, h, d).'),
    ],
)
def test_what_is_no_duration(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "count"), [("0B", 0), ("512B", 512), ("64KiB", 65_536), ("10MiB", 10_485_760), ("1GiB", 2**30)]
)
def test_sizes(text: str, count: int) -> None:
    assert parse_size(text) == count
    assert show_size(count) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("64KB", "is no size"),
        ("64", "has no unit"),
        ("KiB", "is no size"),
        ("-1B", "is no size"),
        ("1.5KiB", "no size"),
    ],
)
def test_what_is_no_size(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        parse_size(text)
    assert "64KiB" in str(caught.value)


def test_rates() -> None:
    assert parse_rate("10KiB/s") == 10_240
    assert show_rate(10_240) == "10KiB/s"


@pytest.mark.parametrize("text", ["10KiB", "10/s", "10KB/s", "10KiB/m", "/s"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(UsageError, match="is no rate; write it like 10KiB/s"):
        parse_rate(text)


@pytest.mark.parametrize(("text", "value", "shown"), [("20", 20, "20"), ("20%", 20, "20"), ("2.5 %", 2.5, "2.5")])
def test_percentages(text: str, value: float, shown: str) -> None:
    assert parse_percentage(text) == value
    assert show_percentage(value) == shown


@pytest.mark.parametrize("text", ["", "%", "a fifth", "-1", "1e1", ".5", "nan", "20 percent"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(UsageError, match="is no percentage; write it like 20 or"):
        parse_percentage(text)
