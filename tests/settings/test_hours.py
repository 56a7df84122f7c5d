"""Awake hours are read in one way only, and whoever means a zone that is none is told which is."""

from contextlib import suppress
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeproxy.core.hours import Window
from wakeproxy.errors import UsageError
from wakeproxy.settings.hours import parse_window

NO_ZONE = '"daily 08:00-18:00" names no time zone; write them like Mon-Fri 08:00-18:00 Europe/Berlin, or end with UTC.'
ZONES = sorted(available_timezones())
WINDOWS = st.builds(
    Window,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    opens=st.integers(0, 719),
    closes=st.integers(720, 1440),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)


@settings(deadline=None)
@given(WINDOWS)
def test_awake_hours_are_read_as_they_are_shown(window: Window) -> None:
    assert parse_window(str(window)) == window


@settings(deadline=None)
@given(st.text(alphabet="MonTueSaday-,+0123456789:/ UTC", max_size=40))
def test_text_is_awake_hours_or_is_refused(text: str) -> None:
    with suppress(UsageError):
        assert parse_window(str(parse_window(text))) == parse_window(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mon-Fri 08:00-18:00 Europe/Berlin", "Mon-Fri 08:00-18:00 Europe/Berlin"),
        ("mon-FRI 8:00 - 18:00 UTC", "Mon-Fri 08:00-18:00 UTC"),
        ("daily 00:00-24:00 Asia/Tokyo", "Mon-Sun 00:00-24:00 Asia/Tokyo"),
        ("Mon,Wed 22:00-06:00 UTC", "Mon,Wed 22:00-06:00 UTC"),
        ("Sat+Sun 10:00-12:00 UTC", "Sat,Sun 10:00-12:00 UTC"),
        ("Fri-Mon 10:00-12:00 UTC", "Mon,Fri,Sat,Sun 10:00-12:00 UTC"),
        ("Tue-Tue 10:00-12:00 UTC", "Tue 10:00-12:00 UTC"),
        ("Mon-Tue,Sun 22:00-00:00 UTC", "Mon,Tue,Sun 22:00-00:00 UTC"),
    ],
)
def test_awake_hours(text: str, shown: str) -> None:
    assert str(parse_window(text)) == shown


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("8 to 18", '"8 to 18" are no awake hours; write them like Mon-Fri 08:00-18:00 Europe/Berlin.'),
        (
            "daily 08:00-18:00",
            NO_ZONE,
        ),
        (
            "Mo-Fr 08:00-18:00 UTC",
            '"Mo" is no day; write daily, or days like Mon-Fri (Mon, Tue, Wed, Thu, Fri, Sat, Sun).',
        ),
        ("daily 08:00-25:00 UTC", '"25:00" is no time of day; they go from 00:00 to 24:00.'),
        ("daily 08:60-18:00 UTC", '"08:60" is no time of day; they go from 00:00 to 24:00.'),
        ("daily 24:00-06:00 UTC", '"daily 24:00-06:00 UTC" begins at the end of a day; write 00:00.'),
        (
            "daily 08:00-08:00 UTC",
            '"daily 08:00-08:00 UTC" ends when it begins; write 00:00-24:00 for the whole day.',
        ),
        ("daily 08:00-18:00 Europe/Berlni", '"Europe/Berlni" is no time zone; did you mean Europe/Berlin?'),
        ("daily 08:00-18:00 europe/berlin", '"europe/berlin" is no time zone; did you mean Europe/Berlin?'),
        ("daily 08:00-18:00 Berlin", '"Berlin" is no time zone; did you mean Europe/Berlin?'),
        ("daily 08:00-18:00 new_york", '"new_york" is no time zone; did you mean America/New_York?'),
        (
            "daily 08:00-18:00 +01:00",
            '"+01:00" is no time zone; name one of the tz database, like Europe/Berlin or UTC.',
        ),
        (
            "daily 08:00-18:00 ../../passwd",
            '"../../passwd" is no time zone; name one of the tz database, like Europe/Berlin or UTC.',
        ),
    ],
)
def test_what_are_no_awake_hours(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_window(text)
    assert str(caught.value) == sentence


def test_a_folder_of_zones_is_no_zone() -> None:
    with pytest.raises(UsageError, match="no time zone"):
        parse_window("daily 08:00-18:00 America")
