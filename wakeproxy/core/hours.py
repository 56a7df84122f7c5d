"""Awake hours: windows of the week on the clock on somebody's wall, daylight saving included.

A window opens on each of its days at a wall-clock time and closes at another, on the next day where that is not later.
Where the clock is put back and a time exists twice, a window opens at its first and closes at its second; where the
clock is put forward over a time, both happen at the moment of the jump.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAY_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIDNIGHT: Final = 24 * 60
"""The end of a day, in minutes after its beginning."""

_WEEK = timedelta(days=7)
_DAYS_LOOKED_AT = range(-9, 10)
"""More than a week each way, wherever the zone is: hours without a break for a week have none at all."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window of the week."""

    days: frozenset[int]
    """On which it opens; Monday is 0."""
    opens: int
    """Minutes after midnight, below `MIDNIGHT`."""
    closes: int
    """Minutes after midnight, up to `MIDNIGHT`; on the next day where that is not after ``opens``."""
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"{_show_days(self.days)} {_show_time(self.opens)}-{_show_time(self.closes)} {self.zone.key}"


@dataclass(frozen=True, slots=True)
class Opening:
    """A time during which windows are open without a break."""

    opened_at: datetime | None
    """``None``: they always were."""
    closes_at: datetime | None
    """``None``: they always will be."""


def find_opening(windows: Sequence[Window], now: datetime) -> Opening | None:
    """Find the opening that goes on at ``now``; ``None`` while every window is closed."""
    for opened_at, closes_at in _merged(windows, now):
        if opened_at <= now < closes_at:
            is_endless = opened_at < now - _WEEK and closes_at > now + _WEEK
            return Opening(None, None) if is_endless else Opening(opened_at, closes_at)
    return None


def opens_next(windows: Sequence[Window], now: datetime) -> datetime | None:
    """Say when an opening next begins; ``None`` when none does within a week."""
    return next((opened_at for opened_at, _ in _merged(windows, now) if opened_at > now), None)


def _merged(windows: Sequence[Window], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the openings around ``now``, in order: windows that touch or overlap are one."""
    spans = sorted(span for window in windows for span in _spans(window, now))
    while spans:
        opened_at, closes_at = spans.pop(0)
        while spans and spans[0][0] <= closes_at:
            closes_at = max(closes_at, spans.pop(0)[1])
        yield opened_at, closes_at


def _spans(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when a window is open on the days around ``now``, leaving out what the clock jumps over."""
    today = now.astimezone(window.zone).date()
    length = window.closes - window.opens
    closes = window.closes if length > 0 else window.closes + MIDNIGHT
    for day in (today + timedelta(days=count) for count in _DAYS_LOOKED_AT):
        if day.weekday() in window.days:
            opened_at = _instant(day, window.opens, window.zone, is_last=False)
            closes_at = _instant(day, closes, window.zone, is_last=True)
            if opened_at < closes_at:
                yield opened_at, closes_at


def _instant(day: date, minutes: int, zone: ZoneInfo, *, is_last: bool) -> datetime:
    """Say when the clock of a zone shows a time, for the first or the last time."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late if is_last else early
    return _jump(late, early, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Find when, between two instants, the clock of a zone jumps forward."""
    offset = after.astimezone(zone).utcoffset()

    def has_jumped(seconds: int) -> bool:
        return (before + timedelta(seconds=seconds)).astimezone(zone).utcoffset() == offset

    span = range(int((after - before).total_seconds()))
    return before + timedelta(seconds=bisect_left(span, 1, key=has_jumped))


def _show_days(days: frozenset[int]) -> str:
    ordered = sorted(days)
    first, last = ordered[0], ordered[-1]
    if len(ordered) > 2 and last - first == len(ordered) - 1:  # noqa: PLR2004 - "Mon,Tue" reads better than "Mon-Tue"
        return f"{DAY_NAMES[first]}-{DAY_NAMES[last]}"
    return ",".join(DAY_NAMES[day] for day in ordered)


def _show_time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
