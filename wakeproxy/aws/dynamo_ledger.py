"""The ledger in DynamoDB: one table for any number of fronts, sleepers and Lambdas.

Every change of a record is one conditional ``UpdateItem``, so compare-and-set is DynamoDB's business, and what a newer
version keeps in the item besides stays there. A condition that does not hold is answered with the item as it stands, so
that nothing is read again. Records are read consistently; histories need not be.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Final, TypeVar

from wakeproxy.aws.batches import batched
from wakeproxy.aws.dynamo_calls import Outcome, Table, UnprocessedError, Update
from wakeproxy.aws.dynamo_items import (
    EXPIRES_AT,
    ITEM,
    SERVICE,
    WAKE,
    key_of,
    read_record,
    read_wake,
    spell_expiry,
    spell_record,
    spell_tasks,
    spell_wake,
)
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, PastWake, Record, Use
from wakeproxy.core.spelling import spell_instant
from wakeproxy.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from types_aiobotocore_dynamodb import DynamoDBClient

_T = TypeVar("_T")

_KEYS_A_CALL: Final = 100
"""DynamoDB API reference, ``BatchGetItem``."""
_WAKES_KEPT: Final = 50
_QUERIES_AT_ONCE: Final = 20
"""Fewer than the client has connections: while the histories of thousands of services are read at a start, a wake must
not wait for them."""


class DynamoLedger:
    """`Ledger` on one DynamoDB table."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._table = Table(client, table)
        self._clock = clock
        self._queries = asyncio.Semaphore(_QUERIES_AT_ONCE)

    async def close(self) -> None:
        """Hold nothing: the client is its opener's."""

    async def read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        """Read records, a hundred a call; a service never written to has the empty one."""
        pages = await asyncio.gather(*(self._read(some) for some in batched(list(dict.fromkeys(names)), _KEYS_A_CALL)))
        found = {name: record for page in pages for name, record in page.items()}
        return {name: found.get(name, Record()) for name in names}

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        """Replace a record if its generation and last use are those of ``before``.

        The answer may get lost, and the same change be asked for again: a mark in the item tells whose it is.
        """
        mark = {"S": os.urandom(8).hex()}
        spelled = spell_record(after)
        generation = "#generation = :generation"
        if not before.generation:  # which is what a service never written to has
            generation = f"(attribute_not_exists(#generation) OR {generation})"
        used_at = "#last_used_at = :last_used_at" if before.last_used_at else "attribute_not_exists(#last_used_at)"
        update = Update(
            condition=f"{generation} AND {used_at}",
            values={
                "generation": {"N": str(before.generation)},
                **({"last_used_at": {"S": spell_instant(before.last_used_at)}} if before.last_used_at else {}),
            },
            set={**{name: value for name, value in spelled.items() if value is not None}, "mark": mark},
            remove=tuple(name for name, value in spelled.items() if value is None),
        )
        outcome = await self._table.update("write", key_of(name), update)
        return outcome.is_met or outcome.item.get("mark") == mark

    async def note_use(self, name: ServiceName, use: Use) -> Record:
        """Move ``last_used_at`` forward, never back; one call, whether there is something to move or not."""
        update = Update(
            condition="attribute_not_exists(#last_used_at) OR #last_used_at < :last_used_at",
            values={"last_used_at": {"S": spell_instant(use.at)}},
            set={
                "last_used_at": {"S": spell_instant(use.at)},
                "used_by": {"S": use.front},
                "in_flight": {"N": str(use.in_flight)},
            },
            set_if_missing={"generation": {"N": "0"}, "intent": {"S": Intent.AWAKE}},
        )
        return self._take(await self._table.update("write", key_of(name), update))

    async def note_ready(self, name: ServiceName, generation: int, tasks: tuple[str, ...]) -> Record:
        """Take note of the tasks found answering, unless somebody claimed since."""
        update = Update(
            condition="#generation = :generation AND #intent = :intent",
            values={"generation": {"N": str(generation)}, "intent": {"S": Intent.AWAKE}},
            set={"ready": spell_tasks(tasks)},
        )
        return self._take(await self._table.update("write", key_of(name), update))

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        """Append to the history; DynamoDB drops what has expired."""
        item = spell_wake(name, wake)
        await self._table.call("write", lambda: self._client.put_item(TableName=self._table.name, Item=item))

    async def wakes(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Sequence[PastWake]]:
        """Read the last fifty wakes of each service, oldest first."""
        found = await asyncio.gather(*(self._wakes(name) for name in names))
        return dict(zip(names, found, strict=True))

    async def _read(self, names: Sequence[ServiceName]) -> Mapping[ServiceName, Record]:
        items: list[Mapping[str, Any]] = []
        wanted: Any = [key_of(name) for name in names]

        async def ask() -> None:
            nonlocal wanted
            answer: Any = await self._client.batch_get_item(
                RequestItems={self._table.name: {"Keys": wanted, "ConsistentRead": True}}
            )
            items.extend(answer["Responses"].get(self._table.name, ()))
            wanted = answer.get("UnprocessedKeys", {}).get(self._table.name, {}).get("Keys", [])
            if wanted:
                raise UnprocessedError

        await self._table.call("read", ask)
        return {ServiceName(item[SERVICE]["S"]): self._parse(read_record, item) for item in items}

    async def _wakes(self, name: ServiceName) -> Sequence[PastWake]:
        async with self._queries:
            answer = await self._table.call("read", lambda: self._query(name))
        return [self._parse(read_wake, item) for item in reversed(answer["Items"])]

    async def _query(self, name: ServiceName) -> Any:
        """Ask for a service's newest wakes; those that have expired but are still there would be the oldest of them."""
        return await self._client.query(
            TableName=self._table.name,
            KeyConditionExpression="#service = :service AND begins_with(#item, :wake)",
            FilterExpression="#expires_at > :now",
            ExpressionAttributeNames={"#service": SERVICE, "#item": ITEM, "#expires_at": EXPIRES_AT},
            ExpressionAttributeValues={
                ":service": {"S": name},
                ":wake": {"S": WAKE},
                ":now": spell_expiry(self._clock()),
            },
            ScanIndexForward=False,
            Limit=_WAKES_KEPT,
        )

    def _take(self, outcome: Outcome) -> Record:
        return self._parse(read_record, outcome.item) if outcome.item else Record()

    def _parse(self, read: Callable[[Mapping[str, Any]], _T], item: Mapping[str, Any]) -> _T:
        try:
            return read(item)
        except ValueError as error:
            raise LedgerError(
                f"The DynamoDB table {self._table.name} holds what is none of wakeproxy's: {error}. Name another."
            ) from error
