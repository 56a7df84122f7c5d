"""What a front takes up of the ledger at its start, however many services there are."""

import asyncio
from datetime import timedelta

from tests.fakes import MemoryLedger
from wakeproxy.bootstrap.engine import recall
from wakeproxy.bootstrap.house import now
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import PastWake, Record
from wakeproxy.engine.engine import Memory
from wakeproxy.errors import LedgerError

NAMES = [ServiceName(f"shop-{number}") for number in range(450)]


async def test_all_is_recalled_some_services_at_a_time() -> None:
    wake = PastWake(now() - timedelta(minutes=1), now())
    ledger = MemoryLedger(records={NAMES[-1]: Record(7)}, history={NAMES[0]: [wake]})

    memory = await recall(ledger, NAMES)

    assert set(memory.records) == set(memory.wakes) == set(NAMES)
    assert (memory.records[NAMES[-1]], memory.wakes[NAMES[0]]) == (Record(7), [wake])
    assert ledger.calls == {"read": 3, "wakes": 3}


async def test_what_cannot_be_recalled_whole_is_not_recalled() -> None:
    ledger = MemoryLedger(latency=0.01)

    recalling = asyncio.create_task(recall(ledger, NAMES))
    while not ledger.calls["wakes"]:
        await asyncio.sleep(0)
    ledger.error = LedgerError("The ledger is away.")

    assert await recalling == Memory()


async def test_of_no_services_nothing_is_asked() -> None:
    ledger = MemoryLedger()

    assert await recall(ledger, ()) == Memory()
    assert not ledger.calls
