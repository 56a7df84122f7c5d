"""Statuses for people: a table, or one line for what changed."""

from collections.abc import Sequence
from datetime import datetime

from wakeproxy.cli.output import show_span
from wakeproxy.cli.statuses import Status
from wakeproxy.core.roster import Disabled

Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def tabulate(statuses: Sequence[Status], now: datetime, disabled: Sequence[Disabled] = ()) -> Table:
    """Make headings and rows; what only a front on this machine knows has columns of its own, if there is one."""
    is_known = any(status["ignored"] is not None for status in statuses)
    known = ("IN FLIGHT", "IGNORED") if is_known else ()
    headings = ("SERVICE", "PHASE", "TASKS", "LAST USED", "SLEEPS", *known, "NOTE")
    rows = [
        (
            *(status["service"], status["phase"], _tasks(status), _used(status, now), _sleeps(status)),
            *((_in_flight(status), _ignored(status)) if is_known else ()),
            _note(status),
        )
        for status in statuses
    ]
    blanks = ("",) * (len(headings) - 3)
    return headings, [*rows, *((one.name, "DISABLED", *blanks, " · ".join(one.reasons)) for one in disabled)]


def write_line(status: Status) -> str:
    """Write what there is to say of one service, without what moves by itself."""
    return "  ".join(filter(None, (status["service"], status["phase"], _tasks(status), _note(status))))


def _tasks(status: Status) -> str:
    return f"{status['running']}/{status['desired']}"


def _used(status: Status, now: datetime) -> str:
    if status["last_used_at"] is None:
        return "never seen"
    seconds = (now - datetime.fromisoformat(status["last_used_at"])).total_seconds()
    return f"{show_span(max(seconds, 0.0))} ago"


def _sleeps(status: Status) -> str:
    left = status["sleeps_in_seconds"]
    if left is None:
        return ""
    return f"in {show_span(left)}" if left >= 1 else "at the next sweep"


def _in_flight(status: Status) -> str:
    return "" if status["in_flight"] is None else str(status["in_flight"])


def _ignored(status: Status) -> str:
    counts = sorted((status["ignored"] or {}).items(), key=lambda one: -one[1])
    return ", ".join(f"{count} {rule}" for rule, count in counts)


def _note(status: Status) -> str:
    progress = f"{status['stage']}, {status['percent']} %" if status["phase"] == "WAKING" else None
    kept = status["kept_until"] if status["desired"] == 0 else None
    next_wake = f"its next wake lasts until {kept[:16].replace('T', ' ')} UTC" if kept else None
    told = (progress, status["stays_reason"], status["reason"], status["remedy"], next_wake)
    return " · ".join(filter(None, told))
