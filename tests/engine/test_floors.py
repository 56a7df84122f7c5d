"""Services that Application Auto Scaling scales too: it and we never fight, whatever is lost in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.engine.running import ECS, MARGIN, NAME, SHOP, a_fleet, as_deployed
from tests.fakes import LOST_ANSWER, LOST_WRITE, FakeFleet, FakeProber, FakeScaling, MemoryLedger, Trouble, clock
from wakeproxy.core.capacity import Capacity
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.record import Intent, Record, Use
from wakeproxy.core.roster import Roster
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.engine import build_engine
from wakeproxy.engine.floors import Unscaled
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.waker import Waker
from wakeproxy.engine.watcher import Cadence
from wakeproxy.errors import AccessDeniedError, FleetError, LedgerError

A_WHILE = 60.0
"""Seconds until nobody waits for a sleeper any more that has died."""
TWO_TO_FIVE = Capacity(2, 5)
DENIED = AccessDeniedError("not allowed")
AWAY = FleetError("AWS does not answer.")


@dataclass(frozen=True, slots=True)
class Scaled:
    """One service, its target, and what acts on it."""

    fleet: FakeFleet
    ledger: MemoryLedger
    scaling: FakeScaling
    claims: Claims

    @property
    def minimum(self) -> int:
        return self.scaling.targets[ECS].minimum

    @property
    def desired(self) -> int:
        return self.fleet.services[ECS].desired

    @property
    def record(self) -> Record:
        return self.ledger.records[NAME]

    async def sleep(self) -> bool:
        return await self.claims.sleep(SHOP, self.record)

    async def sweep(self) -> None:
        await Sleeper((SHOP,), self.claims, MARGIN).sweep()

    @asynccontextmanager
    async def waker(self) -> AsyncIterator[Waker]:
        """Run an engine beside it."""
        engine = build_engine(Catalog(Roster((SHOP,))), self.claims, FakeProber(self.fleet), Cadence())
        engine.start()
        try:
            yield engine.waker
        finally:
            await engine.stop()

    async def wake(self) -> None:
        async with self.waker() as waker:
            waker.ask(NAME)
            async with asyncio.timeout(60):
                while waker.look(NAME).phase is not Phase.AWAKE:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1)


def scaled(capacity: Capacity | None = TWO_TO_FIVE) -> Scaled:
    """A service that was used two hours ago, and has two tasks."""
    fleet = a_fleet()
    as_deployed(fleet, 2)
    long_ago = clock() - timedelta(hours=2)
    ledger = MemoryLedger(records={NAME: Record(1, Intent.AWAKE, long_ago, long_ago)})
    scaling = FakeScaling(fleet, {ECS: capacity} if capacity else {})
    return Scaled(fleet, ledger, scaling, Claims(fleet, ledger, clock, scaling=scaling))


async def test_a_sleep_takes_the_minimum_away_before_it_scales_and_remembers_it() -> None:
    service = scaled()
    service.fleet.latency = 5.0
    sleeping = asyncio.ensure_future(service.sleep())
    async with asyncio.timeout(10):
        while not service.fleet.scaled:
            await asyncio.sleep(0.01)

    assert (service.desired, service.minimum, service.record.floor) == (2, 0, 2)
    assert await sleeping
    assert service.scaling.calls == ["capacities", "minimum 0"]


async def test_a_wake_asks_for_the_floor_and_then_gives_the_minimum_back() -> None:
    service = scaled()
    await service.sleep()
    service.scaling.calls.clear()
    await service.wake()

    assert service.fleet.scaled == [(ECS, 0), (ECS, 2)]
    assert (service.desired, service.minimum) == (2, 2)
    assert service.scaling.calls == ["capacities", "minimum 2"]


async def test_a_wake_by_command_asks_for_the_floor_and_gives_it_back_too() -> None:
    service = scaled()
    await service.sleep()
    before = await service.claims.wake(SHOP)

    assert (before.desired, service.desired, service.minimum) == (0, 2, 2)


async def test_a_wake_by_command_of_a_service_without_a_target_asks_for_nothing_else() -> None:
    service = scaled(None)
    await service.sleep()
    service.scaling.calls.clear()
    await service.claims.wake(SHOP)

    assert (service.desired, service.scaling.calls) == (1, [])


async def test_what_a_policy_scaled_out_meanwhile_is_not_lowered() -> None:
    service = scaled()
    await service.sleep()
    await service.wake()
    await service.fleet.scale(ECS, desired_count=3)
    await service.ledger.note_use(NAME, Use(clock(), "front"))
    await service.sweep()
    await service.wake()

    assert service.desired == 3


async def test_a_service_without_a_target_costs_one_question_for_its_sleep_and_none_for_its_wake() -> None:
    service = scaled(None)
    await service.sleep()
    await service.wake()

    assert service.scaling.calls == ["capacities"]
    assert service.record.floor == 0


async def test_a_target_that_may_be_empty_is_left_alone() -> None:
    service = scaled(Capacity(0, 5))
    await service.sleep()
    await service.wake()

    assert service.scaling.calls == ["capacities"]
    assert service.fleet.scaled == [(ECS, 0), (ECS, 1)]


async def test_without_permission_it_sleeps_and_wakes_as_without_a_target() -> None:
    service = scaled()
    service.scaling.silence = DENIED
    assert await service.sleep()
    await service.wake()

    assert service.minimum == 2
    assert service.record.floor == 0


async def test_with_the_permission_to_ask_alone_it_sleeps_and_wakes() -> None:
    service = scaled()
    service.scaling.troubles = iter([Trouble(DENIED)] * 2)
    assert await service.sleep()
    service.scaling.targets[ECS] = Capacity(0, 5)
    await service.wake()

    assert service.fleet.scaled == [(ECS, 0), (ECS, 2)]


async def test_a_permission_lost_for_a_while_forgets_no_debt() -> None:
    service = scaled()
    await service.sleep()
    service.scaling.silence = DENIED
    await service.wake()
    await asyncio.sleep(60)
    await service.sweep()
    service.scaling.silence = None
    assert service.minimum == 0
    await service.sweep()

    assert service.minimum == 2


async def test_while_aws_does_not_say_what_scales_it_nothing_is_put_to_sleep() -> None:
    service = scaled()
    service.scaling.silence = AWAY
    with pytest.raises(FleetError):
        await service.sleep()

    assert (service.desired, service.record.intent) == (2, Intent.AWAKE)


@pytest.mark.parametrize("trouble", [LOST_ANSWER, Trouble(AWAY)])
async def test_a_sleep_that_was_cut_short_is_finished_by_the_next_sweep(trouble: Trouble) -> None:
    service = scaled()
    service.scaling.troubles = iter([trouble])
    with pytest.raises(FleetError):
        await service.sleep()
    assert (service.desired, service.record.floor) == (2, 2)
    await asyncio.sleep(A_WHILE)
    await service.sweep()

    assert (service.desired, service.minimum, service.record.floor) == (0, 0, 2)


async def test_a_sleep_killed_before_it_scaled_is_finished_by_the_next_sweep() -> None:
    service = scaled()
    service.fleet.scale_troubles = iter([LOST_WRITE])
    await service.sleep()
    assert (service.desired, service.minimum) == (2, 0)
    await asyncio.sleep(A_WHILE)
    await service.sweep()

    assert (service.desired, service.record.floor) == (0, 2)
    await service.wake()
    assert (service.desired, service.minimum) == (2, 2)


@pytest.mark.parametrize("trouble", [LOST_ANSWER, LOST_WRITE, Trouble(AWAY)])
async def test_a_wake_whose_minimum_was_not_given_back_is_repaired_by_a_sweep(trouble: Trouble) -> None:
    service = scaled()
    await service.sleep()
    service.scaling.troubles = iter([trouble])
    await service.wake()
    await service.sweep()

    assert (service.desired, service.minimum) == (2, 2)


async def test_a_dry_run_repairs_nothing() -> None:
    service = scaled()
    await service.sleep()
    service.scaling.troubles = iter([LOST_WRITE])
    await service.wake()
    await Sleeper((SHOP,), service.claims, MARGIN).sweep(is_dry_run=True)

    assert service.minimum == 0


async def test_a_ledger_that_is_away_leaves_the_minimum_to_a_later_sweep(caplog: pytest.LogCaptureFixture) -> None:
    service = scaled()
    await service.sleep()
    await service.claims.claim_wake(NAME)
    service.ledger.error = LedgerError("away")
    await service.claims.floors.give_back(SHOP)
    assert "shop has not got its minimum capacity back yet: away" in caplog.text
    service.ledger.error = None
    await service.claims.floors.give_back(SHOP)

    assert service.minimum == 2


async def test_a_sleepers_late_call_that_takes_the_minimum_away_again_is_undone() -> None:
    service = scaled()
    await service.sleep()
    await service.wake()
    await service.scaling.set_minimum(ECS, 0)
    assert service.record.floor == 2, "so soon after the wake it is not known to be back for good"
    await service.sweep()

    assert service.minimum == 2


async def test_what_was_given_back_is_owed_no_more_and_a_minimum_of_0_set_later_is_a_wish() -> None:
    service = scaled()
    await service.sleep()
    await service.wake()
    await asyncio.sleep(30)
    await service.sweep()
    assert service.record.floor == 0
    await service.scaling.set_minimum(ECS, 0)
    await service.sweep()

    assert service.minimum == 0


async def test_a_target_removed_while_its_service_slept_is_owed_nothing() -> None:
    service = scaled()
    await service.sleep()
    await service.wake()
    del service.scaling.targets[ECS]
    await asyncio.sleep(30)
    await service.sweep()

    assert service.record.floor == 0


async def test_a_minimum_put_back_behind_our_back_wakes_the_service_which_then_sleeps_anew() -> None:
    service = scaled()
    await service.sleep()
    await service.scaling.set_minimum(ECS, 1)
    assert service.desired == 1
    await asyncio.sleep(1000)
    await service.sweep()

    assert (service.desired, service.minimum, service.record.floor) == (0, 0, 1)


async def test_a_visit_during_the_grace_leaves_the_minimum_alone() -> None:
    service = scaled()
    sleeping = asyncio.ensure_future(service.sleep())
    await asyncio.sleep(1)
    await service.ledger.note_use(NAME, Use(clock(), "front"))

    assert not await sleeping
    assert service.scaling.calls == ["capacities"]


async def test_a_visit_while_the_minimum_is_being_taken_away_gets_it_back() -> None:
    service = scaled()
    service.scaling.latency = 5.0
    sleeping = asyncio.ensure_future(service.sleep())
    await asyncio.sleep(9)
    async with service.waker() as waker:
        waker.hear(NAME, await service.ledger.note_use(NAME, Use(clock(), "front")))
        await asyncio.sleep(1)
        assert not await sleeping
        waker.ask(NAME)
        await asyncio.sleep(60)
        await service.sweep()
        await asyncio.sleep(15)

    assert (service.desired, service.minimum, service.record.intent) == (2, 2, Intent.AWAKE)


async def test_a_failed_wake_that_is_given_back_takes_the_minimum_away_too() -> None:
    service = scaled()
    await service.sleep()
    await service.claims.claim_wake(NAME)
    await service.claims.raise_count(SHOP, floor=2)
    await service.claims.floors.give_back(SHOP)
    assert service.minimum == 2
    assert await service.claims.rest(SHOP, is_ours=True)

    assert (service.desired, service.minimum, service.record.floor) == (0, 0, 2)


async def test_a_failed_wake_without_a_target_is_given_back() -> None:
    service = scaled(None)
    assert await service.claims.rest(SHOP, is_ours=True)

    assert service.desired == 0


async def test_where_nothing_scales_there_is_nothing_to_set() -> None:
    assert await Unscaled().capacities([ECS]) == {}
    with pytest.raises(AssertionError, match="apps/shop is not scaled"):
        await Unscaled().set_minimum(ECS, 1)
