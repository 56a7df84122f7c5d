"""A front whose ledger cannot be reached for a while: it goes on by what it knows, and later by the ledger again."""

import asyncio
import logging
from datetime import timedelta

import pytest

from tests.engine.running import ECS, NAME, Engine, a_fleet, after, an_engine, as_deployed
from tests.fakes import MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import Intent, PastWake, Record, Use
from wakeproxy.errors import LedgerError

NO_LEDGER = LedgerError("The ledger could not be used: disk I/O error.")


def slept() -> Record:
    """What the ledger says of a service that was put to sleep an hour ago."""
    return Record(7, Intent.ASLEEP, claimed_at=after(-3600), last_used_at=after(-7200))


async def remember(engine: Engine) -> None:
    """Do as the front does when the ledger is found again."""
    engine.waker.remember(await engine.ledger.read([NAME]), await engine.ledger.wakes([NAME]))


async def test_a_crowd_is_one_update_even_while_aws_shows_nothing_of_it_yet() -> None:
    fleet = a_fleet()
    fleet.lag = timedelta(seconds=4)
    async with an_engine(fleet, MemoryLedger(NO_LEDGER)) as engine:
        for _ in range(1000):
            engine.ask()
        await asyncio.sleep(2)
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [1]


async def test_a_wake_made_without_the_ledger_is_in_it_once_it_hears_of_the_use() -> None:
    ledger = MemoryLedger(records={NAME: slept()})
    async with an_engine(ledger=ledger) as engine:
        ledger.error = NO_LEDGER
        engine.ask()
        await engine.reach(Phase.AWAKE)
        ledger.error = None
        engine.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "here")))
        await asyncio.sleep(1)

        assert (ledger.records[NAME].generation, ledger.records[NAME].intent) == (8, Intent.AWAKE)
        assert engine.waker.lives[NAME].record == ledger.records[NAME]
        assert engine.counts_told == [1]


async def test_a_wake_without_the_ledger_is_no_warning_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    async with an_engine(ledger=MemoryLedger(NO_LEDGER)) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(60)

    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"the wake of shop is not in the history: {NO_LEDGER}"
    ]


async def test_what_the_ledger_remembers_is_taken_up_late() -> None:
    past = PastWake(after(-100), after(-90), stages=((Stage.REQUESTED, after(-100)),))
    ledger = MemoryLedger(NO_LEDGER, records={NAME: slept()}, history={NAME: [past]})
    async with an_engine(ledger=ledger) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        ledger.error = None
        await remember(engine)

        life = engine.waker.lives[NAME]
        assert (life.record, life.wakes[0], len(life.wakes)) == (slept(), past, 2)


@pytest.mark.parametrize(("is_up", "phase"), [(False, Phase.FAILED), (True, Phase.AWAKE)])
async def test_a_failure_remembered_late_holds_back_what_sleeps_but_disturbs_nothing_that_runs(
    *, is_up: bool, phase: Phase
) -> None:
    fleet = a_fleet()
    if is_up:
        as_deployed(fleet)
    failed = PastWake(after(-10), after(-5), failure="The image cannot be pulled.")
    ledger = MemoryLedger(NO_LEDGER, history={NAME: [failed]})
    async with an_engine(fleet, ledger) as engine:
        await asyncio.sleep(5)
        ledger.error = None
        await remember(engine)

        assert engine.phase is phase
        assert fleet.services[ECS].desired == int(is_up)
