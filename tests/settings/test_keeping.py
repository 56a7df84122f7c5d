"""Until when a service shall be kept awake: read exactly, or refused with the remedy."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from wakeproxy.errors import UsageError
from wakeproxy.settings.keeping import parse_instant, parse_span

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"), [("2h", 2), ("90m", 1.5), ("7d", 168), ("366d", 8784), ("1h30m", 1.5), ("1ms", 1 / 3_600_000)]
)
def test_a_span_counts_from_now(text: str, hours: float) -> None:
    assert parse_span(text, NOW) == NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    ["2026-12-01T18:00+01:00", "2026-12-01T17:00Z", "2026-12-01 18:00:00+01:00", " 2026-12-01T12:00-05:00 "],
)
def test_an_instant_is_read_with_its_offset(text: str) -> None:
    assert parse_instant(text, NOW) == datetime(2026, 12, 1, 17, tzinfo=UTC)


def test_an_instant_keeps_its_offset_to_be_shown_as_it_was_said() -> None:
    assert parse_instant("2026-12-01T18:00+01:00", NOW).tzinfo == timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2", '"2" is no duration|2 has no unit; write it like 15m'),
        ("two hours", 'two hours" is no duration'),
        ("-2h", '"-2h" is no duration'),
        ("0s", '"0s" is no time at all; write it like 2h.'),
        ("367d", '"367d" is more than 366 days ahead; choose less'),
    ],
)
def test_what_is_no_span_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_span(text, NOW)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tomorrow", r'"tomorrow" is no instant; write it like 2026-11-22T18:00\+01:00\.'),
        ("", "is no instant"),
        ("2026-13-01T18:00+01:00", "is no instant"),
        ("2026-12-01T18:00", r'"2026-12-01T18:00" has no offset, .* 2026-11-22T18:00\+01:00, or with Z for UTC\.'),
        ("2026-12-01", "has no offset"),
        ("2026-11-21T12:00Z", "is past; choose an instant to come"),
        ("2026-11-21T12:30+01:00", "is past"),
        ("2027-11-22T12:01Z", "is more than 366 days ahead"),
        ("9999-12-31T23:59:59Z", "is more than 366 days ahead"),
    ],
)
def test_what_is_no_instant_to_come_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_instant(text, NOW)
