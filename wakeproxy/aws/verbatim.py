"""Lets task definitions pass through the client library as they are.

The library reads and writes the members that its version knows, and drops all others without a word: a rollout would
take from a service whatever AWS has invented since. So answers are read as JSON beside it, and requests are written so.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final

VERBATIM: Final = "Verbatim"
"""The member of an answer that holds all of it, as ECS wrote it."""

_is_verbatim: ContextVar[bool] = ContextVar("is_verbatim", default=False)


@contextmanager
def verbatim() -> Iterator[None]:
    """Keep the answers of the calls within, and send what they are asked as it is."""
    before = _is_verbatim.set(True)
    try:
        yield
    finally:
        _is_verbatim.reset(before)


def keep_verbatim(client: Any) -> None:
    """Let an ECS client's calls about single task definitions keep what it does not know, where that is wanted."""
    for operation in ("DescribeTaskDefinition", "RegisterTaskDefinition"):
        client.meta.events.register(f"before-parse.ecs.{operation}", keep_answer)
    client.meta.events.register("provide-client-params.ecs.RegisterTaskDefinition", take_aside)
    client.meta.events.register("before-call.ecs.RegisterTaskDefinition", put_in)


def keep_answer(response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Keep an answer whole, beside what the library makes of it."""
    if not _is_verbatim.get():
        return
    with suppress(ValueError, TypeError):  # no answer of ECS's: the library says what it is
        told = json.loads(response_dict["body"], object_hook=_without_nulls)
        if isinstance(told, dict):
            customized_response_dict[VERBATIM] = told


def take_aside(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> Mapping[str, Any] | None:
    """Give the library what it cannot object to, for what is right is AWS's to say."""
    if not _is_verbatim.get():
        return None
    context[VERBATIM] = json.dumps(params)
    return {"family": "", "containerDefinitions": []}


def put_in(params: dict[str, Any], context: Mapping[str, Any], **_: Any) -> None:
    """Write the request as it was asked."""
    if VERBATIM in context:
        params["body"] = context[VERBATIM].encode()


def _without_nulls(told: dict[str, Any]) -> dict[str, Any]:
    """Take null for absence, as the library does; ECS refuses some nulls that it tells."""
    return {name: value for name, value in told.items() if value is not None}
