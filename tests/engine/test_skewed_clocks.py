"""Clocks that differ by ten minutes neither put to sleep what is in use nor keep awake for ever what is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.engine.running import NAME, Engine, a_fleet, an_engine, as_deployed
from tests.fakes import MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.service import IdlePolicy
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.traffic import Traffic

FLUSH = timedelta(seconds=10)
POLICY = IdlePolicy(idle_after=timedelta(minutes=5), min_awake=timedelta())


@asynccontextmanager
async def a_front(skew: timedelta) -> AsyncIterator[tuple[Engine, Traffic]]:
    """A front whose clock is wrong, and a sleeper elsewhere whose clock is right."""

    def wrong() -> datetime:
        return clock() + skew

    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet, MemoryLedger(latency=0.005), idle=POLICY) as engine:
        traffic = Traffic(engine.ledger, clock=wrong, flush_interval=FLUSH, front="front", on_record=engine.waker.hear)
        traffic.start()
        claims = Claims(engine.fleet, engine.ledger, clock, FLUSH + timedelta(seconds=3))
        sweeping = Tasks("sleeper")
        sweeping.repeat(lambda: _sweep(Sleeper((engine.service,), claims, FLUSH)), name="sweep")
        try:
            await engine.reach(Phase.AWAKE)
            yield engine, traffic
        finally:
            await sweeping.stop()
            await traffic.stop()


async def _sweep(sleeper: Sleeper) -> None:
    await asyncio.sleep(60)
    await sleeper.sweep()


@pytest.mark.parametrize("minutes", [-10, 0, 10])
async def test_what_is_in_use_is_never_put_to_sleep(minutes: int) -> None:
    async with a_front(timedelta(minutes=minutes)) as (engine, traffic):
        traffic.begin(NAME)
        await asyncio.sleep(3600)

        assert 0 not in engine.counts_told
        assert engine.phase is Phase.AWAKE
        traffic.end(NAME)


@pytest.mark.parametrize(("minutes", "longest"), [(-10, 3), (0, 8), (10, 18), (60, 8)])
async def test_what_is_in_use_no_more_sleeps_before_long(minutes: int, longest: int) -> None:
    async with a_front(timedelta(minutes=minutes)) as (engine, traffic):
        traffic.begin(NAME)
        await asyncio.sleep(30)
        traffic.end(NAME)
        await asyncio.sleep(longest * 60)

        assert engine.fleet.services[engine.service.ecs].desired == 0


async def test_a_front_that_is_behind_and_silent_for_a_flush_interval_would_be_overtaken_by_a_shorter_grace() -> None:
    async with a_front(timedelta(minutes=-10)) as (engine, traffic):
        traffic.begin(NAME)
        await asyncio.sleep(12)
        hasty = replace(engine.claims, grace=timedelta(seconds=3))
        await Sleeper((engine.service,), hasty, FLUSH).sweep()

        assert 0 in engine.counts_told
        traffic.end(NAME)
