"""Keeping awake: what was asked for wins over a sleep under way, is never forgotten, and wakes nothing by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.engine.running import NAME, Engine, after, an_engine
from tests.engine.test_sleeper import sweep, up, used
from tests.fakes import MemoryLedger, clock
from wakeproxy.core.idleness import Sleep, Stay
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, Record, Use, claim_sleep
from wakeproxy.errors import LedgerError

HOUR = timedelta(hours=1)


@asynccontextmanager
async def unused() -> AsyncIterator[Engine]:
    """A service that is up and that the next sweep puts to sleep."""
    async with up(used(1200)) as engine:
        await engine.reach(Phase.AWAKE)
        yield engine


async def test_what_is_kept_awake_is_not_put_to_sleep_before_its_time_and_then_is() -> None:
    async with unused() as engine:
        await engine.claims.keep_awake(NAME, clock() + HOUR)
        assert not (await sweep(engine)).is_done
        await asyncio.sleep(3590)
        assert not (await sweep(engine)).is_done
        await asyncio.sleep(20)
        assert (await sweep(engine)).is_done


async def test_keeping_awake_changes_neither_the_intent_nor_the_last_use() -> None:
    ledger = used(60)
    before = ledger.records[NAME]
    async with an_engine(ledger=ledger) as engine:
        kept = await engine.claims.keep_awake(NAME, clock() + HOUR)

    assert kept == ledger.records[NAME]
    assert (kept.intent, kept.claimed_at, kept.last_used_at) == (before.intent, before.claimed_at, before.last_used_at)
    assert kept.awake_until == after(0) + HOUR


async def test_what_sleeps_is_not_woken() -> None:
    async with an_engine() as engine:
        await engine.claims.keep_awake(NAME, clock() + HOUR)
        await asyncio.sleep(60)

        assert (engine.phase, engine.counts_told) == (Phase.ASLEEP, [])


async def test_it_can_be_called_off() -> None:
    async with unused() as engine:
        await engine.claims.keep_awake(NAME, clock() + HOUR)
        await engine.claims.keep_awake(NAME, None)

        assert (await sweep(engine)).is_done


async def test_what_is_asked_for_holds_exactly_unless_it_is_a_least() -> None:
    async with an_engine() as engine:
        now = clock()
        await engine.claims.keep_awake(NAME, now + 2 * HOUR)
        longest = await engine.claims.keep_awake(NAME, now + HOUR, is_least=True)
        shorter = await engine.claims.keep_awake(NAME, now + HOUR)
        longer = await engine.claims.keep_awake(NAME, now + 3 * HOUR, is_least=True)

    kept = [record.awake_until for record in (longest, shorter, longer)]
    assert kept == [now + 2 * HOUR, now + HOUR, now + 3 * HOUR]


async def test_asking_for_what_holds_already_writes_nothing() -> None:
    async with an_engine() as engine:
        until = clock() + HOUR
        first = await engine.claims.keep_awake(NAME, until)
        again = await engine.claims.keep_awake(NAME, until)

        assert (again, engine.ledger.calls["swap"]) == (first, 1)


@pytest.mark.parametrize("offset", [0.0, 0.004, 0.007, 0.01, 0.5, 2.9, 3.0, 3.004, 3.01])
async def test_keeping_awake_wins_over_a_sleep_in_its_grace(offset: float) -> None:
    async with unused() as engine:
        engine.ledger.latency = 0.005
        sweeping = asyncio.gather(sweep(engine))
        await asyncio.sleep(offset)
        await engine.claims.keep_awake(NAME, clock() + HOUR)
        (decision,) = await sweeping

        assert not decision.is_done
        assert engine.counts_told == []
        assert engine.ledger.records[NAME].awake_until is not None


@pytest.mark.parametrize("offset", [0.0, 0.005, 0.01, 0.015])
async def test_a_wake_and_keeping_awake_at_once_lose_neither(offset: float) -> None:
    ledger = MemoryLedger(latency=0.005)
    async with an_engine(ledger=ledger) as engine:
        engine.ask()
        await asyncio.sleep(offset)
        await engine.claims.keep_awake(NAME, clock() + HOUR)
        await engine.reach(Phase.AWAKE)

    assert (ledger.records[NAME].intent, ledger.records[NAME].awake_until is not None) == (Intent.AWAKE, True)


async def test_a_use_noted_meanwhile_is_no_reason_to_give_up() -> None:
    ledger = used(60)
    ledger.latency = 0.01
    async with an_engine(ledger=ledger) as engine:
        until = clock() + HOUR
        keeping = asyncio.gather(engine.claims.keep_awake(NAME, until))
        await asyncio.sleep(0.015)
        ledger.records[NAME] = Record(1, Intent.AWAKE, None, clock())
        (kept,) = await keeping

    assert (kept.awake_until, kept.last_used_at) == (until, ledger.records[NAME].last_used_at)


async def test_without_the_ledger_nothing_is_promised() -> None:
    async with an_engine() as engine:
        engine.ledger.error = LedgerError("The ledger could not be used.")
        with pytest.raises(LedgerError):
            await engine.claims.keep_awake(NAME, clock() + HOUR)


# A sleep whose call to AWS is on its way already.


async def test_a_sleep_that_aws_was_just_told_of_is_undone() -> None:
    async with unused() as engine:
        sleeping = claim_sleep(engine.ledger.records[NAME], clock())
        engine.ledger.records[NAME] = sleeping
        kept = await engine.claims.keep_awake(NAME, clock() + HOUR)
        holding = asyncio.gather(engine.claims.hold_up(engine.service, kept))
        await asyncio.sleep(0.5)
        await engine.fleet.scale(engine.service.ecs, desired_count=0)
        await holding

        assert engine.counts_told == [0, 1]
        assert engine.ledger.records[NAME].intent is Intent.AWAKE


async def test_what_nobody_puts_to_sleep_needs_no_holding_up() -> None:
    async with unused() as engine:
        kept = await engine.claims.keep_awake(NAME, clock() + HOUR)
        await engine.claims.hold_up(engine.service, kept)
        await engine.claims.hold_up(engine.service, Record(3, Intent.ASLEEP, clock() - HOUR))
        await engine.claims.hold_up(engine.service, Record())

        assert engine.counts_told == []


async def test_a_sleep_by_hand_that_follows_is_not_undone() -> None:
    async with unused() as engine:
        engine.ledger.records[NAME] = claim_sleep(engine.ledger.records[NAME], clock())
        kept = await engine.claims.keep_awake(NAME, clock() + HOUR)
        holding = asyncio.gather(engine.claims.hold_up(engine.service, kept))
        await asyncio.sleep(1)
        assert await engine.claims.sleep(engine.service, engine.ledger.records[NAME])
        await holding

        assert engine.counts_told == [0]


async def test_who_is_not_first_to_undo_a_sleep_leaves_it_to_the_first() -> None:
    async with unused() as engine:
        asleep = claim_sleep(engine.ledger.records[NAME], clock())
        assert (await engine.claims.claim_wake(NAME)).is_ours
        began = clock()
        await engine.claims.hold_up(engine.service, asleep)

        assert clock() - began < timedelta(seconds=1)


# What a visitor asks for.


async def test_a_visitors_wish_is_told_at_once_and_written_down() -> None:
    async with unused() as engine:
        engine.waker.keep_awake(NAME, clock() + HOUR)
        assert engine.sight.outlook.kept_until == clock() + HOUR
        await asyncio.sleep(0.1)

        assert engine.ledger.records[NAME].awake_until == engine.sight.outlook.kept_until
        assert not (await sweep(engine)).is_done


async def test_a_visitors_wish_never_shortens_anothers() -> None:
    async with unused() as engine:
        longest = (await engine.claims.keep_awake(NAME, clock() + 5 * HOUR)).awake_until
        engine.waker.keep_awake(NAME, clock() + HOUR)
        await asyncio.sleep(0.1)

        assert engine.ledger.records[NAME].awake_until == longest
        assert engine.waker.lives[NAME].record.awake_until == longest


async def test_a_visitors_wish_outlives_a_ledger_that_cannot_be_told() -> None:
    async with unused() as engine:
        engine.ledger.error = LedgerError("The ledger could not be used.")
        engine.waker.keep_awake(NAME, clock() + HOUR)
        await asyncio.sleep(60)
        engine.waker.keep_awake(NAME, clock() + HOUR)
        engine.ledger.error = None
        await asyncio.sleep(10)

        assert engine.ledger.records[NAME].awake_until == engine.sight.outlook.kept_until


async def test_a_wish_that_is_over_before_the_ledger_can_be_told_is_dropped() -> None:
    async with unused() as engine:
        engine.ledger.error = LedgerError("The ledger could not be used.")
        engine.waker.keep_awake(NAME, clock() + timedelta(seconds=2))
        await asyncio.sleep(10)
        calls = engine.ledger.calls["read"]
        await asyncio.sleep(60)

        assert engine.ledger.calls["read"] == calls


async def test_who_asks_twice_at_once_is_told_of_with_the_later() -> None:
    async with unused() as engine:
        engine.ledger.latency = 0.1
        engine.waker.keep_awake(NAME, clock() + HOUR)
        await asyncio.sleep(0.15)
        latest = clock() + 2 * HOUR
        engine.waker.keep_awake(NAME, latest)
        await asyncio.sleep(1)

        assert engine.ledger.records[NAME].awake_until == latest


async def test_a_visitors_wish_calls_off_a_sleep_even_while_aws_is_being_told() -> None:
    async with unused() as engine:
        engine.fleet.latency = 0.2
        sweeping = asyncio.gather(sweep(engine))
        await asyncio.sleep(3.5)
        assert engine.counts_told == [0]
        engine.waker.keep_awake(NAME, clock() + HOUR)
        await sweeping
        await asyncio.sleep(30)

        assert engine.phase is Phase.AWAKE
        assert engine.fleet.services[engine.service.ecs].desired == 1


# What is told of a stay.


async def test_what_is_awake_is_told_since_its_app_answered() -> None:
    async with an_engine() as engine:
        engine.ask()
        sight = await engine.reach(Phase.AWAKE)

        assert sight.outlook.awake_since == clock()
        assert sight.outlook.used_at == engine.ledger.records[NAME].last_used_at


async def test_what_was_awake_before_is_told_since_its_tasks_started() -> None:
    async with unused() as engine:
        assert engine.sight.outlook.awake_since == after(10) - HOUR


async def test_what_the_ledger_hears_of_a_use_is_told() -> None:
    async with unused() as engine:
        record = await engine.ledger.note_use(NAME, Use(clock(), "here"))
        engine.waker.hear(NAME, record)

        assert engine.sight.outlook.used_at == clock()


async def test_what_a_sweep_said_is_told_until_the_next() -> None:
    async with unused() as engine:
        stay = Stay("a deployment is in progress", clock())
        engine.waker.learn(NAME, stay)
        assert (engine.sight.outlook.stay, engine.sight.outlook.judged_at) == (stay, clock())
        engine.waker.learn(NAME, Sleep("unused"))
        assert engine.sight.outlook.stay is None


async def test_what_a_sweep_said_is_over_when_somebody_has_a_say() -> None:
    async with unused() as engine:
        engine.waker.hear(NAME, await engine.claims.keep_awake(NAME, clock() + HOUR))
        engine.waker.learn(NAME, Stay("kept awake until later", clock() + HOUR))
        engine.waker.hear(NAME, await engine.claims.keep_awake(NAME, None))

        assert (engine.sight.outlook.stay, engine.sight.outlook.kept_until) == (None, None)


async def test_of_what_sleeps_a_sweep_tells_nothing_new() -> None:
    async with an_engine() as engine:
        engine.waker.learn(NAME, Stay("already asleep"))

        assert engine.sight.outlook.stay is None


async def test_of_what_was_removed_meanwhile_nothing_is_noted() -> None:
    async with unused() as engine:
        engine.waker.learn(ServiceName("gone"), Sleep("unused"))
        engine.waker.keep_awake(ServiceName("gone"), clock() + HOUR)

        assert engine.sight.outlook.stay is None
