"""Schedule expressions: `rate(5 minutes)`, `cron(...)`, `at(2026-12-01T08:00:00)`, and when they are due. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wakeproxy.sandbox.events.cron import Cron

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON = re.compile(r"cron\((.+)\)")


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often."""

    every: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        """One span later, whatever the zone's clocks do in between."""
        return (moment.astimezone(UTC) + self.every).astimezone(moment.tzinfo)


@dataclass(frozen=True, slots=True)
class At:
    """Once."""

    at: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """The instant, while it lies ahead."""
        return self.at if self.at.timestamp() > moment.timestamp() else None


Expression = Rate | At | Cron


def zone_of(name: str) -> tzinfo:
    """Find a time zone.

    Raises:
        ValueError: there is none of this name.

    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone, such as Europe/Berlin.") from error


def parse_expression(text: str, zone: tzinfo) -> Expression:
    """Read an expression; `zone` is the one in which an `at` is written.

    Raises:
        ValueError: it is none; says what is wanted.

    """
    if found := _RATE.fullmatch(text):
        every = timedelta(**{f"{found[2]}s": int(found[1])})
        if not every or (int(found[1]) == 1) == bool(found[3]):
            raise ValueError(f"{text} is no rate, as rate(1 minute) and rate(5 minutes) are.")
        return Rate(every)
    if found := _AT.fullmatch(text):
        return At(datetime.fromisoformat(found[1]).replace(tzinfo=zone))
    if found := _CRON.fullmatch(text):
        return Cron.parse(found[1])
    raise ValueError(f"{text!r} is no schedule expression; rate(...), cron(...) and at(...) are.")
