"""Awake hours as configuration writes them: ``Mon-Fri 08:00-18:00 Europe/Berlin``.

Zones are those of the tz database; only what is no zone makes the whole of it be read, to suggest the one that was
meant.
"""

import re
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from wakeproxy.core.hours import DAY_NAMES, MIDNIGHT, Window
from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote

_WINDOW = re.compile(r"(\S+) +([0-9]{1,2}):([0-9]{2}) ?- ?([0-9]{1,2}):([0-9]{2})(?: +(\S+))?", re.ASCII)
_MINUTES = 60
_EVERY_DAY = frozenset(range(len(DAY_NAMES)))
_EXAMPLE = "write them like Mon-Fri 08:00-18:00 Europe/Berlin"


def parse_window(text: str) -> Window:
    """Read days, a span of the day and a time zone.

    Days are ``daily``, ``Mon-Fri``, ``Sat,Sun`` or, for tags, whose values may hold no comma, ``Sat+Sun``. A span whose
    end is not after its beginning ends on the next day; ``24:00`` is the end of the day.
    """
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{quote(text)} are no awake hours; {_EXAMPLE}.")
    days, *clock, zone = match.groups()
    if zone is None:
        raise UsageError(f"{quote(text)} names no time zone; {_EXAMPLE}, or end with UTC.")
    opens, closes = _parse_time(*clock[:2]), _parse_time(*clock[2:])
    if opens == MIDNIGHT:
        raise UsageError(f"{quote(text)} begins at the end of a day; write 00:00.")
    if opens == closes:
        raise UsageError(f"{quote(text)} ends when it begins; write 00:00-24:00 for the whole day.")
    return Window(_parse_days(days), opens, closes, _parse_zone(zone))


def _parse_time(hours: str, minutes: str) -> int:
    found = int(hours) * _MINUTES + int(minutes)
    if int(minutes) >= _MINUTES or found > MIDNIGHT:
        raise UsageError(f'"{hours}:{minutes}" is no time of day; they go from 00:00 to 24:00.')
    return found


def _parse_days(text: str) -> frozenset[int]:
    if text.lower() == "daily":
        return _EVERY_DAY
    return frozenset(day for part in re.split("[,+]", text) for day in _parse_span_of_days(part))


def _parse_span_of_days(text: str) -> list[int]:
    """Read one day or a span of days, which may go over the week's end."""
    first, dash, last = text.partition("-")
    begin, end = _parse_day(first), _parse_day(last if dash else first)
    return [day % len(DAY_NAMES) for day in range(begin, end + (1 if begin <= end else 1 + len(DAY_NAMES)))]


def _parse_day(text: str) -> int:
    if text.title() not in DAY_NAMES:
        raise UsageError(f"{quote(text)} is no day; write daily, or days like Mon-Fri ({', '.join(DAY_NAMES)}).")
    return DAY_NAMES.index(text.title())


def _parse_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # the last for a folder of zones, such as "Europe"
        pass
    zones = available_timezones()
    close = _nearest(name, zones)
    remedy = f"did you mean {close}?" if close else "name one of the tz database, like Europe/Berlin or UTC."
    raise UsageError(f"{quote(name)} is no time zone; {remedy}")


def _nearest(name: str, zones: set[str]) -> str | None:
    """Find the zone that was meant, whether or not its area was written."""
    by_name = {zone.lower(): zone for zone in sorted(zones)}
    by_city = {zone.lower().rpartition("/")[2]: zone for zone in sorted(zones, reverse=True)}
    known = by_city | by_name
    close = get_close_matches(name.lower().replace(" ", "_"), known, n=1, cutoff=0.82)
    return known[close[0]] if close else None
