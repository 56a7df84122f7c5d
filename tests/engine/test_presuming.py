"""What a sweep takes from the last look at a service, and what it looks at afresh before it acts by it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.engine.running import ECS, NAME, SHOP, a_fleet, as_deployed
from tests.engine.test_sweeping import City, a_city, a_service, deafen
from tests.fakes import FakeFleet, FakeProber, MemoryLedger, clock
from wakeproxy.core.hours import Window
from wakeproxy.core.idleness import Rule, Stay
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Deployment, Observation
from wakeproxy.core.record import Intent
from wakeproxy.core.roster import Roster
from wakeproxy.core.service import EcsService
from wakeproxy.engine.catalog import Catalog
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.engine import build_engine
from wakeproxy.engine.watcher import Cadence
from wakeproxy.ports import Look

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW_OPEN = Window(frozenset(range(7)), 11 * 60, 13 * 60, ZoneInfo("UTC"))  # the virtual clock begins at 12:00


@dataclass
class Listening(FakeFleet):
    """A fleet that keeps whom it was asked about."""

    asked: list[str] = field(default_factory=list)

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        self.asked += [look.ecs.service for look in looks]
        return await FakeFleet.observe(self, looks)


def listen(city: City) -> Listening:
    """Let every service have been looked at just now; say who is asked about from now on."""
    fleet = Listening(city.fleet.services)
    looks = {one.name: fleet.services[one.ecs].describe(clock(), lag=timedelta()) for one in city.services}
    city.sleeper = replace(city.sleeper, claims=Claims(fleet, city.ledger, clock), last_look=looks.get)
    return fleet


def start_by_hand(city: City, name: str) -> None:
    one = city.one(name)
    one.asked.append((clock(), 1))
    one.pass_time(clock())


async def test_aws_is_not_asked_about_who_sleeps_by_the_ledger_and_by_the_last_look() -> None:
    city = a_city(*(a_service(f"shop-{number}") for number in range(100)), up=False)
    fleet = listen(city)

    decisions = await city.sweep()

    assert {one.label for one in decisions.values()} == {"asleep"}
    assert fleet.asked == []


async def test_who_is_in_use_is_not_asked_about_either() -> None:
    city = a_city(a_service("shop"))
    city.ledger.records[NAME] = replace(city.record("shop"), last_used_at=clock())
    fleet = listen(city)

    assert (await city.sweep())["shop"].label == "used"
    assert fleet.asked == []


async def test_who_sleeps_against_the_ledgers_word_is_asked_about() -> None:
    city = a_city(a_service("shop"), up=False)
    city.ledger.records[NAME] = replace(city.record("shop"), intent=Intent.AWAKE)
    fleet = listen(city)

    await city.sweep()

    assert fleet.asked == ["shop"]


async def test_who_was_looked_at_long_ago_is_asked_about() -> None:
    city = a_city(a_service("shop"), a_service("blog", idle_after=timedelta(minutes=2)), up=False)
    fleet = listen(city)
    await asyncio.sleep(180)

    await city.sweep()

    assert fleet.asked == ["blog"]


async def test_nobody_is_put_to_sleep_by_an_earlier_look() -> None:
    city = a_city(a_service("shop"), a_service("blog"))
    fleet = listen(city)
    city.one("shop").deployments = (Deployment("1", "PRIMARY", "IN_PROGRESS", "shop:9", 0),)

    decisions = await city.sweep()

    assert (decisions["shop"].label, decisions["shop"].is_done) == ("deploying", False)
    assert decisions["blog"].is_done
    assert fleet.asked == ["blog", "shop"], "once each"


async def test_who_was_started_by_hand_since_keeps_up_what_it_needs() -> None:
    city = a_city(a_service("shop", needs=("cache",)), a_service("cache", needs=("db",)), a_service("db"), up=False)
    start_by_hand(city, "db")
    city.one("db").asked.insert(0, (clock() - timedelta(hours=2), 1))
    city.one("db").tasks[0].made_at -= timedelta(hours=2)
    fleet = listen(city)
    start_by_hand(city, "shop")

    decisions = await city.sweep()

    assert decisions["db"].judgement == Stay("needed by cache", None, Rule.NEEDED)
    assert sorted(fleet.asked) == ["cache", "db", "shop"]


async def test_who_sleeps_still_lets_go_of_what_it_needs() -> None:
    city = a_city(a_service("shop", needs=("db",)), a_service("blog"), a_service("db"), up=False)
    start_by_hand(city, "db")
    city.one("db").tasks[0].made_at -= timedelta(hours=2)
    fleet = listen(city)

    decisions = await city.sweep()

    assert decisions["db"].is_done
    assert fleet.asked == ["db", "shop"], "and nobody on whom nothing depends"


async def test_who_cannot_be_looked_at_afresh_may_need_what_it_needs() -> None:
    city = a_city(a_service("shop", "one", needs=("db",)), a_service("db", "two"), up=False)
    start_by_hand(city, "db")
    city.one("db").tasks[0].made_at -= timedelta(hours=2)
    listen(city)
    deafen(city, "one")

    decisions = await city.sweep()

    assert (decisions["shop"].label, decisions["db"].label) == ("unread", "needed")


async def test_who_was_started_by_hand_since_is_not_woken_for_its_hours() -> None:
    city = a_city(a_service("shop", awake_hours=(NOW_OPEN,)), up=False)
    listen(city)
    start_by_hand(city, "shop")

    assert (await city.sweep())["shop"].label == "awake hours"
    assert city.record("shop").intent is Intent.ASLEEP, "nobody claimed it"


async def test_others_have_their_turn_while_thousands_are_judged() -> None:
    city = a_city(*(a_service(f"shop-{number}") for number in range(2000)), up=False)
    listen(city)
    turns = 0

    async def visit() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    visiting = asyncio.create_task(visit())
    await city.sweep()
    visiting.cancel()

    assert turns >= 2 * 2000 / 50, "as they are judged, and as they are told of"


@dataclass
class Crowded(FakeFleet):
    """A fleet whose limits admit no change before they are told to."""

    may_go: asyncio.Event = field(default_factory=asyncio.Event)
    is_patient: bool = False

    def patient(self) -> "Crowded":
        return replace(self, is_patient=True)

    @asynccontextmanager
    async def turn(self) -> "AsyncIterator[None]":
        assert self.is_patient, "visitors' wakes go first"
        await self.may_go.wait()
        yield


async def test_a_wake_for_awake_hours_is_claimed_when_its_turn_has_come() -> None:
    city = a_city(a_service("shop", awake_hours=(NOW_OPEN,)), a_service("blog", awake_hours=(NOW_OPEN,)), up=False)
    fleet = Crowded(city.fleet.services)
    city.sleeper = replace(city.sleeper, claims=Claims(fleet, city.ledger, clock))

    sweeping = asyncio.create_task(city.sweep())
    await asyncio.sleep(60)
    assert city.record("shop").intent is Intent.ASLEEP
    await Claims(city.fleet, city.ledger, clock).wake(city.services[0])  # a visitor was first
    fleet.may_go.set()
    await sweeping

    assert city.record("shop").generation == 2, "and is not overtaken"
    assert (city.desired("shop"), city.desired("blog")) == (1, 1)


async def test_an_engine_tells_of_its_last_look() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    engine = build_engine(Catalog(Roster((SHOP,))), Claims(fleet, MemoryLedger(), clock), FakeProber(fleet), Cadence())
    assert engine.last_look(NAME) is None
    engine.start()
    await asyncio.sleep(1)
    await engine.stop()

    seen = engine.last_look(NAME)
    assert seen is not None
    assert (seen.ecs, seen.desired) == (ECS, 1)
    assert engine.last_look(ServiceName("nobody")) is None
