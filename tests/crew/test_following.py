"""An owner and its followers, over a real socket."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from tests.crew.following import Station, World, a_follower, an_owner
from tests.engine.running import NAME, SHOP
from tests.fakes import clock
from wakeproxy.core.counts import Counts
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import Intent, Use
from wakeproxy.core.roster import Roster
from wakeproxy.crew.follower import Follower, Place
from wakeproxy.crew.link import Link
from wakeproxy.crew.messages import Hello
from wakeproxy.engine.board import Board
from wakeproxy.engine.catalog import Catalog
from wakeproxy.errors import LedgerError
from wakeproxy.front.gate import Gate

PATIENCE = 60.0
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    world.socket.close()


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def test_a_follower_sees_what_its_owner_sees(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        bridge.engine.ask()
        await mate.reach(Phase.AWAKE)

        assert mate.sight == bridge.engine.sight


async def test_a_visit_on_a_follower_wakes_and_is_seen_there_at_once(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate, a_follower(world, index=2) as other:
        mate.follower.ask(NAME)
        other.follower.ask(NAME)

        assert (mate.phase, mate.sight.stage) == (Phase.WAKING, Stage.REQUESTED)
        await asyncio.gather(mate.reach(Phase.AWAKE), other.reach(Phase.AWAKE))
        assert bridge.engine.phase is Phase.AWAKE
        assert world.wakes == 1
        assert list(mate.follower.names) == [NAME]


async def test_a_wake_that_is_one_too_many_is_taken_back(world: World) -> None:
    async with an_owner(world, wakes_per_minute=0), a_follower(world) as mate:
        mate.follower.ask(NAME)
        assert mate.phase is Phase.WAKING

        await mate.reach(Phase.ASLEEP)
        assert world.wakes == 0


async def test_a_followers_gate_counts_the_wakes_of_all(world: World) -> None:
    async with an_owner(world, wakes_per_minute=1) as bridge, a_follower(world, wakes_per_minute=1) as mate:
        assert bridge.gate.ask(NAME)
        await mate.reach(Phase.AWAKE)

        assert mate.station.recent == bridge.gate.recent != ()


async def test_a_task_that_refuses_a_follower_is_asked_by_nobody_until_it_answers_anew(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        mate.follower.ask(NAME)
        endpoint = (await mate.reach(Phase.AWAKE)).endpoints[0]

        mate.follower.refuse(NAME, endpoint)
        mate.follower.refuse(NAME, endpoint)
        assert (mate.phase, mate.sight.endpoints) == (Phase.WAKING, ())
        await bridge.engine.board.until(NAME, lambda sight: sight.phase is Phase.WAKING)
        await mate.reach(Phase.AWAKE)


async def test_when_a_task_broke_off_on_a_follower_aws_is_asked_at_once(world: World) -> None:
    async with an_owner(world), a_follower(world) as mate:
        mate.follower.ask(NAME)
        await mate.reach(Phase.AWAKE)
        looks = len(world.fleet.observed_at)

        mate.follower.look_again(NAME)
        await until(lambda: len(world.fleet.observed_at) > looks)


async def test_a_use_on_a_follower_is_in_the_ledger_and_heard_by_the_owner(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        record = await mate.follower.note_use(NAME, Use(clock(), "here"))

        assert record == world.ledger.records[NAME] == bridge.engine.waker.lives[NAME].record
        assert record.intent is Intent.AWAKE


async def test_a_follower_hears_that_the_ledger_could_not_be_told(world: World) -> None:
    async with an_owner(world), a_follower(world) as mate:
        world.ledger.error = LedgerError("The disk is full.")
        with pytest.raises(LedgerError, match="The disk is full"):
            await mate.follower.note_use(NAME, Use(clock(), "here"))


async def test_a_follower_told_to_stop_waits_for_no_owner(world: World) -> None:
    follower, told = (
        Follower(Place(1, world.folder / "owner"), Catalog(Roster((SHOP,))), Board([NAME]), clock),
        asyncio.Event(),
    )
    starting = asyncio.create_task(follower.start(Station(Gate(follower, 1)), told=told))
    await asyncio.sleep(0.01)
    assert not starting.done()
    told.set()
    await starting
    await follower.stop()


async def test_without_an_owner_what_is_awake_stays_so_and_uses_wait(world: World) -> None:
    async with AsyncExitStack() as stack:
        async with an_owner(world):
            mate = await stack.enter_async_context(a_follower(world))
            mate.follower.ask(NAME)
            await mate.reach(Phase.AWAKE)
        await until(lambda: mate.follower._link is None)

        assert mate.phase is Phase.AWAKE
        with pytest.raises(LedgerError, match="started anew"):
            await mate.follower.note_use(NAME, Use(clock(), "here"))

        flushes = mate.station.flushes
        async with an_owner(world, awaits=1) as bridge:
            assert bridge.engine.phase is Phase.AWAKE, "it takes up what its follower knows"
            await until(lambda: mate.station.flushes > flushes)
            await mate.follower.note_use(NAME, Use(clock(), "here"))
            assert mate.phase is Phase.AWAKE
    assert world.wakes == 1


async def test_a_use_that_waits_for_an_owner_that_goes_is_an_error_at_once(world: World) -> None:
    async with AsyncExitStack() as stack:
        async with an_owner(world):
            mate = await stack.enter_async_context(a_follower(world))
            world.ledger.latency = 5.0
            noting = asyncio.create_task(mate.follower.note_use(NAME, Use(clock(), "here")))
            await until(lambda: world.ledger.calls["note_use"])
        with pytest.raises(LedgerError, match="did not answer"):
            await noting


async def test_a_wake_asked_for_while_there_is_no_owner_is_the_next_ones(world: World) -> None:
    async with AsyncExitStack() as stack:
        async with an_owner(world):
            mate = await stack.enter_async_context(a_follower(world))
        await until(lambda: mate.follower._link is None)
        mate.follower.ask(NAME)
        assert mate.phase is Phase.WAKING
        waiting = asyncio.create_task(mate.reach(Phase.AWAKE))

        async with an_owner(world):
            await waiting
    assert world.wakes == 1


async def test_a_refusal_while_there_is_no_owner_reaches_the_next(world: World) -> None:
    async with AsyncExitStack() as stack:
        async with an_owner(world):
            mate = await stack.enter_async_context(a_follower(world))
            mate.follower.ask(NAME)
            endpoint = (await mate.reach(Phase.AWAKE)).endpoints[0]
        await until(lambda: mate.follower._link is None)
        mate.follower.refuse(NAME, endpoint)

        assert mate.phase is Phase.WAKING
        async with an_owner(world):
            await mate.reach(Phase.AWAKE)


async def test_the_gate_of_a_new_owner_counts_the_wakes_before_it(world: World) -> None:
    async with AsyncExitStack() as stack:
        async with an_owner(world) as bridge:
            mate = await stack.enter_async_context(a_follower(world))
            assert mate.station.gate.ask(NAME)
            await mate.reach(Phase.AWAKE)
            counted = bridge.gate.recent
        async with an_owner(world, awaits=1) as bridge:
            assert bridge.gate.recent == counted != ()


async def test_an_owner_adds_up_what_followers_count_and_have_counted(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        mate.station.counts = Counts(visitors=2, requests=Counter({("shop", "proxy", 200): 3}))
        async with a_follower(world, index=2) as other:
            other.station.counts = Counts(visitors=1, requests=Counter({("shop", "proxy", 200): 4}))
            both = await bridge.owner.count()
        async with asyncio.timeout(PATIENCE):
            while (left := await bridge.owner.count()).visitors != 2:
                await asyncio.sleep(0.005)

    assert (both.visitors, sum(both.requests.values())) == (3, 7)
    assert sum(left.requests.values()) == 7, "what was counted is not forgotten"


async def test_an_owner_knows_whether_every_use_has_been_told(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate:
        assert await bridge.owner.flush()
        mate.station.has_flushed = False
        assert not await bridge.owner.flush()


async def test_a_follower_that_hangs_leaves_uses_unknown(world: World) -> None:
    async with an_owner(world) as bridge:
        link = Link(*await asyncio.open_unix_connection(world.folder / "owner"))
        link.say(Hello(1, (), ()))
        await bridge.owner.gather(1, within=PATIENCE)

        assert not await bridge.owner.flush()
        flushing = asyncio.create_task(bridge.owner.flush())
        await asyncio.sleep(0)
        await link.close()
        assert await flushing, "one that is gone uses nothing"
        await bridge.owner.part(within=PATIENCE)


async def test_who_does_not_say_hello_is_no_follower(world: World) -> None:
    async with an_owner(world) as bridge:
        link = Link(*await asyncio.open_unix_connection(world.folder / "owner"))
        link.say("what is this?")

        assert await link.hear() is None
        await link.close()
        await bridge.owner.gather(1, within=0.01)
        assert await bridge.owner.count() == Counts()


# Keeping awake.


async def test_a_wish_to_stay_awake_on_a_follower_is_seen_everywhere_and_written_down(world: World) -> None:
    async with an_owner(world) as bridge, a_follower(world) as mate, a_follower(world, index=2) as other:
        mate.follower.ask(NAME)
        await asyncio.gather(mate.reach(Phase.AWAKE), other.reach(Phase.AWAKE))
        wanted = clock() + timedelta(hours=2)
        mate.follower.keep_awake(NAME, wanted)

        assert mate.sight.outlook.kept_until == wanted
        async with asyncio.timeout(PATIENCE):
            await until(lambda: other.sight.outlook.kept_until == wanted)
            await until(lambda: world.ledger.records[NAME].awake_until == wanted)
        assert bridge.engine.sight.outlook.kept_until == wanted


async def test_a_wish_while_there_is_no_owner_is_told_to_the_next(world: World) -> None:
    wanted = clock() + timedelta(hours=2)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(AsyncExitStack())
        await first.enter_async_context(an_owner(world))
        mate = await stack.enter_async_context(a_follower(world))
        await first.aclose()
        await asyncio.sleep(0.05)
        mate.follower.keep_awake(NAME, wanted)
        async with an_owner(world), asyncio.timeout(PATIENCE):
            await until(lambda: NAME in world.ledger.records)
            await until(lambda: world.ledger.records[NAME].awake_until == wanted)

            assert mate.sight.outlook.kept_until == wanted
