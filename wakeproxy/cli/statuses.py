"""Statuses of services, read once: from AWS and the ledger, of the apps themselves, and of a front on this machine."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from wakeproxy.bootstrap import House, now
from wakeproxy.cli.local_front import Known, ask_local_front
from wakeproxy.core.idleness import Judgement, Stay
from wakeproxy.core.lifecycle import UP
from wakeproxy.core.observation import Endpoint, Observation, list_endpoints
from wakeproxy.core.reading import Reading, read_sight
from wakeproxy.core.service import Service
from wakeproxy.core.sight import describe
from wakeproxy.engine.probing import find_answering
from wakeproxy.ports import Look

Status = Mapping[str, Any]


async def read_statuses(house: House, services: Sequence[Service]) -> list[Status]:
    """Read the status of services once; looking changes nothing.

    Raises:
        FleetError: AWS could not be asked.
        LedgerError: the ledger could not be read.
    """
    everybody = _with_dependents(house, services)
    keys = [service.name for service in services]
    known, seen = await asyncio.gather(
        ask_local_front(house.settings),
        house.fleet.observe([Look(service.ecs, service.address) for service in everybody]),
    )
    records = await house.ledger.read([service.name for service in everybody])
    wakes = await house.ledger.wakes(keys)
    answering, judged = await asyncio.gather(
        asyncio.gather(*(_probe(house, service, seen[service.ecs]) for service in services)),
        replace(house.sleeper(), services=everybody).judge(records, seen),
    )
    return [
        {
            **_describe(
                service,
                Reading(seen[service.ecs], records[service.name], wakes[service.name], found),
                judged[service.name],
            ),
            **_tell_known(known.get(service.name)),
        }
        for service, found in zip(services, answering, strict=True)
    ]


def _with_dependents(house: House, services: Sequence[Service]) -> tuple[Service, ...]:
    """Add those that may keep others awake by needing them."""
    if len(services) == len(house.catalog.services):
        return tuple(services)
    return tuple(dict.fromkeys(one for service in services for one in house.with_dependents(service)))


async def _probe(house: House, service: Service, observation: Observation) -> tuple[Endpoint, ...]:
    endpoints = list_endpoints(observation, address=service.address, port=service.port)
    return await find_answering(house.prober, service, endpoints)


def _describe(service: Service, reading: Reading, judgement: Judgement) -> Status:
    at, seen, record = now(), reading.observation, reading.record
    sight = read_sight(service, reading, at)
    is_kept = record.awake_until is not None and record.awake_until > at
    return {
        **describe(sight, at),
        "ecs": str(service.ecs),
        "desired": seen.desired,
        "running": seen.running,
        "pending": seen.pending,
        "intent": str(record.intent),
        "claimed_at": _tell(record.claimed_at),
        "last_used_at": _tell(record.last_used_at),
        "kept_until": _tell(record.awake_until) if is_kept else None,
        **_describe_stay(judgement, at, is_up=sight.phase in UP),
        "endpoints": [f"{one.host}:{one.port}" for one in reading.answering],
    }


def _describe_stay(judgement: Judgement, at: datetime, *, is_up: bool) -> Status:
    """Say what a sweep would say now; what it may put to sleep has no time left."""
    if not is_up:
        return {"sleeps_in_seconds": None, "stays_reason": None}
    if not isinstance(judgement, Stay):
        return {"sleeps_in_seconds": 0.0, "stays_reason": None}
    asks_at = judgement.ask_again_at
    left = None if asks_at is None else max(round((asks_at - at).total_seconds(), 1), 0.0)
    return {"sleeps_in_seconds": left, "stays_reason": judgement.reason}


def _tell_known(known: Known | None) -> Status:
    """Tell what only a front here knows; ``None`` where there is none."""
    return {"in_flight": known and known.in_flight, "ignored": known and dict(known.ignored)}


def _tell(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
