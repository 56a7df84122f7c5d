"""A task's network as ``aws ecs run-task`` takes it: as JSON, or in the AWS CLI's shorthand.

The shorthand is ``awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=ENABLED}``.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from wakeproxy.errors import UsageError

_VPC: Final = "awsvpcConfiguration"
_LISTS: Final = ("subnets", "securityGroups")
_PUBLIC: Final = "assignPublicIp"
_EXAMPLE: Final = f"{_VPC}={{subnets=[subnet-1],securityGroups=[sg-1],{_PUBLIC}=ENABLED}}"
_SHORTHAND: Final = re.compile(rf"{_VPC}=\{{(.*)\}}")
_ENTRY: Final = re.compile(r"(\w+)=(?:\[([^\[\]{}]*)\]|([^\[\]{},]*))(?:,|$)")


def parse_network(text: str) -> Mapping[str, Any]:
    """Read a network configuration, in the spelling of ``RunTask``.

    Raises:
        UsageError: it is none.
    """
    written = text.strip()
    found = _read_json(written) if written.startswith("{") else _read_shorthand(written)
    vpc = found.get(_VPC)
    if set(found) != {_VPC} or not isinstance(vpc, dict) or not vpc.get(_LISTS[0]):
        raise _refuse(text)
    if not set(vpc) <= {*_LISTS, _PUBLIC} or vpc.get(_PUBLIC) not in {None, "ENABLED", "DISABLED"}:
        raise _refuse(text)
    if not all(_is_list(vpc.get(key, [])) for key in _LISTS):
        raise _refuse(text)
    return found


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refuse(text) from error
    return found


def _read_shorthand(text: str) -> Mapping[str, Any]:
    match = _SHORTHAND.fullmatch(re.sub(r"\s+", "", text))
    if match is None:
        raise _refuse(text)
    return {_VPC: _read_entries(match[1], text)}


def _read_entries(entries: str, text: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    while at < len(entries):
        entry = _ENTRY.match(entries, at)
        if entry is None:
            raise _refuse(text)
        key, several, one = entry.groups()
        if several is None:
            found[key] = [one] if key in _LISTS else one
        else:
            found[key] = several.split(",") if several else []
        at = entry.end()
    return found


def _refuse(text: str) -> UsageError:
    return UsageError(f"{text[:200]!r} is no network configuration; write it like {_EXAMPLE}, or as JSON.")
