"""Processes whose clocks disagree: nothing depends on it which claim holds, and whether it is carried out."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.running import ECS, NAME, a_fleet, after, an_engine, as_deployed
from tests.fakes import MemoryLedger, clock
from wakeproxy.core.idleness import Sleep
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.record import Intent, Record, claim_wake
from wakeproxy.engine.claims import grace_for
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.traffic import Traffic

FLUSH = timedelta(seconds=10)
SKEWS = [timedelta(minutes=-10), timedelta(seconds=-6), timedelta(seconds=6), timedelta(minutes=10)]


@pytest.mark.parametrize("ahead", SKEWS)
@pytest.mark.parametrize("apart", [0.0, 0.05, 1.0, 4.9])
async def test_two_fronts_tell_aws_once_whatever_their_clocks_say(apart: float, ahead: timedelta) -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.lag = timedelta(seconds=4)
    async with an_engine(fleet, ledger) as one, an_engine(fleet, ledger, ahead=ahead) as other:
        one.ask()
        await asyncio.sleep(apart)
        other.ask()
        await one.reach(Phase.AWAKE)
        await other.reach(Phase.AWAKE)

        assert fleet.scaled == [(ECS, 1)]


@pytest.mark.parametrize("ahead", SKEWS)
async def test_a_claimer_with_a_wrong_clock_that_died_is_replaced_after_five_seconds(ahead: timedelta) -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as engine:
        ledger.records[NAME] = claim_wake(Record(), after(0) + ahead)
        engine.ask()
        await asyncio.sleep(4.9)
        assert engine.counts_told == []
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]


@pytest.mark.parametrize("ahead", SKEWS)
async def test_a_sleepers_call_that_comes_late_does_not_undo_a_wake_claimed_by_a_wrong_clock(ahead: timedelta) -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(60)
        ledger.records[NAME] = claim_wake(ledger.records[NAME], after(70) + ahead)
        engine.waker.hear(NAME, ledger.records[NAME])
        await asyncio.sleep(8)
        await fleet.scale(ECS, desired_count=0)
        await asyncio.sleep(60)

        assert (fleet.services[ECS].desired, engine.phase) == (1, Phase.AWAKE)


async def test_a_restart_takes_a_claim_for_as_old_as_it_says() -> None:
    fleet = a_fleet()
    ledger = MemoryLedger(records={NAME: claim_wake(Record(), after(-60))})
    async with an_engine(fleet, ledger) as engine:
        await asyncio.sleep(1)

        assert (engine.phase, engine.counts_told) == (Phase.ASLEEP, [])
        assert ledger.records[NAME].intent is Intent.AWAKE


async def test_what_is_in_use_is_left_awake_by_a_sleeper_whose_clock_runs_ahead() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    as_deployed(fleet)
    async with an_engine(fleet, ledger) as engine, an_engine(fleet, ledger, ahead=timedelta(hours=1)) as ahead:
        await engine.reach(Phase.AWAKE)
        traffic = Traffic(ledger, front="here", clock=clock, flush_interval=FLUSH, on_record=engine.waker.hear)
        traffic.start()
        traffic.begin(NAME)
        await asyncio.sleep(301)
        sleeper = Sleeper((engine.service,), replace(ahead.claims, grace=grace_for(FLUSH)), FLUSH)
        (decision,) = await sleeper.sweep()
        await traffic.stop()

        assert isinstance(decision.judgement, Sleep)
        assert (decision.is_done, engine.counts_told, engine.phase) == (False, [], Phase.AWAKE)
