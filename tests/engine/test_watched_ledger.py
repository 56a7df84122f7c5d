"""Whether the ledger can be reached: known, said once per change, and tried again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.engine.running import NAME, after
from tests.fakes import EPOCH, MemoryLedger
from wakeproxy.core.record import PastWake, Record, Use, claim_wake
from wakeproxy.engine.tasks import Tasks
from wakeproxy.engine.watched_ledger import WatchedLedger
from wakeproxy.errors import LedgerError

BROKEN = LedgerError("The ledger could not be used: disk I/O error.")
LOST = "the ledger cannot be reached; wakes go on without it, nothing is put to sleep meanwhile"
WAKE = PastWake(EPOCH, EPOCH)


@asynccontextmanager
async def watching(ledger: MemoryLedger) -> AsyncIterator[WatchedLedger]:
    watched, tasks = WatchedLedger(ledger), Tasks("ledger")
    tasks.repeat(watched.turn, name="turn")
    yield watched
    await tasks.stop()


async def read(ledger: WatchedLedger) -> None:
    with pytest.raises(LedgerError, match="disk I/O"):
        await ledger.read([NAME])


async def test_everything_is_passed_on() -> None:
    ledger = MemoryLedger()
    watched = WatchedLedger(ledger)
    claimed = claim_wake(Record(), after(0))

    assert await watched.swap(NAME, Record(), claimed)
    assert (await watched.note_use(NAME, Use(after(1), "here"))).used_by == "here"
    assert (await watched.note_ready(NAME, 1, ("a",))).ready == ("a",)
    await watched.add_wake(NAME, WAKE)
    assert await watched.read([NAME]) == ledger.records
    assert await watched.wakes([NAME]) == {NAME: [WAKE]}
    await watched.close()
    assert ledger.is_closed
    assert watched.error is None


async def test_a_ledger_that_cannot_be_reached_is_told_with_its_reason_and_its_user_hears_too() -> None:
    watched = WatchedLedger(MemoryLedger(BROKEN))
    await read(watched)

    assert watched.error is BROKEN


async def test_each_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ledger = MemoryLedger(BROKEN)
    async with watching(ledger) as watched:
        for _ in range(100):
            await read(watched)
            await asyncio.sleep(0.1)
        ledger.error = None
        await watched.found()

    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, f"{LOST}: {BROKEN}"),
        (logging.INFO, "the ledger can be reached again"),
    ]


async def test_a_ledger_that_nobody_asks_is_found_again_all_the_same() -> None:
    ledger = MemoryLedger(BROKEN)
    async with watching(ledger) as watched:
        await read(watched)
        await asyncio.sleep(60)
        lost = watched.error
        ledger.error = None
        async with asyncio.timeout(2.1):
            await watched.found()

        assert (lost, watched.error) == (BROKEN, None)
        assert ledger.records == {}, "it was tried without effect"


async def test_a_ledger_that_answers_is_not_asked_in_vain() -> None:
    ledger = MemoryLedger()
    async with watching(ledger) as watched:
        await watched.read([NAME])
        await asyncio.sleep(3600)

    assert ledger.calls.total() == 1


async def test_one_thing_that_works_does_not_mean_that_another_does() -> None:
    ledger = MemoryLedger()
    watched = WatchedLedger(ledger)
    ledger.error = BROKEN
    with pytest.raises(LedgerError):
        await watched.note_use(NAME, Use(after(0), "here"))
    await read(watched)
    ledger.error = None
    await watched.read([NAME])
    half = watched.error
    await watched.note_use(NAME, Use(after(0), "here"))

    assert (half, watched.error) == (BROKEN, None)
