"""A sleep whose call has to wait for AWS's limits: it is decided on when its turn has come, not before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from tests.engine.running import ECS, NAME, SHOP, a_fleet, as_deployed
from tests.fakes import FakeFleet, MemoryLedger, clock
from wakeproxy.core.record import Intent, Record, Use
from wakeproxy.engine.claims import Claims

WAITS = 60.0


@dataclass(slots=True)
class LimitedFleet(FakeFleet):
    """The model behind limits that let a patient call wait for a minute."""

    turns: list[str] = field(default_factory=list)

    def turn(self) -> AbstractAsyncContextManager[None]:
        return self._turn()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self.turns.append("waiting")
        await asyncio.sleep(WAITS)
        self.turns.append("come")
        yield


def up() -> tuple[LimitedFleet, MemoryLedger, Claims]:
    fleet = LimitedFleet(a_fleet().services)
    as_deployed(fleet)
    long_ago = clock() - timedelta(hours=1)
    ledger = MemoryLedger(records={NAME: Record(1, Intent.AWAKE, long_ago, long_ago)})
    return fleet, ledger, Claims(fleet, ledger, clock)


async def test_a_visit_while_a_sleep_waits_for_its_turn_wins() -> None:
    fleet, ledger, claims = up()
    sleeping = asyncio.ensure_future(claims.sleep(SHOP, ledger.records[NAME]))
    await asyncio.sleep(WAITS - 1)
    await ledger.note_use(NAME, Use(clock(), "front"))

    assert not await sleeping
    assert fleet.turns == ["waiting", "come"]
    assert fleet.scaled == []


async def test_when_its_turn_has_come_a_sleep_is_carried_out_at_once() -> None:
    fleet, ledger, claims = up()

    assert await claims.sleep(SHOP, ledger.records[NAME])
    assert fleet.scaled == [(ECS, 0)]


async def test_a_wake_given_back_late_lets_one_claimed_meanwhile_be() -> None:
    fleet, _, claims = up()
    resting = asyncio.ensure_future(claims.rest(SHOP, is_ours=True))
    await asyncio.sleep(WAITS - 1)
    await claims.claim_wake(NAME)

    assert not await resting
    assert fleet.scaled == []


async def test_a_wake_waits_for_no_turn() -> None:
    fleet, _, claims = up()
    await fleet.scale(ECS, desired_count=0)
    await asyncio.wait_for(claims.raise_count(SHOP), 1)

    assert fleet.turns == []
    assert fleet.scaled[-1] == (ECS, 1)
