"""Readiness found by one front helps all: who tells whom, who believes it, and what is never believed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import repeat

import pytest

from tests.engine.running import ECS, NAME, SHOP, Engine, a_fleet, after, an_engine, as_deployed
from tests.fakes import EPOCH, Course, FakeFleet, MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import MOST_READY, Intent, Record, Use, claim_sleep, claim_wake
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.life import Life
from wakeproxy.errors import FleetError, LedgerError

FIRST = "arn:aws:ecs:eu-central-1:123456789012:task/apps/shop/1"
SECOND = "arn:aws:ecs:eu-central-1:123456789012:task/apps/shop/2"
A_LOOK = 16.0
"""Seconds within which an awake service is looked at."""


def woken(*ready: str) -> MemoryLedger:
    """A ledger that knows of a wake an hour ago, and of the tasks somebody found answering since."""
    claimed = claim_wake(Record(), after(-3600))
    return MemoryLedger(records={NAME: replace(claimed, ready=ready)})


def up(count: int = 1) -> FakeFleet:
    fleet = a_fleet()
    as_deployed(fleet, count)
    return fleet


def answering(engine: Engine) -> list[str]:
    return [endpoint.task for endpoint in engine.sight.endpoints]


@asynccontextmanager
async def a_deaf_engine(fleet: FakeFleet, ledger: MemoryLedger) -> AsyncIterator[Engine]:
    """A front whose own probes never get an answer, so that what it knows it has from others."""
    async with an_engine(fleet, ledger) as engine:
        engine.prober.answers = False
        yield engine


# Telling.


async def test_who_finds_a_woken_service_answering_tells_it_once() -> None:
    async with an_engine() as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(600)

        assert engine.ledger.records[NAME].ready == (FIRST,)
        assert engine.ledger.calls["note_ready"] == 1


async def test_a_further_task_that_answers_is_told_too() -> None:
    ledger = woken()
    fleet = up(2)
    async with an_engine(fleet, ledger) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)

        assert ledger.records[NAME].ready == (FIRST, SECOND)


async def test_a_task_that_refuses_is_taken_back_and_told_again_when_it_answers() -> None:
    ledger = woken()
    async with an_engine(up(), ledger) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)
        engine.prober.answers = False
        engine.waker.refuse(NAME, engine.sight.endpoints[0])
        await asyncio.sleep(1)
        assert ledger.records[NAME].ready == ()

        engine.prober.answers = True
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(0.01)
        assert ledger.records[NAME].ready == (FIRST,)


async def test_a_task_that_was_replaced_is_taken_back_with_its_successors_news() -> None:
    ledger = woken()
    fleet = up()
    async with an_engine(fleet, ledger) as engine:
        await engine.reach(Phase.AWAKE)
        fleet.services[ECS].tasks[0].told_to_stop_at = clock()
        await engine.board.until(NAME, lambda sight: [e.task for e in sight.endpoints] == [SECOND])
        await asyncio.sleep(1)

        assert ledger.records[NAME].ready == (SECOND,)


async def test_what_others_found_is_kept_when_news_are_told() -> None:
    ledger = woken(FIRST)
    async with an_engine(up(2), ledger) as engine:
        await engine.board.until(NAME, lambda sight: len(sight.endpoints) == 2)
        await asyncio.sleep(1)

        assert ledger.records[NAME].ready == (FIRST, SECOND)


async def test_nothing_is_told_of_a_service_that_nobody_woke_nor_of_one_wanted_asleep() -> None:
    for ledger in (MemoryLedger(), MemoryLedger(records={NAME: Record(3, Intent.ASLEEP)})):
        async with an_engine(up(), ledger) as engine:
            await engine.reach(Phase.AWAKE)
            await asyncio.sleep(60)

        assert ledger.calls["note_ready"] == 0


async def test_news_of_an_older_generation_are_told_again_in_the_new_one() -> None:
    ledger = woken()
    async with an_engine(up(), ledger) as engine:
        ledger.records[NAME] = claim_wake(ledger.records[NAME], after(0))
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)

        assert (ledger.records[NAME].generation, ledger.records[NAME].ready) == (2, (FIRST,))


async def test_a_visit_under_a_sleep_claim_tells_anew_what_the_claim_cleared() -> None:
    ledger = woken()
    async with an_engine(up(), ledger) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)
        ledger.records[NAME] = claim_sleep(ledger.records[NAME], clock())
        engine.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "here")))
        await asyncio.sleep(1)

        assert (ledger.records[NAME].intent, ledger.records[NAME].ready) == (Intent.AWAKE, (FIRST,))


async def test_a_slow_ledger_holds_nobody_up() -> None:
    ledger = woken()
    async with an_engine(up(), ledger) as engine:
        ledger.latency = 30.0
        await engine.reach(Phase.AWAKE, within=1)


async def test_news_that_cannot_be_told_are_left() -> None:
    ledger = woken()
    async with an_engine(up(), ledger) as engine:
        ledger.error = LedgerError("The ledger could not be used.")
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(60)

    assert ledger.calls["note_ready"] == 1


async def test_of_very_many_tasks_only_some_are_told() -> None:
    ledger = woken()
    async with an_engine(up(2 * MOST_READY), ledger) as engine:
        await engine.board.until(NAME, lambda sight: len(sight.endpoints) == 2 * MOST_READY)
        await asyncio.sleep(1)

        assert len(ledger.records[NAME].ready) == MOST_READY


# Believing.


async def test_what_another_found_answering_before_the_start_is_awake_at_the_first_look() -> None:
    async with a_deaf_engine(up(), woken(FIRST)) as engine:
        await engine.reach(Phase.AWAKE, within=1)

        assert answering(engine) == [FIRST]
        assert engine.prober.probed == []


async def test_a_use_that_is_told_brings_news_of_what_answers() -> None:
    ledger = woken()
    async with a_deaf_engine(up(), ledger) as engine:
        await engine.reach(Phase.WAKING)
        await ledger.note_ready(NAME, 1, (FIRST,))
        engine.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "here")))

        assert engine.phase is Phase.AWAKE
        probes = len(engine.prober.probed)
        await asyncio.sleep(5)
        assert len(engine.prober.probed) == probes


async def test_who_comes_second_to_a_claim_learns_what_answers_and_follows() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with a_deaf_engine(fleet, ledger) as engine:
        await asyncio.sleep(1)
        fleet.services[ECS].course = Course(0, 0, 0, 0, 0)
        fleet.services[ECS].asked.append((clock(), 1))
        ledger.records[NAME] = replace(claim_wake(Record(), clock()), ready=(FIRST,))
        engine.ask()
        await engine.reach(Phase.AWAKE, within=1)

        assert (engine.counts_told, answering(engine)) == ([], [FIRST])
        assert engine.waker.lives[NAME].record == ledger.records[NAME]


async def test_a_claim_repeated_here_keeps_what_is_known_to_answer() -> None:
    ledger = woken(FIRST)
    async with a_deaf_engine(up(), ledger) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE, within=1)

        assert ledger.records[NAME].ready == (FIRST,)


async def test_a_task_that_is_not_seen_here_is_not_believed_in() -> None:
    async with a_deaf_engine(up(), woken("arn:another")) as engine:
        await asyncio.sleep(60)

        assert (engine.phase, answering(engine)) == (Phase.WAKING, [])


async def test_a_task_without_an_address_is_not_believed_in_before_it_has_one() -> None:
    fleet, ledger = a_fleet(), woken(FIRST)
    fleet.services[ECS].course = Course(addressed=5.0)
    fleet.services[ECS].asked.append((clock(), 1))
    async with a_deaf_engine(fleet, ledger) as engine:
        await asyncio.sleep(4)
        assert engine.phase is Phase.WAKING
        await engine.reach(Phase.AWAKE, within=2)


async def test_a_further_task_that_another_found_shares_the_load() -> None:
    ledger = woken(FIRST)
    async with a_deaf_engine(up(2), ledger) as engine:
        await engine.reach(Phase.AWAKE)
        await ledger.note_ready(NAME, 1, (FIRST, SECOND))
        engine.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "here")))

        assert answering(engine) == [FIRST, SECOND]


async def test_a_task_that_refused_here_is_not_believed_in_again_however_often_the_ledger_names_it() -> None:
    ledger = woken(FIRST)
    async with a_deaf_engine(up(), ledger) as engine:
        await engine.reach(Phase.AWAKE)
        engine.waker.refuse(NAME, engine.sight.endpoints[0])
        for _ in range(5):
            await asyncio.sleep(A_LOOK)
            await ledger.note_ready(NAME, 1, (FIRST,))
            engine.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "here")))
            assert engine.phase is Phase.WAKING

        engine.prober.answers = True
        await engine.reach(Phase.AWAKE, within=2)


async def test_a_task_that_refuses_one_front_only_is_not_told_back_and_forth() -> None:
    ledger = woken()
    fleet = up()
    async with an_engine(fleet, ledger) as one, a_deaf_engine(fleet, ledger) as other:
        await one.reach(Phase.AWAKE)
        await asyncio.sleep(1)
        other.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "other")))
        await other.reach(Phase.AWAKE)
        other.waker.refuse(NAME, other.sight.endpoints[0])
        for _ in range(10):
            await asyncio.sleep(10)
            one.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "one")))
            other.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "other")))

        assert (one.phase, other.phase) == (Phase.AWAKE, Phase.WAKING)
        assert ledger.records[NAME].ready == (FIRST,)
        assert ledger.calls["note_ready"] == 3


async def test_a_front_that_cannot_reach_what_answers_another_gives_up_for_itself_alone() -> None:
    ledger, fleet = woken(), up()
    async with an_engine(fleet, ledger) as one, a_deaf_engine(fleet, ledger) as other:
        await one.reach(Phase.AWAKE)
        await asyncio.sleep(1)
        other.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "other")))
        await other.reach(Phase.AWAKE)
        other.waker.refuse(NAME, other.sight.endpoints[0])
        while other.phase is not Phase.FAILED:
            await asyncio.sleep(10)
            one.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "one")))
        await asyncio.sleep(60)

        assert (one.phase, fleet.scaled, ledger.records[NAME].intent) == (Phase.AWAKE, [], Intent.AWAKE)
        other.prober.answers = True
        await other.reach(Phase.AWAKE)


async def test_what_answered_under_a_claim_that_the_ledger_never_heard_of_is_told_under_the_next() -> None:
    async with an_engine() as one:
        one.ledger.error = LedgerError("The ledger could not be used.")
        one.ask()
        await one.reach(Phase.AWAKE)
        await asyncio.sleep(10)
        one.ledger.error = None
        async with an_engine(one.fleet, one.ledger) as other:
            claim = await other.claims.claim_wake(NAME)
            assert claim.record.generation == one.waker.lives[NAME].record.generation
            one.waker.hear(NAME, await one.ledger.note_use(NAME, Use(clock(), "one")))
            await asyncio.sleep(1)

        assert one.ledger.records[NAME].ready == (FIRST,)


@pytest.mark.parametrize(("named", "is_given_back"), [(FIRST, False), (SECOND, True)])
async def test_a_failed_wake_is_given_back_by_what_aws_shows_then_however_long_ago_the_front_looked(
    named: str, *, is_given_back: bool
) -> None:
    fleet, ledger = up(), woken(named)
    claims = Claims(fleet, ledger, clock)

    assert await claims.rest(SHOP, is_ours=True) == is_given_back
    assert fleet.scaled == ([(ECS, 0)] if is_given_back else [])


async def test_while_aws_cannot_be_asked_what_is_heard_still_counts_for_the_tasks_last_seen() -> None:
    fleet, ledger = up(), woken()
    async with a_deaf_engine(fleet, ledger) as engine:
        await engine.reach(Phase.WAKING)
        fleet.observe_troubles = repeat(FleetError("ECS does not answer."))
        await asyncio.sleep(1)
        await ledger.note_ready(NAME, 1, (FIRST,))
        engine.waker.hear(NAME, await ledger.note_use(NAME, Use(clock(), "here")))

        assert engine.phase is Phase.AWAKE


# The history of a wake that several fronts saw.


async def test_a_wake_that_two_fronts_followed_is_in_the_history_once() -> None:
    fleet, ledger = a_fleet(), MemoryLedger(latency=0.05)
    async with an_engine(fleet, ledger) as one, an_engine(fleet, ledger) as other:
        one.ask()
        await asyncio.sleep(2)
        other.ask()
        await one.reach(Phase.AWAKE)
        await other.reach(Phase.AWAKE)
        await asyncio.sleep(1)

    (wake,) = ledger.history[NAME]
    assert wake.began_at == ledger.records[NAME].claimed_at


@pytest.mark.parametrize("refused", [set(), {FIRST}])
def test_what_lapsed_is_remembered_only_while_somebody_may_name_it(refused: set[str]) -> None:
    life = Life(SHOP, record=Record(1, Intent.AWAKE, ready=tuple(refused)), lapsed={FIRST, SECOND})
    life.observation = Observation(ECS, EPOCH, "ACTIVE")
    life.keep_to(())

    assert life.lapsed == refused


# A roster that changes.


async def test_of_what_is_reached_otherwise_from_now_on_nobodys_word_is_taken() -> None:
    async with a_deaf_engine(up(), woken(FIRST)) as engine:
        await engine.reach(Phase.AWAKE)
        engine.waker.change(replace(engine.service, port=9000))
        await asyncio.sleep(60)

        assert (engine.phase, answering(engine)) == (Phase.WAKING, [])


async def test_news_of_a_service_that_goes_while_they_are_told_come_to_nothing() -> None:
    ledger = woken()
    async with an_engine(up(), ledger) as engine:
        ledger.latency = 1.0
        await engine.reach(Phase.AWAKE)
        engine.waker.remove(NAME)
        await asyncio.sleep(5)

        assert ledger.records[NAME].ready == (FIRST,)


async def test_memories_of_a_service_that_is_gone_are_left() -> None:
    async with an_engine(up(), woken()) as engine:
        engine.waker.remove(NAME)
        engine.waker.remember(await engine.ledger.read([NAME]), {})

        assert list(engine.waker.names) == []
