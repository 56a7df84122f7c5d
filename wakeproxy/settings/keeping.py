"""Until when a service shall be kept awake, as people and programs say it: for a span, or until an instant."""

from datetime import datetime, timedelta
from typing import Final

from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote
from wakeproxy.settings.quantities import parse_duration

MOST_DAYS: Final = 366


def parse_span(text: str, now: datetime) -> datetime:
    """Read how long from ``now`` on: ``30m``, ``2h``, ``7d``.

    Raises:
        UsageError: it is no duration, nothing at all, or too long.
    """
    span = parse_duration(text)
    if not span:
        raise UsageError(f"{quote(text)} is no time at all; write it like 2h.")
    return _bound(now + span, text, now)


def parse_instant(text: str, now: datetime) -> datetime:
    """Read an instant with its offset, in ISO 8601: ``2026-12-01T18:00+01:00``.

    Raises:
        UsageError: it is no instant, has no offset, is past, or too far ahead.
    """
    try:
        until = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{quote(text)} is no instant; write it like {_example(now)}.") from None
    if until.tzinfo is None:
        raise UsageError(
            f"{quote(text)} has no offset, and clocks differ; write it like {_example(now)}, or with Z for UTC."
        )
    if until <= now:
        raise UsageError(f"{quote(text)} is past; choose an instant to come.")
    return _bound(until, text, now)


def _bound(until: datetime, text: str, now: datetime) -> datetime:
    if until > now + timedelta(days=MOST_DAYS):
        raise UsageError(f"{quote(text)} is more than {MOST_DAYS} days ahead; choose less, and renew it in time.")
    return until


def _example(now: datetime) -> str:
    return f"{now + timedelta(days=1):%Y-%m-%dT18:00}+01:00"
