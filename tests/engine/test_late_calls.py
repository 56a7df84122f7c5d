"""Calls to AWS that come late: who stood still between his last look at the ledger and his call undoes it.

No front takes part: whoever claimed the wake told AWS long before, and may be dead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.running import ECS, NAME, SHOP, a_fleet, an_engine, as_deployed
from tests.fakes import LOST_ANSWER, FakeFleet, FakeScaling, MemoryLedger, clock
from wakeproxy.core.capacity import Capacity
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Observation
from wakeproxy.core.record import Intent, Record, claim_wake, keep_awake
from wakeproxy.core.service import EcsService
from wakeproxy.engine.claims import Claims
from wakeproxy.errors import FleetError, LedgerError
from wakeproxy.ports import Look

STALLS_FOR = 600.0
AWAKE = Record(1, Intent.AWAKE, claimed_at=None)


class StallingFleet(FakeFleet):
    """Calls that put to sleep stand still for ten minutes before they go out."""

    async def scale(self, ecs: EcsService, *, desired_count: int) -> None:
        if desired_count == 0:
            await asyncio.sleep(STALLS_FOR)
        await FakeFleet.scale(self, ecs, desired_count=desired_count)


def up() -> tuple[FakeFleet, MemoryLedger, Claims]:
    fleet = StallingFleet(a_fleet().services)
    as_deployed(fleet)
    ledger = MemoryLedger(records={NAME: AWAKE})
    return fleet, ledger, Claims(fleet, ledger, clock)


async def _sleep(claims: Claims) -> bool:
    return await claims.sleep(SHOP, AWAKE)


async def _rest(claims: Claims) -> bool:
    return await claims.rest(SHOP, is_ours=True)


@pytest.mark.parametrize("deed", [_sleep, _rest])
@pytest.mark.parametrize("lag", [0.0, 5.0])
async def test_a_wake_claimed_meanwhile_is_not_undone(deed: Callable[[Claims], Awaitable[bool]], lag: float) -> None:
    fleet, ledger, claims = up()
    fleet.lag = timedelta(seconds=lag)
    doing = asyncio.ensure_future(deed(claims))
    await asyncio.sleep(60)
    ledger.records[NAME] = claim_wake(ledger.records[NAME], clock())

    assert not await doing
    assert fleet.scaled == [(ECS, 0), (ECS, 1)]


async def test_a_call_of_which_nobody_knows_what_became_is_undone_too() -> None:
    fleet, ledger, claims = up()
    fleet.scale_troubles = iter([LOST_ANSWER])
    sleeping = asyncio.ensure_future(_sleep(claims))
    await asyncio.sleep(60)
    ledger.records[NAME] = claim_wake(ledger.records[NAME], clock())

    with pytest.raises(FleetError):
        await sleeping
    assert fleet.scaled == [(ECS, 0), (ECS, 1)]


async def test_what_is_to_be_kept_awake_since_is_raised_again() -> None:
    fleet, ledger, claims = up()
    sleeping = asyncio.ensure_future(_sleep(claims))
    await asyncio.sleep(60)
    ledger.records[NAME] = keep_awake(ledger.records[NAME], clock() + timedelta(hours=1))

    assert not await sleeping
    assert fleet.scaled == [(ECS, 0), (ECS, 1)]


async def test_what_nobody_wanted_meanwhile_sleeps() -> None:
    fleet, ledger, claims = up()

    assert await _sleep(claims)
    assert fleet.scaled == [(ECS, 0)]
    assert ledger.records[NAME].intent is Intent.ASLEEP


async def test_a_count_that_somebody_raised_further_is_left_alone() -> None:
    fleet, ledger, claims = up()
    sleeping = asyncio.ensure_future(_sleep(claims))
    await asyncio.sleep(STALLS_FOR + 3.01)
    ledger.records[NAME] = claim_wake(ledger.records[NAME], clock())
    await fleet.scale(ECS, desired_count=3)

    assert not await sleeping
    assert fleet.scaled == [(ECS, 0), (ECS, 3)]


async def test_a_sleep_after_which_the_ledger_cannot_be_read_was_carried_out() -> None:
    fleet, ledger, claims = up()
    sleeping = asyncio.ensure_future(_sleep(claims))
    await asyncio.sleep(60)
    ledger.error = LedgerError("The ledger could not be used.")

    assert await sleeping
    assert fleet.scaled == [(ECS, 0)]


class ForgetfulFleet(FakeFleet):
    """Whoever is about to raise the count is told how things stood a minute ago."""

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        self.lag = timedelta() if looks[0].tasks else timedelta(minutes=1)
        return await FakeFleet.observe(self, looks)


async def test_a_wake_told_by_an_old_answer_that_nothing_is_to_be_done_insists() -> None:
    fleet = ForgetfulFleet(a_fleet().services)
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(120)
        await fleet.scale(ECS, desired_count=0)
        await engine.reach(Phase.ASLEEP)
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert engine.counts_told == [0, 1]


@pytest.mark.parametrize("deed", [_sleep, _rest])
async def test_what_is_undone_has_as_many_tasks_as_its_target_had_at_least(
    deed: Callable[[Claims], Awaitable[bool]],
) -> None:
    fleet, ledger, claims = up()
    claims = replace(claims, scaling=FakeScaling(fleet, {ECS: Capacity(2, 5)}))
    doing = asyncio.ensure_future(deed(claims))
    await asyncio.sleep(60)
    ledger.records[NAME] = claim_wake(ledger.records[NAME], clock())

    assert not await doing
    assert fleet.scaled == [(ECS, 0), (ECS, 2)]
