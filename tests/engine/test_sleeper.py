"""What a sweep puts to sleep, and what it spares."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import repeat

import pytest

from tests.engine.running import ECS, MARGIN, NAME, Engine, a_fleet, an_engine, as_deployed
from tests.fakes import FakeFleet, MemoryLedger, Trouble, clock
from wakeproxy.core.idleness import Rule, Sleep, Stay, Wake
from wakeproxy.core.observation import Deployment
from wakeproxy.core.record import Intent, Record, Use
from wakeproxy.engine.sleeper import Decision, describe_decision
from wakeproxy.errors import FleetError, LedgerError

TWO_DEPLOYMENTS = tuple(Deployment(f"ecs-svc/{n}", "ACTIVE", None, f"shop:{n}", 0) for n in (1, 2))


def used(seconds_ago: float) -> MemoryLedger:
    """A ledger in which the service was woken two hours ago and used so many seconds ago."""
    record = Record(1, Intent.AWAKE, clock() - timedelta(hours=2), clock() - timedelta(seconds=seconds_ago))
    return MemoryLedger(records={NAME: record})


@asynccontextmanager
async def up(ledger: MemoryLedger, fleet: FakeFleet | None = None) -> AsyncIterator[Engine]:
    fleet = fleet or a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet, ledger) as engine:
        yield engine


async def sweep(engine: Engine, *, is_dry_run: bool = False) -> Decision:
    (decision,) = await engine.sleeper().sweep(is_dry_run=is_dry_run)
    return decision


async def test_what_nobody_uses_is_put_to_sleep() -> None:
    async with up(used(1200)) as engine:
        decision = await sweep(engine)

        assert decision == Decision(NAME, Sleep("unused for 20 min"), is_done=True)
        assert engine.fleet.scaled == [(ECS, 0)]
        assert engine.ledger.records[NAME].intent is Intent.ASLEEP


async def test_falling_asleep_waits_for_a_visit_that_the_ledger_is_about_to_hear_of() -> None:
    async with up(used(1200)) as engine:
        began = clock()
        await sweep(engine)

        assert clock() - began >= timedelta(seconds=3)


async def test_what_was_used_of_late_is_spared() -> None:
    async with up(used(60)) as engine:
        decision = await sweep(engine)

        assert isinstance(decision.judgement, Stay)
        assert (decision.is_done, decision.note, engine.counts_told) == (False, None, [])


async def test_a_use_that_may_not_have_reached_the_ledger_yet_is_allowed_for() -> None:
    async with up(used(900.5)) as engine:
        assert not (await sweep(engine)).is_done
        await asyncio.sleep(1)
        assert (await sweep(engine)).is_done


async def test_what_is_being_deployed_is_spared() -> None:
    fleet = a_fleet()
    fleet.services[ECS].deployments = TWO_DEPLOYMENTS
    async with up(used(1200), fleet) as engine:
        assert isinstance((await sweep(engine)).judgement, Stay)
        assert engine.counts_told == []


async def test_what_has_not_been_up_for_long_is_spared() -> None:
    fleet = a_fleet()
    async with an_engine(fleet, used(1200)) as engine:
        await fleet.scale(ECS, desired_count=1)
        await asyncio.sleep(60)
        assert isinstance((await sweep(engine)).judgement, Stay)
        await asyncio.sleep(120)
        assert (await sweep(engine)).is_done


async def test_what_sleeps_is_left_alone() -> None:
    async with an_engine() as engine:
        assert (await sweep(engine)).judgement == Stay("already asleep", None, Rule.ASLEEP)


async def test_a_dry_run_says_what_it_would_do_and_does_nothing() -> None:
    async with up(used(1200)) as engine:
        decision = await sweep(engine, is_dry_run=True)

        assert decision == Decision(NAME, Sleep("unused for 20 min"), is_dry=True)
        assert engine.counts_told == []
        assert engine.ledger.calls["swap"] == 0


async def test_a_visit_in_the_meantime_is_told_as_the_reason() -> None:
    async with up(used(1200)) as engine:
        sweeping = asyncio.gather(sweep(engine))
        await asyncio.sleep(1)
        await engine.ledger.note_use(NAME, Use(clock(), "here"))
        (decision,) = await sweeping

        assert (decision.is_done, decision.note) == (False, "it was visited in the meantime")
        assert engine.counts_told == []


async def test_a_visit_between_the_judgement_and_the_claim_wins() -> None:
    async with up(used(1200)) as engine:
        engine.ledger.latency = 0.5
        sweeping = asyncio.gather(sweep(engine))
        await asyncio.sleep(0.75)
        engine.ledger.records[NAME] = Record(1, Intent.AWAKE, None, clock())
        (decision,) = await sweeping

        assert (decision.is_done, decision.note) == (False, "it was visited in the meantime")
        assert engine.ledger.records[NAME].intent is Intent.AWAKE


async def test_what_aws_refuses_to_put_to_sleep_is_told_and_tried_again() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = iter([Trouble(FleetError("ECS does not answer."))])
    async with up(used(1200), fleet) as engine:
        assert (await sweep(engine)).note == "ECS does not answer."
        await asyncio.sleep(60)
        assert (await sweep(engine)).is_done


async def test_what_aws_cannot_be_asked_about_stays_as_it_is() -> None:
    async with up(used(1200)) as engine:
        await asyncio.sleep(1)
        engine.fleet.observe_troubles = repeat(FleetError("ECS does not answer."))
        decision = await sweep(engine)

        assert decision.judgement == Stay("ECS does not answer.", clock() + MARGIN, Rule.UNREAD)
        assert engine.counts_told == []


async def test_nothing_is_judged_when_the_ledger_cannot_be_read() -> None:
    async with up(used(1200)) as engine:
        engine.ledger.error = LedgerError("The ledger could not be used.")

        with pytest.raises(LedgerError):
            await sweep(engine)
        assert engine.counts_told == []


async def test_nothing_sleeps_that_cannot_be_agreed_upon() -> None:
    async with up(used(1200)) as engine:
        sweeping = asyncio.gather(sweep(engine))
        await asyncio.sleep(1)
        engine.ledger.error = LedgerError("The ledger could not be used.")
        (decision,) = await sweeping

        assert (decision.is_done, decision.note) == (False, "The ledger could not be used.")
        assert engine.counts_told == []


def test_a_decision_is_told_with_its_rule_and_what_came_of_it() -> None:
    assert describe_decision(Decision(NAME, Sleep("unused for 20 min"), is_done=True)) == {
        "service": "shop",
        "decision": "sleep",
        "rule": "idle",
        "reason": "unused for 20 min",
        "outcome": "put to sleep",
        "slept": True,
        "woken": False,
        "note": None,
    }
    woken = describe_decision(Decision(NAME, Wake("its awake hours have begun"), is_done=True))
    assert (woken["decision"], woken["slept"], woken["woken"]) == ("wake", False, True)
