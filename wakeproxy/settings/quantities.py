"""Durations, sizes, rates and percentages, as text and as values.

Whole numbers with units, but for percentages, so that everything written has exactly one reading and can be shown
again as written.
"""

import re
from datetime import timedelta

from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote

_MILLISECONDS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,12}}){unit})?" for unit in _MILLISECONDS), re.ASCII)
_LONGEST = timedelta(days=3650)  # far below what timedelta and datetime arithmetic can hold

_BYTES = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}
_SIZE = re.compile(rf"([0-9]{{1,18}})({'|'.join(_BYTES)})", re.ASCII)
_RATE = "/s"
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?) ?%?", re.ASCII)
_NUMBER = re.compile(r"[0-9][0-9_.]*", re.ASCII)
_CLOCK = re.compile(r"[0-9]+(?::[0-9]+)+", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read ``250ms``, ``30s``, ``15m``, ``2h``, ``7d`` or several, largest first: ``1h30m``."""
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise UsageError(_no_duration(text))
    parts = match.groupdict(default="0")
    milliseconds = sum(int(parts[unit]) * length for unit, length in _MILLISECONDS.items())
    if milliseconds > _LONGEST // timedelta(milliseconds=1):
        raise UsageError(f"{quote(text)} is longer than ten years; write a shorter one.")
    return timedelta(milliseconds=milliseconds)


def show_duration(span: timedelta) -> str:
    """Write a duration so that `parse_duration` reads the same, to the millisecond."""
    rest = span // timedelta(milliseconds=1)
    shown = ""
    for unit, length in _MILLISECONDS.items():
        count, rest = divmod(rest, length)
        shown += f"{count}{unit}" if count else ""
    return shown or "0s"


def _no_duration(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return f"{text[:20]} has no unit; write it like 15m (units: ms, s, m, h, d)."
    if _CLOCK.fullmatch(text):
        return f"{quote(text)} is a time of day to YAML, no duration; write it like 1h30m or 1m30s."
    return f"{quote(text)} is no duration; write it like 15m (units: ms, s, m, h, d)."


def parse_size(text: str) -> int:
    """Read ``512B``, ``64KiB``, ``10MiB`` or ``1GiB`` into bytes."""
    match = _SIZE.fullmatch(text)
    if match is None:
        problem = f"{text[:20]} has no unit" if _NUMBER.fullmatch(text) else f"{quote(text)} is no size"
        raise UsageError(f"{problem}; write it like 64KiB (units: B, KiB, MiB, GiB).")
    return int(match[1]) * _BYTES[match[2]]


def show_size(count: int) -> str:
    """Write a number of bytes in the largest unit that holds it exactly."""
    unit = next((unit for unit, length in _BYTES.items() if count >= length and count % length == 0), "B")
    return f"{count // _BYTES[unit]}{unit}"


def parse_rate(text: str) -> int:
    """Read ``10KiB/s`` into bytes per second."""
    if not text.endswith(_RATE) or not _SIZE.fullmatch(text.removesuffix(_RATE)):
        raise UsageError(f"{quote(text)} is no rate; write it like 10KiB/s (units: B, KiB, MiB, GiB).")
    return parse_size(text.removesuffix(_RATE))


def show_rate(count: int) -> str:
    """Write a number of bytes per second."""
    return show_size(count) + _RATE


def parse_percentage(text: str) -> float:
    """Read ``20``, ``20%`` or ``2.5``."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise UsageError(f"{quote(text)} is no percentage; write it like 20 or 2.5.")
    return float(match[1])


def show_percentage(value: float) -> str:
    """Write a percentage as it is read."""
    return f"{value:g}"
