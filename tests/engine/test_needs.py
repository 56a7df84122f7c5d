"""Services that need others: woken in order, shown beside them, and used along with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.engine.running import NAME, NO_IMAGE, Engine, a_fleet, after, an_engine
from tests.fakes import FakeFleet, MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, Record, Use, claim_sleep
from wakeproxy.core.service import EcsService, Service
from wakeproxy.engine.needs import SharedUses
from wakeproxy.errors import FleetError, LedgerError

DB, CACHE, DISK = ServiceName("db"), ServiceName("cache"), ServiceName("disk")


def a_service(name: str, *needs: str, optional: tuple[str, ...] = ()) -> Service:
    wanted = tuple(map(ServiceName, needs))
    return Service(
        ServiceName(name),
        EcsService("apps", name),
        needs=wanted,
        needs_optional=tuple(map(ServiceName, optional)),
        display_name=name.title(),
    )


@asynccontextmanager
async def a_house(
    *services: Service, fleet: FakeFleet | None = None, ledger: MemoryLedger | None = None
) -> AsyncIterator[Engine]:
    fleet = fleet or a_fleet(*(service.ecs for service in services))
    async with an_engine(fleet, ledger, services=services) as engine:
        yield engine


def woken(engine: Engine) -> list[str]:
    """Whose desired count AWS was told to raise, in order."""
    return [ecs.service for ecs, count in engine.fleet.scaled if count]


def phases_beside(engine: Engine) -> dict[str, Phase]:
    return {member.sight.service: member.sight.phase for member in engine.sight.needs}


async def test_what_a_service_needs_answers_before_it_is_started() -> None:
    async with a_house(a_service("shop", "db"), a_service("db")) as engine:
        engine.ask()
        while not woken(engine)[1:]:
            await engine.board.changed(NAME)
            if "shop" not in woken(engine):
                assert engine.ledger.records.get(NAME, Record()).intent is Intent.ASLEEP
        assert engine.waker.look(DB).phase is Phase.AWAKE
        await engine.reach(Phase.AWAKE)

        assert woken(engine) == ["db", "shop"]


async def test_a_chain_comes_up_from_its_end() -> None:
    async with a_house(a_service("shop", "db"), a_service("db", "disk"), a_service("disk")) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        assert woken(engine) == ["disk", "db", "shop"]


async def test_a_diamond_wakes_its_foot_once_and_its_sides_together() -> None:
    services = (a_service("shop", "db", "cache"), *(a_service(side, "disk") for side in ("db", "cache")))
    async with a_house(*services, a_service("disk")) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)

        first, *sides, last = woken(engine)
        assert (first, sorted(sides), last) == ("disk", ["cache", "db"], "shop")
        assert engine.sight.own_stages[0][1] < after(30)


async def test_nothing_waits_for_what_is_optional() -> None:
    async with a_house(a_service("shop", optional=("cache",)), a_service("cache")) as engine:
        engine.ask()
        await asyncio.sleep(1)

        assert set(woken(engine)) == {"cache", "shop"}
        assert engine.sight.gathered_at is None


async def test_an_optional_need_that_fails_fails_nobody() -> None:
    services = (a_service("shop", optional=("cache",)), a_service("cache"))
    fleet = a_fleet(*(service.ecs for service in services))
    fleet.services[services[1].ecs].course = NO_IMAGE
    async with a_house(*services, fleet=fleet) as engine:
        engine.ask()

        await engine.reach(Phase.AWAKE)


async def test_a_need_that_fails_fails_who_needs_it_with_its_reason() -> None:
    services = (a_service("shop", "db"), a_service("db"))
    fleet = a_fleet(*(service.ecs for service in services))
    fleet.services[services[1].ecs].course = NO_IMAGE
    async with a_house(*services, fleet=fleet) as engine:
        engine.ask()
        sight = await engine.reach(Phase.FAILED)

        assert engine.reason is not None
        assert engine.reason.startswith("It needs Db, which could not be woken: The image cannot be pulled")
        assert [member.sight.phase for member in sight.needs] == [Phase.FAILED]
        assert woken(engine) == ["db"]


async def test_a_need_that_may_not_be_tried_again_yet_fails_at_once() -> None:
    services = (a_service("shop", "db"), a_service("db"))
    fleet = a_fleet(*(service.ecs for service in services))
    fleet.services[services[1].ecs].course = NO_IMAGE
    async with a_house(*services, fleet=fleet) as engine:
        engine.waker.ask(DB)
        await engine.board.until(DB, lambda sight: sight.phase is Phase.FAILED)
        engine.ask()
        before = clock()
        await engine.reach(Phase.FAILED)

        assert clock() - before < timedelta(seconds=1)


async def test_a_need_that_nobody_knows_is_named() -> None:
    async with a_house(a_service("shop", "db")) as engine:
        engine.ask()
        await engine.reach(Phase.FAILED)

        assert engine.reason == "It needs db, which wakeproxy does not know."


async def test_an_optional_need_that_nobody_knows_is_no_matter() -> None:
    async with a_house(a_service("shop", optional=("db",))) as engine:
        engine.ask()

        await engine.reach(Phase.AWAKE)


async def test_a_need_that_is_put_to_sleep_meanwhile_is_asked_for_again() -> None:
    services = (a_service("shop", "db", "cache"), a_service("db"), a_service("cache"))
    fleet = a_fleet(*(service.ecs for service in services))
    fleet.services[services[2].ecs].has_capacity = False
    async with a_house(*services, fleet=fleet) as engine:
        engine.ask()
        await engine.board.until(DB, lambda sight: sight.phase is Phase.AWAKE)
        await asyncio.sleep(60)
        record = engine.ledger.records[DB]
        engine.ledger.records[DB] = claim_sleep(record, clock())
        await fleet.scale(services[1].ecs, desired_count=0)
        await engine.board.until(DB, lambda sight: sight.phase is Phase.WAKING)
        fleet.services[services[2].ecs].has_capacity = True
        await engine.reach(Phase.AWAKE)

        assert engine.waker.look(DB).phase is Phase.AWAKE


async def test_a_wake_that_others_carry_out_ends_the_wait() -> None:
    services = (a_service("shop", "db"), a_service("db"))
    fleet = a_fleet(*(service.ecs for service in services))
    fleet.services[services[1].ecs].has_capacity = False
    async with a_house(*services, fleet=fleet) as engine:
        engine.ask()
        await asyncio.sleep(1)
        await fleet.scale(services[0].ecs, desired_count=1)
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(60)

        assert engine.ledger.records[NAME].intent is Intent.AWAKE
        assert engine.sight.needs == ()


async def test_what_is_up_already_is_claimed_without_waiting() -> None:
    services = (a_service("shop", "db"), a_service("db"))
    fleet = a_fleet(*(service.ecs for service in services))
    async with a_house(*services, fleet=fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        fleet.services[services[1].ecs].has_capacity = False
        asleep = claim_sleep(engine.ledger.records[NAME], clock() + timedelta(seconds=10))
        engine.ledger.records[NAME] = asleep
        engine.waker.hear(NAME, asleep)
        await asyncio.sleep(1)

        assert engine.ledger.records[NAME].intent is Intent.AWAKE


async def test_waiting_for_needs_is_no_time_of_its_own() -> None:
    services = (a_service("shop", "db"), a_service("db"))
    async with a_house(*services) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(1)

        [past] = engine.ledger.history[NAME]
        assert past.took < timedelta(seconds=14)
        assert past.began_at == engine.sight.gathered_at


@pytest.mark.parametrize("is_silent", [False, True])
async def test_waiting_for_needs_counts_for_no_time_out(*, is_silent: bool) -> None:
    services = (a_service("shop", "db"), a_service("db"))
    fleet = a_fleet(*(service.ecs for service in services))
    fleet.services[services[1].ecs].has_capacity = False
    async with an_engine(fleet, services=services) as engine:
        engine.waker.lives[NAME].service = a_quick(services[0])
        engine.ask()
        await asyncio.sleep(30)
        if is_silent:
            fleet.observe_troubles = iter([FleetError("ECS does not answer.")] * 20)
            await asyncio.sleep(30)
        assert engine.phase is Phase.WAKING
        fleet.services[services[1].ecs].has_capacity = True

        await engine.reach(Phase.AWAKE)


def a_quick(service: Service) -> Service:
    return Service(service.name, service.ecs, needs=service.needs, wake_timeout=timedelta(seconds=15))


async def test_those_who_wait_see_how_far_each_is() -> None:
    services = (a_service("shop", "db", optional=("cache",)), a_service("db", "disk"), a_service("cache"))
    async with a_house(*services, a_service("disk")) as engine:
        engine.ask()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert phases_beside(engine) == {DISK: Phase.WAKING, DB: Phase.WAKING, CACHE: Phase.WAKING}
        assert [member.is_required for member in engine.sight.needs] == [True, True, False]
        await engine.board.until(DISK, lambda sight: sight.phase is Phase.AWAKE)
        assert phases_beside(engine)[DISK] is Phase.AWAKE
        await engine.reach(Phase.AWAKE)

        assert engine.sight.needs == ()


async def test_a_use_is_a_use_of_all_that_is_needed() -> None:
    ledger, heard = MemoryLedger(), list[tuple[ServiceName, Record]]()
    uses = SharedUses(ledger, lambda _: (DB, DISK), lambda name, record: heard.append((name, record)))

    record = await uses.note_use(NAME, Use(clock(), "here"))

    assert record == ledger.records[NAME]
    assert [name for name, _ in heard] == [DB, DISK]
    assert {record.last_used_at for record in ledger.records.values()} == {clock()}


async def test_a_use_that_cannot_be_told_of_is_told_again() -> None:
    uses = SharedUses(MemoryLedger(LedgerError("gone")), lambda _: (DB,), lambda *_: None)

    with pytest.raises(LedgerError):
        await uses.note_use(NAME, Use(clock(), "here"))
