"""AWS's cron expressions: six fields, `?`, `L`, `W` and `#`, days of the week from 1 for Sunday. Pure.

No library reads this dialect whole (AWS: EventBridge, "Setting a schedule pattern"; EventBridge Scheduler, "Schedule
types").
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_LAST_YEAR = 2199
_SATURDAY = 7
_SPECIAL_DAY = re.compile(r"L(-([12]?\d|30))?|LW|([1-9]|[12]\d|3[01])W")
_SPECIAL_WEEKDAY = re.compile(rf"([1-7]|{'|'.join(_DAYS)})(L|#[1-5])|L")


@dataclass(frozen=True, slots=True)
class Cron:
    """Fields as the values they hold; the two that know special days keep these as they were written."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    special_day: str
    months: frozenset[int]
    weekdays: frozenset[int]
    special_weekday: str
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Read what stands between the parentheses of `cron(...)`.

        Raises:
            ValueError: it is no such expression; names the field.

        """
        fields = text.upper().split()
        if len(fields) != 6:  # noqa: PLR2004 - see above
            raise ValueError(f"cron({text}) has {len(fields)} fields; six are wanted, such as cron(0 8 ? * MON-FRI *).")
        minutes, hours, days, months, weekdays, years = fields
        if (days == "?") == (weekdays == "?"):
            raise ValueError(f"cron({text}): one of day-of-month and day-of-week is `?`, and not both.")
        special_day = days if _SPECIAL_DAY.fullmatch(days) else ""
        special_weekday = weekdays if _SPECIAL_WEEKDAY.fullmatch(weekdays) else ""
        return cls(
            minutes=_values("minutes", minutes, 0, 59),
            hours=_values("hours", hours, 0, 23),
            days=frozenset() if special_day else _values("day-of-month", days, 1, 31),
            special_day=special_day,
            months=_values("month", months, 1, 12, _MONTHS),
            weekdays=frozenset() if special_weekday else _values("day-of-week", weekdays, 1, 7, _DAYS),
            special_weekday=special_weekday,
            years=_values("year", years, 1970, _LAST_YEAR),
        )

    def next_after(self, moment: datetime) -> datetime | None:
        """Find the first instant after `moment`, in its time zone; `None` when none is left."""
        day = moment.date()
        while day.year <= _LAST_YEAR:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif self._takes(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        found = datetime.combine(day, time(hour, minute), moment.tzinfo)
                        if found > moment:
                            return found
                day += timedelta(days=1)
            else:
                day += timedelta(days=1)
        return None

    def _takes(self, day: date) -> bool:
        return day.month in self.months and self._takes_day(day) and self._takes_weekday(day)

    def _takes_day(self, day: date) -> bool:
        if not self.special_day:
            return day.day in self.days
        last = calendar.monthrange(day.year, day.month)[1]
        if self.special_day == "LW":
            return day.day == _workday_near(day, last)
        if self.special_day.endswith("W"):
            return day.day == _workday_near(day, min(int(self.special_day[:-1]), last))
        return day.day == last - int(self.special_day[2:] or 0)

    def _takes_weekday(self, day: date) -> bool:
        weekday = day.isoweekday() % 7 + 1
        if not self.special_weekday:
            return weekday in self.weekdays
        if self.special_weekday == "L":
            return weekday == _SATURDAY
        name, mark, which = re.split(r"([L#])", self.special_weekday, maxsplit=1)
        if weekday != _number(name, _DAYS):
            return False
        if mark == "#":
            return (day.day - 1) // 7 + 1 == int(which)
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]


def _workday_near(day: date, wanted: int) -> int:
    """Find the Monday to Friday nearest to a day, within its month."""
    last = calendar.monthrange(day.year, day.month)[1]
    match date(day.year, day.month, wanted).isoweekday():
        case 6:
            return wanted - 1 if wanted > 1 else wanted + 2
        case 7:
            return wanted + 1 if wanted < last else wanted - 2
        case _:
            return wanted


def _values(name: str, text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        try:
            first, last = _span(span, low, high, names or {})
            if slash:
                last = high if "-" not in span else last
            found.update(range(first, last + 1, int(step) if slash else 1))
        except ValueError as error:
            raise ValueError(f"{part!r} is no value of the field {name}, which takes {low} to {high}.") from error
        if not low <= first <= last <= high:
            raise ValueError(f"{part!r} is no value of the field {name}, which takes {low} to {high}.")
    return frozenset(found)


def _span(text: str, low: int, high: int, names: dict[str, int]) -> tuple[int, int]:
    if text in {"*", "?"}:
        return low, high
    first, dash, last = text.partition("-")
    return _number(first, names), _number(last if dash else first, names)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text] if text in names else int(text)
