"""What the ledger keeps in DynamoDB, as items: one ``record`` per service, and one item per wake of its history.

An item holds nothing for what has its default, so that it stays small and what an older version wrote is read alike.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from wakeproxy.core.record import Intent, PastWake, Record
from wakeproxy.core.spelling import read_instant, read_stages, spell_instant, spell_stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from types_aiobotocore_dynamodb.type_defs import UniversalAttributeValueTypeDef

    from wakeproxy.core.names import ServiceName

    Value = UniversalAttributeValueTypeDef
    Item = Mapping[str, Value]

SERVICE: Final = "service"
ITEM: Final = "item"
EXPIRES_AT: Final = "expires_at"
"""The attribute that DynamoDB's time to live goes by, in seconds since 1970."""
RECORD: Final = "record"
WAKE: Final = "wake#"

_KEPT_FOR = timedelta(days=90)


def key_of(name: ServiceName, item: str = RECORD) -> dict[str, Value]:
    """Name an item of a service."""
    return {SERVICE: {"S": name}, ITEM: {"S": item}}


def spell_record(record: Record) -> dict[str, Value | None]:
    """Write a record's attributes; ``None`` for those to leave out."""
    instants = {
        name: {"S": spell_instant(at)} if at else None
        for name, at in (
            ("claimed_at", record.claimed_at),
            ("last_used_at", record.last_used_at),
            ("awake_until", record.awake_until),
        )
    }
    return {
        "generation": {"N": str(record.generation)},
        "intent": {"S": record.intent},
        **instants,
        "used_by": {"S": record.used_by} if record.used_by else None,
        "in_flight": {"N": str(record.in_flight)} if record.in_flight else None,
        "ready": spell_tasks(record.ready) if record.ready else None,
        "floor": {"N": str(record.floor)} if record.floor else None,
    }


def spell_tasks(tasks: Iterable[str]) -> Value:
    """Write the ARNs of tasks."""
    return {"L": [{"S": arn} for arn in tasks]}


def read_record(item: Mapping[str, Any]) -> Record:
    """Read a record's item.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        return Record(
            generation=_number(item, "generation"),
            intent=Intent(_text(item, "intent", Intent.ASLEEP)),
            claimed_at=_instant(item, "claimed_at"),
            last_used_at=_instant(item, "last_used_at"),
            awake_until=_instant(item, "awake_until"),
            used_by=_text(item, "used_by", ""),
            in_flight=_number(item, "in_flight"),
            ready=tuple(arn["S"] for arn in item.get("ready", {"L": ()})["L"]),
            floor=_number(item, "floor"),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"it has no {error} where there must be one") from error


def spell_wake(name: ServiceName, wake: PastWake) -> dict[str, Value]:
    """Write a wake's item; it expires after ninety days."""
    optional: dict[str, Value] = {} if wake.failure is None else {"failure": {"S": wake.failure}}
    return {
        **key_of(name, f"{WAKE}{spell_instant(wake.began_at)}"),
        "ended_at": {"S": spell_instant(wake.ended_at)},
        "image": {"S": wake.image},
        "stages": {"S": spell_stages(wake.stages)},
        EXPIRES_AT: spell_expiry(wake.ended_at + _KEPT_FOR),
        **optional,
    }


def spell_expiry(at: datetime) -> Value:
    """Write an instant as DynamoDB's time to live wants it."""
    return {"N": str(int(at.timestamp()))}


def read_wake(item: Mapping[str, Any]) -> PastWake:
    """Read a wake's item.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        return PastWake(
            began_at=read_instant(item[ITEM]["S"].removeprefix(WAKE)),
            ended_at=read_instant(item["ended_at"]["S"]),
            image=item["image"]["S"],
            stages=read_stages(item["stages"]["S"]),
            failure=item["failure"]["S"] if "failure" in item else None,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"it has no {error} where there must be one") from error


def _number(item: Mapping[str, Any], name: str) -> int:
    return int(item[name]["N"]) if name in item else 0


def _text(item: Mapping[str, Any], name: str, default: str) -> str:
    text: str = item[name]["S"] if name in item else default
    return text


def _instant(item: Mapping[str, Any], name: str) -> datetime | None:
    return read_instant(item[name]["S"]) if name in item else None
