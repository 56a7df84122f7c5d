"""When the ledger hears of uses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from tests.engine.running import ECS, NAME, a_fleet, after, an_engine, as_deployed
from tests.fakes import MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, Record
from wakeproxy.engine.traffic import Traffic
from wakeproxy.errors import LedgerError

BLOG = ServiceName("blog")
BROKEN = LedgerError("The ledger could not be used: disk I/O error.")


@dataclass(frozen=True, slots=True)
class Counting:
    """Traffic that flushes, and what came of it."""

    traffic: Traffic
    ledger: MemoryLedger
    heard: list[tuple[ServiceName, Record]] = field(default_factory=list)

    @property
    def told(self) -> int:
        return self.ledger.calls["note_use"]


@asynccontextmanager
async def counting() -> AsyncIterator[Counting]:
    heard: list[tuple[ServiceName, Record]] = []
    ledger = MemoryLedger()
    traffic = Traffic(
        ledger,
        front="here",
        clock=clock,
        flush_interval=timedelta(seconds=1),
        on_record=lambda name, record: heard.append((name, record)),
    )
    traffic.start()
    yield Counting(traffic, ledger, heard)
    await traffic.stop()


async def test_a_use_after_a_quiet_spell_is_told_at_once() -> None:
    async with counting() as it:
        await asyncio.sleep(60)
        it.traffic.begin(NAME)
        it.traffic.end(NAME)
        await asyncio.sleep(0.01)

        assert it.ledger.records[NAME].last_used_at == after(60)


async def test_a_use_that_goes_on_is_told_once_per_interval() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        await asyncio.sleep(10.5)

        assert it.told == 11
        assert it.ledger.records[NAME].last_used_at == after(10)


async def test_many_uses_are_told_once_per_interval() -> None:
    async with counting() as it:
        for _ in range(1000):
            it.traffic.begin(NAME)
            it.traffic.end(NAME)
            await asyncio.sleep(0.01)

        assert it.told <= 11


async def test_the_end_of_a_use_is_told_too() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        await asyncio.sleep(3.5)
        it.traffic.end(NAME)
        await asyncio.sleep(1)

        assert it.ledger.records[NAME].last_used_at == after(3.5)


async def test_nothing_is_told_while_nothing_is_used() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        it.traffic.end(NAME)
        await asyncio.sleep(5)
        told = it.told
        await asyncio.sleep(3600)

        assert it.told == told


async def test_uses_of_many_services_are_told_of_each() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        it.traffic.begin(BLOG)
        await asyncio.sleep(0.01)

        assert set(it.ledger.records) == {NAME, BLOG}


async def test_what_the_ledger_answers_is_passed_on() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        await asyncio.sleep(0.01)

        assert it.heard == [(NAME, Record(intent=Intent.AWAKE, last_used_at=after(0), used_by="here", in_flight=1))]


async def test_stopping_tells_what_is_left() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        await asyncio.sleep(0.5)
        it.traffic.end(NAME)
        await it.traffic.stop()

        assert it.ledger.records[NAME].last_used_at == after(0.5)


async def test_uses_are_kept_for_a_ledger_that_cannot_be_reached() -> None:
    async with counting() as it:
        it.ledger.error = BROKEN
        it.traffic.begin(NAME)
        it.traffic.end(NAME)
        await asyncio.sleep(5)
        it.ledger.error = None
        await asyncio.sleep(1)

        assert it.ledger.records[NAME].last_used_at == after(0)


async def test_a_ledger_that_was_slow_to_refuse_is_told_again_at_once() -> None:
    async with counting() as it:
        it.ledger.error, it.ledger.latency = BROKEN, 2.0
        it.traffic.begin(NAME)
        it.traffic.end(NAME)
        await asyncio.sleep(2.1)

        assert it.told == 2


async def test_a_flush_says_whether_the_ledger_knows_every_use() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        it.traffic.begin(BLOG)
        it.ledger.error = BROKEN
        assert not await it.traffic.flush()
        it.ledger.error = None
        assert await it.traffic.flush()


async def test_a_use_that_could_not_be_told_of_is_told_again_within_a_second() -> None:
    ledger = MemoryLedger(error=BROKEN)
    traffic = Traffic(
        ledger, front="here", clock=clock, flush_interval=timedelta(seconds=10), on_record=lambda *_: None
    )
    traffic.start()
    traffic.begin(NAME)
    await asyncio.sleep(0.5)
    ledger.error = None
    await asyncio.sleep(0.6)

    assert (ledger.calls["note_use"], NAME in ledger.records) == (2, True)
    await traffic.stop()


async def test_the_ledger_hears_who_has_how_many_in_flight() -> None:
    async with counting() as it:
        for _ in range(3):
            it.traffic.begin(NAME)
        await asyncio.sleep(0.01)
        it.traffic.end(NAME)
        told = [it.ledger.records[NAME]]
        await asyncio.sleep(1)
        told.append(it.ledger.records[NAME])

    assert [(record.used_by, record.in_flight) for record in told] == [("here", 3), ("here", 2)]


async def test_a_request_in_flight_keeps_a_service_awake() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    as_deployed(fleet)
    async with an_engine(fleet, ledger) as engine:
        traffic = Traffic(
            ledger, front="here", clock=clock, flush_interval=timedelta(seconds=1), on_record=engine.waker.hear
        )
        traffic.start()
        traffic.begin(NAME)
        await asyncio.sleep(7200)
        await engine.sleeper().sweep()

        assert (engine.phase, fleet.services[ECS].desired) == (Phase.AWAKE, 1)
        await traffic.stop()


async def test_a_service_that_is_not_kept_is_forgotten_at_once_when_nobody_uses_it() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        it.traffic.end(NAME)
        await asyncio.sleep(60)
        gone: list[ServiceName] = []
        it.traffic.on_gone = gone.append
        it.traffic.keep({BLOG})

        assert (gone, it.traffic.last_used_at, it.traffic.in_flight) == ([NAME], {}, {})


async def test_a_use_that_goes_on_is_told_of_to_its_end_and_then_forgotten() -> None:
    async with counting() as it:
        gone: list[ServiceName] = []
        it.traffic.on_gone = gone.append
        it.traffic.begin(NAME)
        it.traffic.keep({BLOG})
        await asyncio.sleep(60)
        assert (gone, it.traffic.in_flight) == ([], {NAME: 1})

        it.traffic.end(NAME)
        await asyncio.sleep(2)

        assert (gone, it.traffic.last_used_at, it.traffic.in_flight) == ([NAME], {}, {})
        assert it.ledger.records[NAME].last_used_at == after(60)


async def test_what_is_kept_again_before_its_last_use_ended_is_not_forgotten() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        it.traffic.keep({BLOG})
        it.traffic.keep({NAME})
        it.traffic.end(NAME)
        await asyncio.sleep(60)

        assert it.traffic.last_used_at.keys() == {NAME}


async def test_that_nobody_is_told_of_what_is_forgotten_is_no_error() -> None:
    async with counting() as it:
        it.traffic.begin(NAME)
        it.traffic.end(NAME)
        await asyncio.sleep(60)
        it.traffic.keep(())

        assert it.traffic.last_used_at == {}


async def test_uses_are_told_in_the_order_in_which_they_began() -> None:
    """A set's order differs from process to process, and so would what a given schedule of calls leads to."""
    names = [ServiceName(f"service-{number * 7 % 32}") for number in range(32)]
    told: list[ServiceName] = []
    traffic = Traffic(
        MemoryLedger(),
        front="here",
        clock=clock,
        flush_interval=timedelta(seconds=1),
        on_record=lambda name, _: told.append(name),
    )
    for number, name in enumerate(names):
        traffic.begin(name)
        if number % 2:
            traffic.end(name)
    await traffic.flush()

    assert told == names
