"""Answers to results: what a Lambda gives back, in the form that whoever called it wants."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice, product
from typing import Any, Final

from wakeproxy.pages.replies import Fields, Reply, Trouble, reply_problem
from wakeproxy.serverless.events import Shape

_MOST: Final = {
    Shape.HTTP: 6 * 1024 * 1024,
    Shape.REST: 6 * 1024 * 1024,
    Shape.BALANCER: 1024 * 1024,
    Shape.BALANCER_MANY: 1024 * 1024,
}
"""Bytes of a whole result, which Lambda limits, and load balancers more so (AWS documentation, quotas of each)."""
MOST_BYTES: Final = max(_MOST.values())
_GATEWAYS_OWN: Final = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Given:
    """What an app or we answer; ``fields`` in order, names as they came, some of them more than once."""

    code: int
    fields: Fields
    body: bytes = b""


def give(reply: Reply) -> Given:
    """Take an answer of ours."""
    return Given(int(reply.code), reply.fields, reply.body)


def write_result(given: Given, shape: Shape) -> Mapping[str, Any]:
    """Write a result; one that is too large becomes an answer that says so."""
    result = _write(given, shape)
    most = _MOST[shape]
    if len(given.body) > most or len(json.dumps(result).encode()) > most:
        return _write(give(too_large(most)), shape)
    return result


def too_large(most: int = MOST_BYTES) -> Reply:
    """Say that an app's answer does not fit through a Lambda."""
    return reply_problem(
        Trouble(
            HTTPStatus.BAD_GATEWAY,
            "The app's answer is too large",
            f"It is larger than what a Lambda can pass on, which is {most // (1024 * 1024)} MB with everything.",
            "Have the service served by redirect, or by a front.",
        ),
        fields=(),
        extra={},
    )


def _write(given: Given, shape: Shape) -> Mapping[str, Any]:
    text, is_base64 = _write_body(given.body)
    fields = [(name, value) for name, value in given.fields if name.lower() not in _GATEWAYS_OWN]
    whole = {"statusCode": given.code, "body": text, "isBase64Encoded": is_base64}
    match shape:
        case Shape.HTTP:
            cookies = [value for name, value in fields if name.lower() == "set-cookie"]
            return {**whole, "headers": _join(fields), **({"cookies": cookies} if cookies else {})}
        case Shape.REST:
            return {**whole, "multiValueHeaders": _group(fields)}
        case Shape.BALANCER_MANY:
            return {**whole, "statusDescription": _describe(given.code), "multiValueHeaders": _group(fields)}
        case Shape.BALANCER:
            headers = {**_join(fields), **_spread_cookies(fields)}
            return {**whole, "statusDescription": _describe(given.code), "headers": headers}


def _write_body(body: bytes) -> tuple[str, bool]:
    """Write a body as text where it is some; text passes as the very same bytes."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _describe(code: int) -> str:
    return f"{code} {_PHRASES.get(code, 'Unknown')}"


def _group(fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    spelt: dict[str, str] = {}
    for name, value in fields:
        grouped.setdefault(spelt.setdefault(name.lower(), name), []).append(value)
    return grouped


def _join(fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Join repeated fields, as RFC 9110, 5.3 allows for all but cookies."""
    return {name: ", ".join(values) for name, values in _group(fields).items() if name.lower() != "set-cookie"}


def _spread_cookies(fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Spell the name of each cookie's field in another case: names are alike to browsers, not to the load balancer."""
    cookies = [value for name, value in fields if name.lower() == "set-cookie"]
    letters = product(*((letter, letter.upper()) if letter != "-" else (letter,) for letter in "set-cookie"))
    names = ("".join(spelling) for spelling in islice(letters, len(cookies)))
    return dict(zip(names, cookies, strict=False))
