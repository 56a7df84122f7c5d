"""Kinds of values: how a key's text is read, shown again, and described to people.

A kind's ``read`` raises `UsageError` with one sentence. Knows neither keys nor places.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote
from wakeproxy.settings.hours import parse_window
from wakeproxy.settings.quantities import (
    parse_duration,
    parse_percentage,
    parse_rate,
    parse_size,
    show_duration,
    show_percentage,
    show_rate,
    show_size,
)

_ON = {"true", "yes", "on"}
_OFF = {"false", "no", "off"}
WORDS_OF_TRUTH: Final = tuple(sorted(_ON))
"""What a switch that is on may be written as, in lower case."""
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_LEADING_ZERO = re.compile(r"0+[0-9]{1,17}", re.ASCII)
_LONGEST_TEXT = 200
_LONGEST_PATH = 4095  # Linux: PATH_MAX without the zero at its end
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class One:
    """One value; ``noun`` describes it, as in "must be a duration, not a list"."""

    noun: str
    read: Callable[[str], Any]
    show: Callable[[Any], str] = str
    can_be_null: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """A list of values; ``plural`` describes them."""

    plural: str
    item: One
    least: int = 0
    is_set: bool = True
    """Whether saying one twice is saying it once; otherwise order and number mean something."""


Kind: TypeAlias = One | Many


def optional(kind: One) -> One:
    """Allow ``null`` too."""
    return replace(kind, can_be_null=True)


def bounded(kind: One, *, least: Any = None, most: Any = None, why: str = "") -> One:
    """Allow only values from ``least`` to ``most``; ``why`` ends the sentence that refuses others."""
    reason = f": {why}" if why else ""

    def read(text: str) -> Any:
        value = kind.read(text)
        if least is not None and value < least:
            raise UsageError(f"{quote(text)} is below {kind.show(least)}, the least{reason}.")
        if most is not None and value > most:
            raise UsageError(f"{quote(text)} is above {kind.show(most)}, the most{reason}.")
        return value

    low = "" if least is None else f" from {kind.show(least)}"
    high = "" if most is None else f" to {kind.show(most)}" if low else f" up to {kind.show(most)}"
    return replace(kind, noun=f"{kind.noun}{low}{high}", read=read)


def choice(options: type[StrEnum] | tuple[str, ...]) -> One:
    """Make the kind of a closed choice."""
    by_text: dict[str, Any] = {str(option): option for option in options}
    *others, last = by_text
    noun = f"{', '.join(others)} or {last}"

    def read(text: str) -> Any:
        if text not in by_text:
            raise UsageError(f"{quote(text)} is not {noun}; write one of these.")
        return by_text[text]

    return One(noun, read)


def _read_text(text: str) -> str:
    if not text.strip() or not text.isprintable():  # it ends up in pages, logs and headers
        raise UsageError(f"{quote(text)} is empty or has letters that cannot be printed; write plain text.")
    if len(text) > _LONGEST_TEXT:
        raise UsageError(f"{quote(text)} is longer than {_LONGEST_TEXT} characters; shorten it.")
    return text


def _read_path(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise UsageError(f"{quote(text)} is empty or has letters that cannot be printed; write a file's path.")
    if len(text.encode(errors="replace")) > _LONGEST_PATH:
        raise UsageError(f"{quote(text)} is longer than the {_LONGEST_PATH} bytes a path may have; shorten it.")
    return text


def _read_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):  # not quoted in the answer: it may be the secret itself
        raise UsageError("is no environment variable's name; write the name of the variable that holds the token.")
    return text


def _read_whole(text: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _LEADING_ZERO.fullmatch(text):
        raise UsageError(f"{text} begins with 0, which can mean octal in YAML; write {int(text)}.")
    raise UsageError(f"{quote(text)} is no whole number; write digits only, like 8080.")


def _read_switch(text: str) -> bool:
    if text.lower() in _ON | _OFF:
        return text.lower() in _ON
    raise UsageError(f"{quote(text)} is neither true nor false; write one of these.")


def _read_off(text: str) -> None:
    if text.lower() in _ON:
        raise UsageError("is on unless it is off; remove the value, or write its keys.")
    if text.lower() not in _OFF:
        raise UsageError(f"{quote(text)} is neither off nor a map of keys; write off, or its keys.")


def _show_switch(value: object) -> str:
    return "true" if value else "false"


TEXT = One("a text", _read_text)
PATH = One("a path", _read_path)
VARIABLE = One("an environment variable's name", _read_variable)
WHOLE = One("a whole number", _read_whole)
COUNT = bounded(WHOLE, least=1)
PORT = bounded(WHOLE, least=1, most=65535)
SWITCH = One("true or false", _read_switch, _show_switch)
OFF = One("off", _read_off, can_be_null=True)
DURATION = One("a duration", parse_duration, show_duration)
SIZE = One("a size", parse_size, show_size)
RATE = One("a rate", parse_rate, show_rate)
PERCENT = One("a percentage", parse_percentage, show_percentage)
HOURS = One("awake hours", parse_window)
CADENCE = bounded(DURATION, least=timedelta(milliseconds=10), most=timedelta(hours=1))
