"""Calls to the ledger's table: short, tried again while that can help, and their errors in words.

A visitor may be waiting for any of them, and without an answer the front goes on by itself: so all tries of one call
have two seconds together.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from wakeproxy.aws.errors import ApiError, UnansweredError
from wakeproxy.aws.faults import THROTTLED, translated
from wakeproxy.errors import FleetError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from types_aiobotocore_dynamodb import DynamoDBClient

    from wakeproxy.aws.dynamo_items import Item, Value

_T = TypeVar("_T")

_UNMET: Final = "ConditionalCheckFailedException"
_WITHIN_SECONDS: Final = 2.0
"""A sleeper's grace (`engine.claims`) allows for a use that has to be told of a second time."""
_PAUSE_FIRST, _PAUSE_LAST = 0.05, 1.0
"""Seconds between tries, doubled each time as AWS advises ("Error retries and exponential backoff" in the DynamoDB
developer guide), and shorter than the client library's own."""


class UnprocessedError(Exception):
    """DynamoDB answered only part of a batch: the table is too busy for the rest just now."""


@dataclass(frozen=True, slots=True)
class Update:
    """A conditional change of one item: what to set, what to remove, and when."""

    condition: str
    """Names its attributes as ``#name`` and its values as ``:name``."""
    values: Item
    """What ``condition`` compares with, by name."""
    set: Item
    set_if_missing: Item = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def expression(self) -> str:
        """Say what changes, in DynamoDB's words."""
        sets = [f"#{name} = :new_{name}" for name in self.set]
        sets += [f"#{name} = if_not_exists(#{name}, :new_{name})" for name in self.set_if_missing]
        removes = f" REMOVE {', '.join(f'#{name}' for name in self.remove)}" if self.remove else ""
        return f"SET {', '.join(sets)}{removes}"

    def marked_values(self) -> dict[str, Value]:
        """Give every value the mark by which the expressions name it."""
        new = {f":new_{name}": value for name, value in (*self.set.items(), *self.set_if_missing.items())}
        return {**{f":{name}": value for name, value in self.values.items()}, **new}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an update: whether its condition held, and the item as it now stands."""

    is_met: bool
    item: Mapping[str, Any]
    """Empty where there is none."""


class Table:
    """One table, and how it is called; all tries of a call have ``within`` seconds together."""

    def __init__(self, client: DynamoDBClient, name: str, *, within: float = _WITHIN_SECONDS) -> None:
        self.client = client
        self.name = name
        self._within = within

    @property
    def missing(self) -> str:
        """Say that there is no such table, and what to do."""
        return (
            f"There is no DynamoDB table {self.name} in {self.client.meta.region_name}. "
            "Make it with Terraform or `wakeproxy check --create-table`, or name another."
        )

    async def update(self, doing: str, key: Item, update: Update) -> Outcome:
        """Change an item if a condition holds; attributes that are not named stay as they are.

        Raises:
            LedgerError: it is unknown whether it was changed.
        """
        expression = update.expression()
        names = {mark: mark[1:] for mark in re.findall(r"#\w+", f"{expression} {update.condition}")}

        async def ask() -> Outcome:
            try:
                answer = await self.client.update_item(
                    TableName=self.name,
                    Key=key,
                    UpdateExpression=expression,
                    ConditionExpression=update.condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=update.marked_values(),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ApiError as error:
                if error.code != _UNMET:
                    raise
                return Outcome(is_met=False, item=error.response.get("Item", {}))
            return Outcome(is_met=True, item=answer["Attributes"])

        return await self.call(doing, ask)

    async def call(self, doing: str, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Make a call, again if that may help; ``doing`` is what it does to the table, as in "read".

        Raises:
            LedgerError: there was no answer in time, or one that says no.
        """
        loop, pause = asyncio.get_running_loop(), _PAUSE_FIRST
        ends_at = loop.time() + self._within
        with self._told(doing):
            async with asyncio.timeout_at(ends_at):
                while True:
                    try:
                        return await ask()
                    except (ApiError, UnansweredError, UnprocessedError) as error:
                        if not _may_pass(error) or loop.time() + pause >= ends_at:
                            raise
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _PAUSE_LAST)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Raise what goes wrong as the ledger's error."""
        what = f"{doing} the DynamoDB table {self.name}"
        try:
            with translated(what):
                yield
        except FleetError as error:
            raise LedgerError(self._explain(error)) from error
        except UnprocessedError as error:
            raise LedgerError(f"AWS limits the rate of calls to {what}; it is tried again more slowly.") from error

    def _explain(self, error: FleetError) -> str:
        cause = error.__cause__
        match cause.code if isinstance(cause, ApiError) else "":
            case "ResourceNotFoundException":
                return self.missing
            case "ValidationException":
                return (
                    f"The DynamoDB table {self.name} is no ledger: {cause}. Name another table, "
                    "or make one with Terraform or `wakeproxy check --create-table`."
                )
            case _:
                return str(error)


def _may_pass(error: Exception) -> bool:
    """Whether the same call may succeed a moment later."""
    if not isinstance(error, ApiError):
        return True
    return error.code in THROTTLED or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
