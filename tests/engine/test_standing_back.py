"""Who serves visitors in the sleeper's own process stands back from tasks before ECS is told to stop them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.engine.running import ECS, MARGIN, NAME, SHOP, Engine, a_fleet, an_engine, as_deployed
from tests.fakes import FakeFleet, MemoryLedger, Trouble, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Record
from wakeproxy.core.service import IdlePolicy
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.sleeper import Sleeper
from wakeproxy.engine.standing_back import FrontHere
from wakeproxy.engine.traffic import Traffic
from wakeproxy.errors import FleetError, ThrottledError

OTHER = ServiceName("other")
QUICK = IdlePolicy(idle_after=timedelta(minutes=1), min_awake=timedelta())


@dataclass(frozen=True, slots=True)
class Front:
    """A process that serves visitors and puts services to sleep."""

    engine: Engine
    traffic: Traffic
    claims: Claims

    async def sweep(self) -> str:
        (decision,) = await Sleeper((self.engine.service,), self.claims, MARGIN).sweep()
        return decision.outcome

    async def visit(self, seconds: float = 0.05) -> None:
        """Be answered by a task that ECS has not been told to stop, as soon as there is one; it takes its time."""
        self.traffic.begin(NAME)
        self.engine.ask()
        sight = await self.engine.reach(Phase.AWAKE)
        live = {task.arn for task in self.engine.fleet.services[ECS].describe(clock(), lag=timedelta()).live}
        assert sight.endpoints[0].task in live
        told = self.engine.counts_told
        await asyncio.sleep(seconds)
        assert self.engine.counts_told == told or self.engine.counts_told[-1] > 0
        self.traffic.end(NAME)


@asynccontextmanager
async def a_front(fleet: FakeFleet | None = None, *users: ServiceName) -> AsyncIterator[Front]:
    """Run one whose service has been idle for long."""
    fleet = fleet or a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet, MemoryLedger(latency=0.005), idle=QUICK) as engine:
        traffic = Traffic(engine.ledger, front="here", clock=clock, flush_interval=MARGIN, on_record=engine.waker.hear)
        traffic.start()
        here = FrontHere(engine.waker, traffic, lambda name: (name, *users), clock)
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(180)
        yield Front(engine, traffic, replace(engine.claims, bystander=here))
        await traffic.stop()


@pytest.mark.parametrize("milliseconds", range(3040, 3090))
async def test_a_visit_at_any_millisecond_is_never_passed_on_to_what_is_being_stopped(milliseconds: int) -> None:
    async with a_front() as front:
        sweeping = asyncio.create_task(front.sweep())
        await asyncio.sleep(milliseconds / 1000)
        await front.visit()
        await sweeping
        await asyncio.sleep(60)

        assert front.engine.phase is Phase.AWAKE
        assert front.engine.fleet.services[ECS].desired == 1


async def test_from_the_call_on_nothing_is_passed_on() -> None:
    fleet = a_fleet()
    fleet.latency = 1.0
    async with a_front(fleet) as front:
        sweeping = asyncio.create_task(front.sweep())
        while not fleet.scaled:
            assert front.engine.phase is Phase.AWAKE
            await asyncio.sleep(0.001)

        assert (front.engine.phase, front.engine.sight.endpoints) == (Phase.DRAINING, ())
        assert await sweeping == "put to sleep"
        await front.engine.reach(Phase.ASLEEP)


async def test_what_is_in_use_since_a_moment_ago_is_left_awake() -> None:
    async with a_front() as front:
        judged = await front.claims.read(NAME)
        front.traffic.begin(NAME)

        assert front.traffic.is_in_use(NAME)
        assert not await replace(front.claims, grace=timedelta()).sleep(front.engine.service, judged)
        assert front.engine.counts_told == []
        front.traffic.end(NAME)


async def test_a_use_of_what_needs_it_is_a_use() -> None:
    async with a_front(None, OTHER) as front:
        front.traffic.in_flight[OTHER] = 1

        assert await front.sweep() == "left awake"
        assert front.engine.phase is Phase.AWAKE
        front.traffic.in_flight[OTHER] = 0


async def test_who_insists_puts_to_sleep_what_is_in_use() -> None:
    async with a_front() as front:
        front.traffic.in_flight[NAME] = 1
        judged = await front.claims.read(NAME)

        assert await replace(front.claims, grace=timedelta()).sleep(front.engine.service, judged, is_forced=True)
        assert front.engine.counts_told == [0]
        front.traffic.in_flight[NAME] = 0


async def test_when_aws_refuses_it_comes_back_without_having_been_woken() -> None:
    fleet = a_fleet()
    fleet.scale_troubles = iter([Trouble(ThrottledError("too fast"))])
    async with a_front(fleet) as front:
        with pytest.raises(FleetError):
            await front.claims.sleep(front.engine.service, await front.claims.read(NAME))
        await front.engine.reach(Phase.AWAKE, within=1)

        assert front.engine.counts_told == [0]
        assert front.engine.waker.lives[NAME].wakes == []


async def test_what_a_wake_spared_answers_again_once_aws_cannot_lag_behind_any_more() -> None:
    async with a_front() as front:
        record = await front.claims.read(NAME)
        front.claims.bystander.stand_back(NAME, record)
        front.engine.ask()
        began = clock()
        await front.engine.reach(Phase.AWAKE)

        assert timedelta(seconds=5) <= clock() - began < timedelta(seconds=7)
        assert front.engine.fleet.services[ECS].desired == 1


async def test_what_was_never_seen_or_is_not_served_has_nothing_to_stand_back_from() -> None:
    async with a_front() as front:
        front.engine.waker.add(replace(SHOP, name=OTHER))
        for name in (OTHER, ServiceName("gone")):
            front.claims.bystander.stand_back(name, Record())
        front.claims.bystander.come_back(ServiceName("gone"))

        assert front.engine.waker.look(OTHER).phase is Phase.ASLEEP
        assert front.engine.phase is Phase.AWAKE
