"""The ledger's table itself: made for trying, and inspected. Terraform makes the same (``terraform/modules/ledger``).

On demand, because nobody asks while everything sleeps; restorable to any moment, because intents are nowhere else; with
a time to live, because old wakes teach nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from wakeproxy.aws.dynamo_calls import Table
from wakeproxy.aws.dynamo_items import EXPIRES_AT, ITEM, SERVICE
from wakeproxy.aws.errors import ApiError
from wakeproxy.errors import AccessDeniedError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from types_aiobotocore_dynamodb import DynamoDBClient

_KEYS: Final = {SERVICE: "HASH", ITEM: "RANGE"}
_TEXT: Final = "S"
_ACTIVE: Final = "ACTIVE"
_ON: Final = frozenset({"ENABLED", "ENABLING"})
_CALL_SECONDS: Final = 30.0
"""No visitor waits here."""
_LOOKS: Final = 120
_PAUSE: Final = 1.0
"""A new table is there within seconds, its backups within some more; after two minutes something is wrong."""


class LedgerTable:
    """One table, to be made or inspected."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name
        self._table = Table(client, name, within=_CALL_SECONDS)

    async def create(self) -> bool:
        """Make the table and wait until it can be used; whether it had to be made. What it lacks is added.

        Raises:
            LedgerError: it cannot be made, or is there and is none of ours.
        """
        is_new = await self._describe() is None and await self._create()
        described = await self._wait()
        finding = self._judge_keys(described)
        if finding is not None:
            raise LedgerError(finding)
        await self._let_expire()
        await self._keep_backups()
        return is_new

    async def inspect(self) -> str | None:
        """Say what is wrong with the table, as far as we may look; ``None`` when nothing is.

        Raises:
            LedgerError: DynamoDB does not answer.
        """
        try:
            described = await self._describe()
            if described is None:
                return self._table.missing
            if described["TableStatus"] != _ACTIVE:
                return f"The DynamoDB table {self._name} is {described['TableStatus']}; wait until it is ACTIVE."
            return self._judge_keys(described) or await self._judge_expiry()
        except LedgerError as error:
            if isinstance(error.__cause__, AccessDeniedError):
                return None  # whoever may use the ledger need not be allowed to describe it
            raise

    def _judge_keys(self, described: Mapping[str, Any]) -> str | None:
        keys = {key["AttributeName"]: key["KeyType"] for key in described["KeySchema"]}
        kinds = {one["AttributeName"]: one["AttributeType"] for one in described["AttributeDefinitions"]}
        if keys == _KEYS and all(kinds[name] == _TEXT for name in keys):
            return None
        found = ", ".join(f"{name} ({kinds[name]}, {kind})" for name, kind in keys.items())
        return (
            f"The DynamoDB table {self._name} is no ledger: its keys are {found}, and must be {SERVICE} (S, HASH), "
            f"{ITEM} (S, RANGE). Name another table, or make one with `wakeproxy check --create-table`."
        )

    async def _judge_expiry(self) -> str | None:
        if await self._expires():
            return None
        return (
            f"The DynamoDB table {self._name} keeps old wakes for ever: its time to live does not go by {EXPIRES_AT}. "
            "Turn it on with Terraform or `wakeproxy check --create-table`."
        )

    # One call each.

    async def _describe(self) -> Mapping[str, Any] | None:
        """Describe the table; ``None`` when there is none."""

        async def ask() -> Mapping[str, Any] | None:
            try:
                return (await self._client.describe_table(TableName=self._name))["Table"]
            except ApiError as error:
                if error.code != "ResourceNotFoundException":
                    raise
                return None

        return await self._table.call("describe", ask)

    async def _create(self) -> bool:
        async def ask() -> bool:
            try:
                await self._client.create_table(
                    TableName=self._name,
                    KeySchema=[
                        {"AttributeName": SERVICE, "KeyType": "HASH"},
                        {"AttributeName": ITEM, "KeyType": "RANGE"},
                    ],
                    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in (SERVICE, ITEM)],
                    BillingMode="PAY_PER_REQUEST",
                )
            except ApiError as error:
                if error.code != "ResourceInUseException":  # somebody else was quicker, or an answer got lost
                    raise
                return False
            return True

        return await self._table.call("create", ask)

    async def _wait(self) -> Mapping[str, Any]:
        async def look() -> Mapping[str, Any] | None:
            described = await self._describe()
            return described if described is not None and described["TableStatus"] == _ACTIVE else None

        found: Mapping[str, Any] = await self._until(look, "is not ACTIVE")
        return found

    async def _let_expire(self) -> None:
        """Have old wakes dropped, unless that is so."""
        if not await self._expires():
            specification: Any = {"Enabled": True, "AttributeName": EXPIRES_AT}
            await self._table.call(
                "set the time to live of",
                lambda: self._client.update_time_to_live(TableName=self._name, TimeToLiveSpecification=specification),
            )

    async def _expires(self) -> bool:
        answer = await self._table.call(
            "describe the time to live of", lambda: self._client.describe_time_to_live(TableName=self._name)
        )
        found: Mapping[str, Any] = answer["TimeToLiveDescription"]
        return found.get("TimeToLiveStatus") in _ON and found.get("AttributeName") == EXPIRES_AT

    async def _keep_backups(self) -> None:
        """Have the table restorable to any moment; a new one may not be ready for it yet."""

        async def ask() -> bool | None:
            try:
                await self._client.update_continuous_backups(
                    TableName=self._name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                )
            except ApiError as error:
                if error.code != "ContinuousBackupsUnavailableException":
                    raise
                return None
            return True

        await self._until(lambda: self._table.call("keep backups of", ask), "has no backups")

    async def _until(self, look: Callable[[], Awaitable[Any]], trouble: str) -> Any:
        for _ in range(_LOOKS):
            found = await look()
            if found is not None:
                return found
            await asyncio.sleep(_PAUSE)
        raise LedgerError(
            f"After {_LOOKS * _PAUSE:g} s the DynamoDB table {self._name} {trouble} yet. Try again later."
        )
