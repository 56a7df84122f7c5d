"""A visit that races the sleeper, at every offset, with the traffic that tells the ledger of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.engine.running import ECS, NAME, Engine, a_fleet, an_engine, as_deployed
from tests.fakes import MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.traffic import Traffic

FLUSH = timedelta(seconds=10)
"""Longer than the grace of the sleepers here, so that only a first use is told in time."""
BUSY = ServiceName("busy")


@asynccontextmanager
async def traffic_of(engine: Engine) -> AsyncIterator[Traffic]:
    def hear(name: ServiceName, record: Record) -> None:
        if name in engine.waker.lives:
            engine.waker.hear(name, record)

    traffic = Traffic(engine.ledger, front="here", clock=clock, flush_interval=FLUSH, on_record=hear)
    traffic.start()
    try:
        yield traffic
    finally:
        await traffic.stop()


@asynccontextmanager
async def a_sweep_under_way(engine: Engine) -> AsyncIterator[None]:
    async def sweep() -> None:
        await Sleeper((engine.service,), engine.claims, FLUSH).sweep()

    sweeping = Tasks("sleeper")
    sweeping.start(sweep(), name="sweep")
    try:
        yield
    finally:
        await sweeping.finish(within=timedelta(minutes=1))


@pytest.mark.parametrize("busy_for", [0.0, 3600.0, 3605.0])
@pytest.mark.parametrize("offset", [0.0, 0.02, 0.03, 0.04, 0.5, 2.9, 3.0, 3.03, 3.035, 3.04, 3.045, 3.05, 3.06, 3.1])
@pytest.mark.parametrize("is_looked_at", [False, True])
async def test_a_served_visit_that_races_the_sleeper_ends_awake(
    *, busy_for: float, offset: float, is_looked_at: bool
) -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet, MemoryLedger(latency=0.005)) as engine, traffic_of(engine) as traffic:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(3610 - busy_for)
        if busy_for:
            traffic.begin(BUSY)
        await asyncio.sleep(busy_for)
        async with a_sweep_under_way(engine):
            await asyncio.sleep(offset)
            assert engine.phase is Phase.AWAKE
            traffic.begin(NAME)
            await asyncio.sleep(0.002)
            traffic.end(NAME)
            if is_looked_at:
                engine.watcher.poke(NAME)
        await asyncio.sleep(60)

        assert engine.phase is Phase.AWAKE
        assert fleet.services[ECS].desired == 1


async def test_a_first_use_is_told_at_once_however_busy_others_are() -> None:
    async with an_engine() as engine, traffic_of(engine) as traffic:
        traffic.begin(BUSY)
        await asyncio.sleep(1)
        traffic.begin(NAME)
        await asyncio.sleep(0.1)

        assert NAME in engine.ledger.records


async def test_a_use_whose_telling_is_cut_off_by_the_end_is_told_again() -> None:
    async with an_engine(ledger=MemoryLedger(latency=1.0)) as engine:
        async with traffic_of(engine) as traffic:
            traffic.begin(NAME)
            traffic.end(NAME)
            await asyncio.sleep(0.5)

        assert NAME in engine.ledger.records


async def test_an_answer_of_the_ledger_older_than_the_own_claim_is_no_news() -> None:
    async with an_engine() as engine:
        engine.ask()
        await asyncio.sleep(0.5)
        claimed = engine.waker.lives[NAME].record
        engine.waker.hear(NAME, Record())

        assert engine.waker.lives[NAME].record == claimed


async def test_a_use_before_the_sleep_was_claimed_wakes_nobody() -> None:
    async with an_engine() as engine, traffic_of(engine) as traffic:
        engine.ledger.records[NAME] = Record(3, claimed_at=clock() + timedelta(seconds=1))
        traffic.begin(NAME)
        traffic.end(NAME)
        await asyncio.sleep(10)

        assert (engine.phase, engine.counts_told) == (Phase.ASLEEP, [])


async def test_a_use_that_is_told_after_the_sleep_was_seen_wakes_again() -> None:
    async with an_engine() as engine, traffic_of(engine) as traffic:
        engine.ledger.records[NAME] = Record(3, claimed_at=clock())
        await asyncio.sleep(1)
        traffic.begin(NAME)
        traffic.end(NAME)
        await asyncio.sleep(10)

        assert engine.counts_told == [1]
