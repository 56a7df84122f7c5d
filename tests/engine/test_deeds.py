"""What an engine did, counted: each wake once, by whoever claimed it."""

import asyncio
from datetime import timedelta

from tests.engine.running import ECS, NAME, NO_IMAGE, a_fleet, after, an_engine, as_deployed
from tests.fakes import MemoryLedger, clock
from wakeproxy.core.counts import Histogram
from wakeproxy.core.idleness import Kind
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import PastWake
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.tally import Tally

BLOG = ServiceName("blog")


async def test_a_wake_that_ended_well_is_counted_with_its_stages() -> None:
    async with an_engine() as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

    deeds = engine.waker.deeds
    assert deeds.wakes == {(NAME, "awake"): 1}
    stages = {stage: each.read() for (_, stage), each in deeds.wake_seconds.items()}
    total = stages.pop("total")
    assert {"requested", "provisioning", "running"} <= stages.keys()
    assert "answering" not in stages
    assert sum(total.counts) == 1
    assert round(sum(each.total for each in stages.values()), 6) == round(total.total, 6)


async def test_a_wake_that_failed_is_counted_without_times() -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = NO_IMAGE
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED, within=600)

    assert engine.waker.deeds.wakes == {(NAME, "failed"): 1}
    assert engine.waker.deeds.wake_seconds == {}


async def test_a_wake_that_another_process_claimed_is_its_own_to_count() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as first, an_engine(fleet, ledger) as second:
        first.ask()
        await asyncio.sleep(0.5)
        second.ask()
        await first.reach(Phase.AWAKE)
        await second.reach(Phase.AWAKE)

    assert first.waker.deeds.wakes.total() + second.waker.deeds.wakes.total() == 1


async def test_what_was_awake_before_is_no_wake() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)

    assert (engine.waker.deeds.wakes, engine.waker.deeds.wake_seconds) == ({}, {})


async def test_the_time_asleep_is_counted_while_it_goes_on_and_not_beyond() -> None:
    async with an_engine() as engine:
        await asyncio.sleep(100)
        asleep = engine.waker.deeds.asleep_seconds(NAME, clock())
        engine.ask()
        await engine.reach(Phase.AWAKE)
        later = engine.waker.deeds.asleep_seconds(NAME, clock())
        assert await engine.claims.sleep(engine.service, engine.ledger.records[NAME])
        await engine.reach(Phase.ASLEEP)
        await asyncio.sleep(100)
        again = engine.waker.deeds.asleep_seconds(NAME, clock())

    assert 99 < asleep <= later <= 100
    assert 198 < again < 202


async def test_what_was_not_looked_at_or_does_not_exist_is_not_asleep() -> None:
    fleet = a_fleet()
    fleet.services[ECS].status = "MISSING"
    async with an_engine(fleet) as engine:
        before = engine.waker.deeds.asleep_seconds(NAME, clock())
        await asyncio.sleep(100)

        assert (before, engine.waker.deeds.asleep_seconds(NAME, clock())) == (0, 0)


def test_a_bound_belongs_to_its_bucket_and_what_is_beyond_the_last_to_the_open_one() -> None:
    tally = Tally([1.0, 2.0])
    for seconds in (1.0, 1.5, 2.5):
        tally.add(seconds)

    assert tally.read() == Histogram((1.0, 2.0), (1, 1, 1), 5.0)


def test_sleeps_are_counted_by_their_reason() -> None:
    deeds = Deeds()
    deeds.note_sleep(NAME, Kind.IDLE)
    deeds.note_sleep(NAME, Kind.IDLE)
    deeds.note_sleep(NAME, Kind.ASKED)

    assert deeds.sleeps == {(NAME, "idle"): 2, (NAME, "asked"): 1}


async def test_what_is_counted_of_a_service_is_forgotten_with_it() -> None:
    deeds = Deeds()
    for name in (NAME, BLOG):
        deeds.note_sleep(name, Kind.IDLE)
        deeds.note_wake(name, PastWake(after(0), after(1)))
        deeds.note_rest(name, is_asleep=True, at=after(0))
        deeds.note_rest(name, is_asleep=False, at=after(5))
        deeds.note_rest(name, is_asleep=True, at=after(7))
    deeds.keep({BLOG})

    assert [deeds.wakes, deeds.sleeps] == [{(BLOG, "awake"): 1}, {(BLOG, "idle"): 1}]
    assert deeds.wake_seconds.keys() == {(BLOG, "total")}
    assert [deeds.asleep_seconds(name, after(10)) for name in (NAME, BLOG)] == [0.0, 8.0]


def test_sweeps_are_counted_by_how_long_they_took() -> None:
    deeds = Deeds()
    deeds.note_sweep(timedelta(seconds=3))

    assert (sum(deeds.sweep_seconds.read().counts), deeds.sweep_seconds.read().total) == (1, 3.0)
