"""Services that come, change and go while the engine runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import repeat

import pytest

from tests.engine.running import ECS, NAME, NO_IMAGE, SHOP, SILENT, a_fleet, after, an_engine
from tests.fakes import LOST_WRITE, FakeFleet, FakeProber, MemoryLedger, Trouble, clock
from wakeproxy.core.idleness import Stay
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import Host, HostPattern, ServiceName
from wakeproxy.core.record import PastWake, Record
from wakeproxy.core.roster import Changes, Disabled, Roster
from wakeproxy.core.service import Address, EcsService, IdlePolicy, Service
from wakeproxy.core.sight import Sight
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.engine import Engine, Memory, build_engine
from wakeproxy.engine.watcher import Cadence
from wakeproxy.errors import FleetError, UnknownServiceError

BLOG_ECS, ELSEWHERE = EcsService("apps", "blog"), EcsService("elsewhere", "blog")
BLOG = Service(ServiceName("blog"), BLOG_ECS)
MOVED = replace(BLOG, ecs=ELSEWHERE)
LONGER = replace(SHOP, idle=IdlePolicy(timedelta(hours=1)))


@dataclass(frozen=True, slots=True)
class House:
    """An engine whose services change."""

    engine: Engine
    fleet: FakeFleet
    prober: FakeProber
    ledger: MemoryLedger

    def serve(self, *services: Service, memory: Memory | None = None, cadence: Cadence | None = None) -> Changes:
        """Serve these services from now on."""
        return self.engine.replace(Roster(services), memory=memory or Memory(), cadence=cadence or Cadence())

    def phase(self, name: ServiceName = NAME) -> Phase:
        return self.engine.waker.look(name).phase

    async def reach(self, phase: Phase, name: ServiceName = NAME) -> Sight:
        async with asyncio.timeout(120):
            return await self.engine.board.until(name, lambda sight: sight.phase is phase)

    async def wake(self, name: ServiceName = NAME) -> None:
        self.engine.waker.ask(name)
        await self.reach(Phase.AWAKE, name)


@asynccontextmanager
async def a_house(*services: Service, fleet: FakeFleet | None = None) -> AsyncIterator[House]:
    fleet = fleet or a_fleet(ECS, BLOG_ECS, ELSEWHERE)
    prober, ledger = FakeProber(fleet), MemoryLedger()
    engine = build_engine(Catalog(Roster(services)), Claims(fleet, ledger, clock), prober, Cadence())
    engine.start()
    yield House(engine, fleet, prober, ledger)
    await engine.stop()


async def test_an_added_service_is_watched_at_once_and_can_be_woken() -> None:
    async with a_house(SHOP) as house:
        await asyncio.sleep(1)
        house.serve(SHOP, BLOG)
        looks = len(house.fleet.observed_at)
        await asyncio.sleep(0.1)
        assert len(house.fleet.observed_at) == looks + 1

        await house.wake(BLOG.name)
        assert house.fleet.services[BLOG_ECS].desired == 1


async def test_a_service_in_a_new_cluster_is_watched_too() -> None:
    async with a_house(SHOP) as house:
        await asyncio.sleep(1)
        house.serve(SHOP, MOVED)

        await house.wake(BLOG.name)


async def test_an_engine_without_services_gets_its_first() -> None:
    async with a_house() as house:
        house.serve(SHOP)

        await house.wake()


async def test_an_added_service_that_failed_before_waits_as_the_ledger_remembers() -> None:
    async with a_house(SHOP) as house:
        failure = PastWake(after(-2), after(-1), failure="The image cannot be pulled.")
        house.serve(SHOP, BLOG, memory=Memory({BLOG.name: Record(generation=3)}, {BLOG.name: [failure]}))

        assert house.phase(BLOG.name) is Phase.FAILED
        assert house.engine.waker.lives[BLOG.name].record.generation == 3


async def test_a_changed_service_keeps_its_phase_its_history_and_its_tasks() -> None:
    async with a_house(SHOP) as house:
        await house.wake()
        before, life = house.engine.waker.look(NAME), house.engine.waker.lives[NAME]
        probed = len(house.prober.probed)
        assert house.serve(LONGER) == Changes(changed=(LONGER,))
        await asyncio.sleep(40)

        assert house.engine.waker.look(NAME) == before
        assert house.engine.waker.lives[NAME] is life
        assert (life.service, len(life.wakes)) == (LONGER, 1)
        assert len(house.prober.probed) == probed


async def test_a_wake_goes_on_by_the_service_as_it_is_now() -> None:
    async with a_house(SHOP) as house:
        house.engine.waker.ask(NAME)
        await asyncio.sleep(5)
        house.serve(LONGER)

        await house.reach(Phase.AWAKE)
        assert house.fleet.scaled == [(ECS, 1)]


async def test_a_service_on_another_port_is_asked_anew_before_it_is_served() -> None:
    async with a_house(SHOP) as house:
        await house.wake()
        house.serve(replace(SHOP, port=81))
        assert (house.phase(), house.engine.waker.look(NAME).endpoints) == (Phase.WAKING, ())

        awake = await house.reach(Phase.AWAKE)
        assert [endpoint.port for endpoint in awake.endpoints] == [81]
        assert house.fleet.scaled == [(ECS, 1)]


async def test_a_service_that_was_taken_up_from_another_process_is_asked_anew_too() -> None:
    async with a_house(SHOP) as house:
        await house.wake()
        awake = house.engine.waker.look(NAME)
        async with a_house(SHOP, fleet=house.fleet) as other:
            other.engine.waker.adopt(awake)
            assert other.phase() is Phase.AWAKE
            other.serve(replace(SHOP, port=81))
            assert other.phase() is Phase.WAKING

            assert [one.port for one in (await other.reach(Phase.AWAKE)).endpoints] == [81]


async def test_a_waking_service_on_another_port_is_asked_there() -> None:
    async with a_house(SHOP) as house:
        house.engine.waker.ask(NAME)
        await asyncio.sleep(5)
        house.serve(replace(SHOP, port=81))

        assert [one.port for one in (await house.reach(Phase.AWAKE)).endpoints] == [81]
        assert {endpoint.port for at, endpoint in house.prober.probed if at > after(5)} == {81}


async def test_a_change_to_public_addresses_is_no_failure_of_the_look_under_way() -> None:
    fleet = a_fleet(ECS)
    fleet.services[ECS].course = replace(fleet.services[ECS].course, has_public_address=True)
    async with a_house(SHOP, fleet=fleet) as house:
        await house.wake()
        fleet.latency = 1.0
        house.engine.watchers.poke(NAME)
        await asyncio.sleep(1.0)
        fleet.services[ECS].course = SILENT
        house.serve(replace(SHOP, address=Address.PUBLIC))

        await house.reach(Phase.AWAKE)
        assert house.engine.waker.look(NAME).diagnosis is None


async def test_a_removed_service_is_looked_at_asked_and_told_of_no_more() -> None:
    async with a_house(SHOP, MOVED) as house:
        await house.wake()
        await asyncio.sleep(1)
        assert house.serve(MOVED) == Changes(removed=(SHOP,))
        told: list[Sight] = []
        house.engine.board.on_change.append(told.append)
        await asyncio.sleep(300)

        assert NAME not in house.engine.waker.names
        assert house.phase() is Phase.ASLEEP
        assert house.fleet.services[ECS].desired == 1
        assert [sight for sight in told if sight.service == NAME] == []


async def test_a_cluster_without_services_is_not_looked_at() -> None:
    async with a_house(SHOP, MOVED) as house:
        house.fleet.observe_troubles = repeat(FleetError("no"))
        await asyncio.sleep(1)
        assert len(house.engine.watchers.errors) == 2
        house.fleet.observe_troubles = iter([])
        house.serve()
        looks = len(house.fleet.observed_at)
        await asyncio.sleep(300)

        assert house.engine.watchers.errors == []
        assert len(house.fleet.observed_at) == looks


async def test_services_may_go_before_anything_was_looked_at() -> None:
    fleet = a_fleet(ECS)
    engine = build_engine(Catalog(Roster((SHOP,))), Claims(fleet, MemoryLedger(), clock), FakeProber(fleet), Cadence())
    engine.replace(Roster(), memory=Memory(), cadence=Cadence())
    engine.start()
    await asyncio.sleep(60)
    await engine.stop()

    assert fleet.observed_at == []


async def test_a_wake_that_goes_on_is_not_pursued_for_a_service_that_was_removed() -> None:
    fleet = a_fleet(ECS, BLOG_ECS)
    fleet.scale_troubles = repeat(Trouble(FleetError("not now")))
    async with a_house(SHOP, BLOG, fleet=fleet) as house:
        house.engine.waker.ask(NAME)
        await asyncio.sleep(2)
        assert fleet.scaled
        house.serve(BLOG)
        calls = len(fleet.scaled)
        await asyncio.sleep(60)

        assert len(fleet.scaled) == calls


async def test_the_probes_of_a_removed_service_end() -> None:
    fleet = a_fleet(ECS, BLOG_ECS)
    fleet.services[ECS].course = SILENT
    async with a_house(SHOP, BLOG, fleet=fleet) as house:
        house.engine.waker.ask(NAME)
        await asyncio.sleep(20)
        house.serve(BLOG)
        probes = len(house.prober.probed)
        await asyncio.sleep(60)

        assert probes > 0
        assert len(house.prober.probed) == probes


async def test_who_waits_for_a_removed_service_is_told_at_once() -> None:
    async with a_house(SHOP) as house:
        house.engine.waker.ask(NAME)
        waiting = asyncio.ensure_future(house.reach(Phase.AWAKE))
        await asyncio.sleep(5)
        house.serve()

        with pytest.raises(UnknownServiceError):
            await waiting
        assert asyncio.get_running_loop().time() == 5


async def test_a_look_under_way_tells_nothing_of_a_service_that_was_removed() -> None:
    async with a_house(SHOP, BLOG) as house:
        await asyncio.sleep(1)
        house.fleet.latency = 2.0
        for name in (NAME, BLOG.name):
            house.engine.watchers.poke(name)
        await asyncio.sleep(1)
        house.serve(BLOG)
        await asyncio.sleep(10)

        assert house.engine.watchers.errors == []
        assert house.engine.waker.lives.keys() == {BLOG.name}


async def test_a_look_under_way_that_fails_tells_nothing_of_a_service_that_was_removed() -> None:
    async with a_house(SHOP, BLOG) as house:
        await asyncio.sleep(1)
        house.fleet.latency, house.fleet.observe_troubles = 2.0, iter([FleetError("no")])
        for name in (NAME, BLOG.name):
            house.engine.watchers.poke(name)
        await asyncio.sleep(1)
        house.serve(BLOG)
        await asyncio.sleep(2)

        assert len(house.engine.watchers.errors) == 1


async def test_what_others_still_say_of_a_removed_service_is_nothing_to_us() -> None:
    async with a_house(SHOP) as house:
        await house.wake()
        sight = house.engine.waker.look(NAME)
        house.serve()
        waker = house.engine.waker
        waker.ask(NAME)
        waker.hear(NAME, Record())
        waker.refuse(NAME, sight.endpoints[0])
        waker.look_again(NAME)
        waker.adopt(sight)
        waker.keep_awake(NAME, after(3600))
        waker.learn(NAME, Stay("used just now"))
        await asyncio.sleep(60)

        assert waker.lives == {}
        assert house.fleet.scaled == [(ECS, 1)]


async def test_a_name_that_stands_for_another_ecs_service_begins_anew() -> None:
    async with a_house(SHOP, BLOG) as house:
        await house.wake(BLOG.name)
        waiting = asyncio.ensure_future(house.engine.board.changed(BLOG.name))
        await asyncio.sleep(0)
        house.serve(SHOP, MOVED)

        assert house.phase(BLOG.name) is Phase.ASLEEP
        with pytest.raises(UnknownServiceError):
            await waiting
        await house.wake(BLOG.name)
        assert house.fleet.scaled == [(BLOG_ECS, 1), (ELSEWHERE, 1)]


async def test_a_name_that_moves_within_its_cluster_is_looked_at_at_once() -> None:
    async with a_house(BLOG) as house:
        await asyncio.sleep(1)
        house.serve(replace(BLOG, ecs=ECS))
        looks = len(house.fleet.observed_at)
        await asyncio.sleep(0.1)

        assert len(house.fleet.observed_at) == looks + 1


async def test_a_new_cadence_holds_from_the_next_look_on() -> None:
    async with a_house(SHOP) as house:
        house.serve(SHOP, cadence=Cadence(asleep=timedelta(seconds=1)))
        await asyncio.sleep(60)
        looks = len(house.fleet.observed_at)
        await asyncio.sleep(60)

        assert len(house.fleet.observed_at) - looks == 60


async def test_a_wake_that_is_given_back_is_given_back_though_its_service_goes() -> None:
    fleet = a_fleet(ECS)
    fleet.services[ECS].course = NO_IMAGE
    async with a_house(SHOP, fleet=fleet) as house:
        house.engine.waker.ask(NAME)
        await house.reach(Phase.FAILED)
        await asyncio.sleep(0)
        house.serve()
        await asyncio.sleep(5)

        assert fleet.services[ECS].desired == 0


async def test_a_catalog_tells_where_a_host_leads_and_what_is_served_besides() -> None:
    routed = replace(SHOP, hosts=(HostPattern(Host("shop.test")),))
    disabled = Disabled(BLOG.name, BLOG.ecs, ("has no hosts.",))
    catalog = Catalog(Roster((routed,), (disabled,)))
    assert (catalog.services, catalog.disabled) == ((routed,), (disabled,))
    assert catalog.routes.match(Host("shop.test"), "/") is routed

    catalog.replace(Roster((BLOG,)))

    assert catalog.routes.match(Host("shop.test"), "/") is None
    assert (catalog.named, catalog.disabled) == ({BLOG.name: BLOG}, ())


async def test_an_engine_counts_the_services_it_has() -> None:
    async with a_house(SHOP) as house:
        await house.wake()
        house.serve(SHOP, BLOG)
        counts = house.engine.count()

    assert counts.phases == {NAME: Phase.AWAKE, BLOG.name: Phase.ASLEEP}
    assert counts.wakes == {(NAME, "awake"): 1}
    assert (NAME, "total") in counts.wake_seconds


async def test_without_services_there_is_nothing_to_judge() -> None:
    async with an_engine() as engine:
        assert await replace(engine.sleeper(), services=()).sweep() == ()


DB_ECS = EcsService("apps", "db")
DB = Service(ServiceName("db"), DB_ECS, display_name="The database")
NEEDY = replace(SHOP, needs=(DB.name,))


@asynccontextmanager
async def a_house_with_a_need() -> AsyncIterator[House]:
    """A house in which a wake waits for a need that is on its way."""
    async with a_house(NEEDY, DB, fleet=a_fleet(ECS, DB_ECS, BLOG_ECS)) as house:
        house.engine.waker.ask(NAME)
        await asyncio.sleep(5)
        yield house


async def test_a_wake_whose_need_is_removed_fails_and_says_so() -> None:
    async with a_house_with_a_need() as house:
        house.serve(NEEDY)
        failed = await house.reach(Phase.FAILED)

        assert failed.diagnosis is not None
        assert DB.name in failed.diagnosis.sentence
        assert asyncio.get_running_loop().time() == 5


async def test_a_wake_whose_need_moves_waits_for_where_it_is_now() -> None:
    async with a_house_with_a_need() as house:
        house.serve(NEEDY, replace(DB, ecs=BLOG_ECS))
        await house.reach(Phase.AWAKE)

        assert house.fleet.scaled == [(DB_ECS, 1), (BLOG_ECS, 1), (ECS, 1)]


async def test_a_wake_that_is_removed_asks_no_more_for_its_need() -> None:
    async with a_house_with_a_need() as house:
        house.serve(DB)
        await asyncio.sleep(60)

        assert house.fleet.scaled == [(DB_ECS, 1)]
        assert house.phase(DB.name) is Phase.AWAKE


async def test_a_wake_that_needs_something_else_when_it_is_claimed_anew_waits_for_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with a_house_with_a_need() as house:
        house.serve(replace(NEEDY, needs=(BLOG.name,)), DB, BLOG)
        house.fleet.scale_troubles = iter([LOST_WRITE])
        await house.reach(Phase.AWAKE)
        await house.fleet.scale(DB_ECS, desired_count=0)
        await house.reach(Phase.ASLEEP, DB.name)

        assert house.fleet.scaled == [(DB_ECS, 1), (ECS, 1), (BLOG_ECS, 1), (ECS, 1), (DB_ECS, 0)]
    assert caplog.records == []
