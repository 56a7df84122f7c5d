"""``wakeproxy keep-awake``: have a service stay awake for a while, or no longer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from wakeproxy.bootstrap import now, open_house
from wakeproxy.cli.options import as_json, run, with_settings
from wakeproxy.cli.output import print_json, say
from wakeproxy.core.service import Service
from wakeproxy.errors import UsageError
from wakeproxy.settings import Settings
from wakeproxy.settings.keeping import parse_instant, parse_span


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for; ``until`` is ``None`` to keep it awake no longer."""

    until: datetime | None
    wakes: bool


@click.command("keep-awake")
@click.argument("name")
@click.option("--for", "span", metavar="DURATION", help="From now on for so long, such as 2h.")
@click.option("--until", "instant", metavar="INSTANT", help="Until then, such as 2026-12-01T18:00+01:00.")
@click.option("--clear", is_flag=True, help="No longer than its use keeps it awake.")
@click.option("--wake", "wakes", is_flag=True, help="Wake it, too, if it sleeps.")
@as_json
@with_settings
def command(settings: Settings, name: str, *, wakes: bool, as_json: bool, **times: Any) -> None:
    """Have a service not be put to sleep before a certain time, whether it is used or not.

    Exactly one of --for, --until and --clear. A service that sleeps is not woken without --wake: its next wake lasts
    until then.
    """
    told = run(_keep(settings, name, _Wish(_choose(wakes=wakes, **times), wakes)))
    if as_json:
        print_json(told)


def _choose(*, span: str | None, instant: str | None, clear: bool, wakes: bool) -> datetime | None:
    """Say until when, as the options have it; ``None`` for --clear."""
    if (span is not None) + (instant is not None) + clear != 1:
        raise UsageError("Say exactly one of --for 2h, --until 2026-12-01T18:00+01:00 and --clear.")
    if clear and wakes:
        raise UsageError("--clear keeps nothing awake, so there is nothing to --wake; leave one of them out.")
    if span is not None:
        return parse_span(span, now())
    return None if instant is None else parse_instant(instant, now())


async def _keep(settings: Settings, name: str, wish: _Wish) -> dict[str, object]:
    async with open_house(settings) as house:
        service = house.find(name)
        kept = await house.claims.keep_awake(service.name, wish.until)
        seen = await house.claims.look(service)
        is_up = seen.desired > 0
        say(_words(service, wish, is_up=is_up))
        is_woken = not is_up and wish.wakes
        if is_woken:
            await house.claims.wake(service)
        elif is_up and wish.until is not None:
            await house.claims.hold_up(service, kept)
        return {
            "service": service.name,
            "kept_until": None if wish.until is None else wish.until.isoformat(),
            "asleep": not (is_up or is_woken),
            "woken": is_woken,
        }


def _words(service: Service, wish: _Wish, *, is_up: bool) -> str:
    if wish.until is None:
        return f"{service.name} is kept awake no longer than its use keeps it awake"
    told = f"{wish.until:%Y-%m-%d %H:%M %Z}"
    if is_up:
        return f"{service.name} stays awake until {told}"
    if wish.wakes:
        return f"{service.name} is being woken and will stay awake until {told}"
    return f"{service.name} sleeps; its next wake will last until {told}"
