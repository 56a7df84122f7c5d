"""Services that come and go under an owner and its followers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.crew.following import OFTEN, Bridge, Mate, World, a_follower, an_owner
from tests.engine.running import ECS, NAME, SHOP
from tests.fakes import FakeEcsService, clock
from wakeproxy.core.counts import Counts
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Use
from wakeproxy.core.roster import Changes, Roster, compare
from wakeproxy.core.service import EcsService, Service
from wakeproxy.errors import UnknownServiceError

BLOG = Service(ServiceName("blog"), EcsService("apps", "blog"))
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    world.fleet.services = {**world.fleet.services, BLOG.ecs: FakeEcsService(BLOG.ecs)}
    yield world
    world.socket.close()


def serve(bridge: Bridge, *services: Service, has_new_themes: bool = False) -> None:
    """Have the owner serve these from now on, and tell."""
    changes = compare(bridge.catalog.services, services)
    bridge.engine.watcher.replace(services, OFTEN)
    for gone in changes.removed:
        bridge.engine.waker.remove(gone.name)
    for new in changes.added:
        bridge.engine.waker.add(new)
    bridge.catalog.replace(Roster(services))
    bridge.owner.tell_services(has_new_themes=has_new_themes)


async def until_served(mate: Mate, *names: ServiceName) -> None:
    async with asyncio.timeout(15):
        while mate.catalog.named.keys() != set(names):
            await asyncio.sleep(0.005)


async def test_a_follower_serves_and_wakes_what_was_added(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        serve(bridge, SHOP, BLOG)
        await until_served(mate, NAME, BLOG.name)
        mate.follower.ask(BLOG.name)
        await bridge.engine.board.until(BLOG.name, lambda sight: sight.phase is Phase.WAKING)

        assert mate.station.changes == [Changes(added=(BLOG,))]
        assert mate.station.prepared == [((SHOP,), False), ((SHOP, BLOG), False)]


async def test_who_waits_on_a_follower_for_what_is_removed_is_told(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        serve(bridge, SHOP, BLOG)
        await until_served(mate, NAME, BLOG.name)
        mate.follower.ask(BLOG.name)
        waiting = asyncio.ensure_future(mate.board.until(BLOG.name, lambda sight: sight.phase is Phase.AWAKE))
        await bridge.engine.board.until(BLOG.name, lambda sight: sight.phase is Phase.WAKING)
        serve(bridge, SHOP)

        with pytest.raises(UnknownServiceError):
            await waiting
        assert mate.catalog.services == (SHOP,)


async def test_a_follower_that_comes_later_learns_which_services_there_are(world: World) -> None:
    async with an_owner(world) as bridge:
        serve(bridge, BLOG)
        async with a_follower(world) as mate:
            await until_served(mate, BLOG.name)

            assert list(mate.follower.names) == [BLOG.name]
            assert mate.station.changes == [Changes(added=(BLOG,), removed=(SHOP,))]


async def test_a_follower_shows_no_stage_of_a_service_whose_name_now_is_anothers(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        bridge.engine.ask()
        serve(bridge, replace(SHOP, ecs=BLOG.ecs))
        await until_served(mate, NAME)
        serve(bridge, replace(SHOP, ecs=BLOG.ecs), replace(BLOG, ecs=ECS))
        await until_served(mate, NAME, BLOG.name)

        assert mate.sight.phase is Phase.ASLEEP


async def test_themes_are_read_anew_though_no_service_changed(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        serve(bridge, SHOP, has_new_themes=True)
        async with asyncio.timeout(15):
            while not mate.station.prepared[1:]:
                await asyncio.sleep(0.005)

        assert mate.station.prepared[1] == ((SHOP,), True)
        assert mate.station.changes == []


async def test_what_a_follower_still_asks_of_a_removed_service_changes_nothing(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        mate.follower.ask(NAME)
        (endpoint,) = (await mate.reach(Phase.AWAKE)).endpoints
        bridge.engine.waker.remove(NAME)
        mate.follower.refuse(NAME, endpoint)
        mate.follower.ask(NAME)
        await mate.reach(Phase.ASLEEP)
        record = await mate.follower.note_use(NAME, Use(clock(), "here"))

        assert record == world.ledger.records[NAME]
        assert world.wakes == 1


async def test_what_followers_who_are_gone_counted_of_a_removed_service_is_forgotten(world: World) -> None:
    async with an_owner(world) as bridge:
        serve(bridge, SHOP, BLOG)
        async with a_follower(world) as mate:
            mate.station.counts = Counts(requests={(name, "proxy", 200): 1 for name in ("shop", "blog", "")})
            await bridge.owner.count()
        await bridge.owner.part(within=5)
        serve(bridge, SHOP)

        assert (await bridge.owner.count()).requests == {("shop", "proxy", 200): 1, ("", "proxy", 200): 1}
