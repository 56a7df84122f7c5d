"""When schedules are due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from wakeproxy.sandbox.events.expression import parse_expression, zone_of

BERLIN = ZoneInfo("Europe/Berlin")


def due(expression: str, after: str, zone: ZoneInfo | None = None) -> str | None:
    moment = datetime.fromisoformat(after).replace(tzinfo=zone or UTC)
    found = parse_expression(expression, moment.tzinfo or UTC).next_after(moment)
    return None if found is None else f"{found:%Y-%m-%dT%H:%M:%S%z}".removesuffix("+0000")


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("rate(1 minute)", "2026-01-01T00:00:30", "2026-01-01T00:01:30"),
        ("rate(2 hours)", "2026-01-01T00:00:30", "2026-01-01T02:00:30"),
        ("rate(1 day)", "2026-01-01T00:00:30", "2026-01-02T00:00:30"),
        ("at(2026-01-01T08:00:00)", "2026-01-01T07:59:59", "2026-01-01T08:00:00"),
        ("at(2026-01-01T08:00:00)", "2026-01-01T08:00:00", None),
        ("cron(0 10 * * ? *)", "2026-01-01T10:00:00", "2026-01-02T10:00:00"),
        ("cron(0/15 8-9 ? * MON-FRI *)", "2026-01-02T09:45:00", "2026-01-05T08:00:00"),
        ("cron(5,35 14 * * ? *)", "2026-01-01T14:05:00", "2026-01-01T14:35:00"),
        ("cron(0 0 1 1/3 ? *)", "2026-01-02T00:00:00", "2026-04-01T00:00:00"),
        ("cron(0 18 ? * 1 *)", "2026-01-01T00:00:00", "2026-01-04T18:00:00"),
        ("cron(0 0 L * ? *)", "2028-02-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 L-2 * ? *)", "2026-01-01T00:00:00", "2026-01-29T00:00:00"),
        ("cron(0 0 3W * ? *)", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
        ("cron(0 0 1W * ? *)", "2026-07-31T00:00:00", "2026-08-03T00:00:00"),
        ("cron(0 0 LW * ? *)", "2026-01-31T00:00:00", "2026-02-27T00:00:00"),
        ("cron(0 0 31W * ? *)", "2026-05-01T00:00:00", "2026-05-29T00:00:00"),
        ("cron(0 0 ? * 3#2 *)", "2026-01-01T00:00:00", "2026-01-13T00:00:00"),
        ("cron(0 0 ? * FRIL *)", "2026-01-01T00:00:00", "2026-01-30T00:00:00"),
        ("cron(0 0 ? * L *)", "2026-01-01T00:00:00", "2026-01-03T00:00:00"),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 1 1 ? 2030-2031)", "2026-01-01T00:00:00", "2030-01-01T00:00:00"),
        ("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00:00", None),
        ("cron(0 0 30 2 ? *)", "2026-01-01T00:00:00", None),
    ],
)
def test_an_expression_is_due_next(expression: str, after: str, expected: str | None) -> None:
    assert due(expression, after) == expected


def test_a_cron_follows_its_zones_clock_and_a_rate_does_not() -> None:
    assert due("cron(0 8 * * ? *)", "2026-03-28T12:00:00", BERLIN) == "2026-03-29T08:00:00+0200"
    assert due("rate(1 day)", "2026-03-28T12:00:00", BERLIN) == "2026-03-29T13:00:00+0200"


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("every minute", "is no schedule expression"),
        ("rate(0 minutes)", "is no rate"),
        ("rate(1 minutes)", "is no rate"),
        ("rate(5 minute)", "is no rate"),
        ("cron(* * * * *)", "has 5 fields"),
        ("cron(0 0 * * * *)", "one of day-of-month and day-of-week"),
        ("cron(0 0 ? * ? *)", "one of day-of-month and day-of-week"),
        ("cron(60 0 * * ? *)", "'60' is no value of the field minutes, which takes 0 to 59"),
        ("cron(0 9-8 * * ? *)", "'9-8' is no value of the field hours"),
        ("cron(0 0 0W * ? *)", "'0W' is no value of the field day-of-month"),
        ("cron(0 0 ? * 8L *)", "'8L' is no value of the field day-of-week"),
        ("cron(0 0 ? * MON#6 *)", "'MON#6' is no value of the field day-of-week"),
        ("at(2026-13-01T00:00:00)", "month must be in 1..12"),
        ("cron(0 0 0 * ? *)", "'0' is no value of the field day-of-month"),
        ("cron(0 0 ? JANUARY MON *)", "'JANUARY' is no value of the field month"),
        ("cron(0/0 0 * * ? *)", "'0/0' is no value of the field minutes"),
        ("cron(0 0 ? * MONTAG *)", "'MONTAG' is no value of the field day-of-week"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(expression: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        parse_expression(expression, UTC)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="'Mars/Olympus' is no time zone"):
        zone_of("Mars/Olympus")
