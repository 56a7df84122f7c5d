"""Awake hours on the clock on the wall, also in the nights when it is put forward or back."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeproxy.core.hours import MIDNIGHT, Opening, Window, find_opening, opens_next

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
WORKDAYS, ALL_DAYS = frozenset(range(5)), frozenset(range(7))


def a_window(opens: str, closes: str, *, days: frozenset[int] = ALL_DAYS, zone: ZoneInfo = BERLIN) -> Window:
    return Window(days, minutes(opens), minutes(closes), zone)


def minutes(clock: str) -> int:
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def wall(text: str, zone: ZoneInfo = BERLIN, *, fold: int = 0) -> datetime:
    """When the clock on the wall shows a time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def is_open(window: Window, now: datetime) -> bool:
    return find_opening([window], now) is not None


WORK = a_window("08:00", "18:00", days=WORKDAYS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20 07:59", False),  # a Friday
        ("2026-11-20 08:00", True),
        ("2026-11-20 17:59", True),
        ("2026-11-20 18:00", False),
        ("2026-11-21 12:00", False),
        ("2026-11-23 12:00", True),
    ],
)
def test_a_window_is_open_from_its_opening_to_its_closing(text: str, *, expected: bool) -> None:
    assert is_open(WORK, wall(text)) is expected


def test_an_opening_tells_when_it_began_and_when_it_ends() -> None:
    opening = find_opening([WORK], wall("2026-11-20 12:00"))

    assert opening == Opening(wall("2026-11-20 08:00"), wall("2026-11-20 18:00"))


def test_the_next_opening_is_told_while_closed_and_while_open() -> None:
    assert opens_next([WORK], wall("2026-11-20 07:00")) == wall("2026-11-20 08:00")
    assert opens_next([WORK], wall("2026-11-20 12:00")) == wall("2026-11-23 08:00")
    assert opens_next([WORK], wall("2026-11-21 12:00")) == wall("2026-11-23 08:00")


def test_without_windows_nothing_is_open_nor_will_be() -> None:
    assert find_opening([], wall("2026-11-20 12:00")) is None
    assert opens_next([], wall("2026-11-20 12:00")) is None


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    night = a_window("22:00", "06:00", days=frozenset({2}))  # Wednesdays

    assert find_opening([night], wall("2026-11-19 05:59")) == Opening(
        wall("2026-11-18 22:00"), wall("2026-11-19 06:00")
    )
    assert not is_open(night, wall("2026-11-18 05:59"))


def test_a_whole_day_ends_at_midnight() -> None:
    sunday = a_window("00:00", "24:00", days=frozenset({6}))

    assert find_opening([sunday], wall("2026-11-22 23:59")) == Opening(
        wall("2026-11-22 00:00"), wall("2026-11-23 00:00")
    )


def test_windows_that_touch_or_overlap_are_one_opening() -> None:
    early, late = a_window("08:00", "12:00"), a_window("12:00", "14:00")
    within = a_window("09:00", "10:00")

    assert find_opening([late, within, early], wall("2026-11-20 09:30")) == Opening(
        wall("2026-11-20 08:00"), wall("2026-11-20 14:00")
    )


def test_windows_of_two_zones_are_open_together() -> None:
    tokyo = a_window("09:00", "18:00", zone=ZoneInfo("Asia/Tokyo"))  # 01:00 to 10:00 in Berlin, in winter

    assert find_opening([WORK, tokyo], wall("2026-11-20 09:00")) == Opening(
        wall("2026-11-20 01:00"), wall("2026-11-20 18:00")
    )


def test_hours_that_never_end_neither_begin_nor_end() -> None:
    always = a_window("00:00", "24:00")

    assert find_opening([always], wall("2026-11-20 12:00")) == Opening(None, None)
    assert opens_next([always], wall("2026-11-20 12:00")) is None


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (a_window("08:00", "18:00", days=WORKDAYS), "Mon-Fri 08:00-18:00 Europe/Berlin"),
        (a_window("22:00", "06:30", days=frozenset({0, 2}), zone=ZoneInfo("UTC")), "Mon,Wed 22:00-06:30 UTC"),
        (a_window("00:00", "24:00"), "Mon-Sun 00:00-24:00 Europe/Berlin"),
        (a_window("00:00", "24:00", days=frozenset({5, 6})), "Sat,Sun 00:00-24:00 Europe/Berlin"),
        (a_window("09:00", "10:00", days=frozenset({6})), "Sun 09:00-10:00 Europe/Berlin"),
    ],
)
def test_a_window_prints_as_it_is_written(window: Window, text: str) -> None:
    assert str(window) == text


# In Berlin the clock is put forward on 2026-03-29 from 02:00 to 03:00, and back on 2026-10-25 from 03:00 to 02:00.


def test_a_time_that_does_not_exist_opens_when_the_clock_jumps_over_it() -> None:
    window = a_window("02:30", "06:00")

    assert find_opening([window], wall("2026-03-29 03:00")) == Opening(
        wall("2026-03-29 03:00"), wall("2026-03-29 06:00")
    )
    assert not is_open(window, wall("2026-03-29 01:59"))


def test_a_time_that_does_not_exist_closes_when_the_clock_jumps_over_it() -> None:
    window = a_window("01:00", "02:30")

    assert find_opening([window], wall("2026-03-29 01:59")) == Opening(
        wall("2026-03-29 01:00"), wall("2026-03-29 03:00")
    )


def test_a_window_that_the_clock_jumps_over_does_not_open() -> None:
    window = a_window("02:10", "02:50")

    assert opens_next([window], wall("2026-03-29 00:00")) == wall("2026-03-30 02:10")


def test_of_a_time_that_exists_twice_the_first_opens_and_the_second_closes() -> None:
    assert find_opening([a_window("02:30", "06:00")], wall("2026-10-25 02:30")) == Opening(
        wall("2026-10-25 02:30", fold=0), wall("2026-10-25 06:00")
    )
    assert find_opening([a_window("01:00", "02:30")], wall("2026-10-25 02:29", fold=1)) == Opening(
        wall("2026-10-25 01:00"), wall("2026-10-25 02:30", fold=1)
    )


@pytest.mark.parametrize(("night", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-11-20", 8)])
def test_a_night_over_the_change_is_an_hour_shorter_or_longer(night: str, hours: int) -> None:
    opening = find_opening([a_window("22:00", "06:00")], wall(f"{night} 23:00"))

    assert opening is not None
    assert opening.opened_at is not None
    assert opening.closes_at is not None
    assert opening.closes_at - opening.opened_at == timedelta(hours=hours)


# Against the clock on the wall itself, looked at every minute.

ZONES = {
    "Europe/Berlin": "2026-03-29",
    "America/New_York": "2026-11-01",
    "Australia/Lord_Howe": "2026-04-05",  # half an hour
    "Africa/Cairo": "2026-04-24",  # over midnight
    "America/Santiago": "2026-04-05",  # back over midnight
    "Pacific/Apia": "2011-12-30",  # a day that there was not
    "Asia/Kathmandu": "2026-01-01",
}


@cache
def clock_around(zone: str) -> tuple[list[datetime], list[datetime]]:
    """Every minute of the days around a zone's change, and what the clock on the wall shows at each."""
    change = datetime.fromisoformat(ZONES[zone]).replace(tzinfo=UTC)
    every = [change + MINUTE * count for count in range(-7 * MIDNIGHT, 7 * MIDNIGHT)]
    return every, [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in every]


def open_minutes(window: Window) -> set[datetime]:
    """Every minute at which a window is open in these days."""
    every, shown = clock_around(window.zone.key)
    found: set[datetime] = set()
    for day in (shown[MIDNIGHT].date() + timedelta(days=count) for count in range(11)):
        if day.weekday() in window.days:
            midnight = datetime.combine(day, time())
            opens, closes = (midnight + MINUTE * at for at in (window.opens, window.closes))
            if closes <= opens:
                closes += timedelta(days=1)
            first = next(index for index, wall_time in enumerate(shown) if wall_time >= opens)
            exact = [index for index, wall_time in enumerate(shown) if wall_time == closes]
            last = exact[-1] if exact else next(index for index, at in enumerate(shown) if at > closes)
            found.update(every[first:last])
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[Window, datetime]:
    name = draw(st.sampled_from(sorted(ZONES)))
    change = datetime.fromisoformat(ZONES[name]).replace(tzinfo=UTC)
    now = change + MINUTE * draw(st.integers(-2 * MIDNIGHT, 2 * MIDNIGHT))
    near_the_jump = st.integers(0, 18).map(lambda count: count * 15)
    opens = draw(near_the_jump | st.integers(0, MIDNIGHT - 1))
    closes = draw((near_the_jump | st.integers(1, MIDNIGHT)).filter(lambda at: at not in {0, opens}))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Window(days, opens, closes, ZoneInfo(name)), now


@settings(max_examples=150)
@given(cases())
def test_a_window_is_open_when_the_clock_on_the_wall_says_so(case: tuple[Window, datetime]) -> None:
    window, now = case
    truly = open_minutes(window)

    for at in (now, now + timedelta(hours=1), now + timedelta(days=1), now + timedelta(seconds=59)):
        assert is_open(window, at) is (at.replace(second=0) in truly), at


@settings(max_examples=100)
@given(cases())
def test_an_opening_begins_and_ends_when_the_clock_on_the_wall_says_so(case: tuple[Window, datetime]) -> None:
    window, now = case
    truly = open_minutes(window)
    nearby = [now + MINUTE * count for count in range(-MIDNIGHT, MIDNIGHT)]
    begins = {late for early, late in pairwise(nearby) if late in truly and early not in truly}
    ends = {late for early, late in pairwise(nearby) if early in truly and late not in truly}

    opening = find_opening([window], now)
    if opening is not None:
        assert max((at for at in begins if at <= now), default=None) in {opening.opened_at, None}
        assert min((at for at in ends if at > now), default=None) in {opening.closes_at, None}
    assert min((at for at in begins if at > now), default=None) in {opens_next([window], now), None}
