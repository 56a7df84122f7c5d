"""What a sweep asks, in which order, of whom, and what it makes of the answers: several services, no front."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.engine.running import NO_IMAGE
from tests.fakes import FakeEcsService, FakeFleet, FakeSignals, MemoryLedger, Trouble, clock
from wakeproxy.core.hours import Window
from wakeproxy.core.idleness import Kind, Rule, Sleep, Stay, Wake
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Deployment, Observation
from wakeproxy.core.record import Intent, PastWake, Record
from wakeproxy.core.service import EcsService, IdlePolicy, Service
from wakeproxy.core.signals import Active, Signal, SignalPolicy, Unreadable
from wakeproxy.engine.claims import Claims
from wakeproxy.engine.deeds import Deeds
from wakeproxy.engine.sleeper import Decision, Sleeper
from wakeproxy.errors import AccessDeniedError, FleetError, LedgerError, ThrottledError
from wakeproxy.ports import Look

HOUR = timedelta(hours=1)
NOW_OPEN = Window(frozenset(range(7)), 11 * 60, 13 * 60, ZoneInfo("UTC"))  # the virtual clock begins at 12:00
CPU = SignalPolicy(cpu_above=20)


@dataclass
class City:
    """Some services that nobody has used for two hours, and a sleeper for them."""

    services: tuple[Service, ...]
    fleet: FakeFleet
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    signals: FakeSignals = field(default_factory=FakeSignals)
    sleeper: Sleeper = field(init=False)

    def __post_init__(self) -> None:
        claims = Claims(self.fleet, self.ledger, clock)
        self.sleeper = Sleeper(self.services, claims, timedelta(seconds=1), self.signals, Deeds())

    async def sweep(self, *, is_dry_run: bool = False) -> dict[str, Decision]:
        return {one.service: one for one in await self.sleeper.sweep(is_dry_run=is_dry_run)}

    def one(self, name: str) -> FakeEcsService:
        return next(one for ecs, one in self.fleet.services.items() if ecs.service == name)

    def desired(self, name: str) -> int:
        return self.one(name).desired

    def record(self, name: str) -> Record:
        return self.ledger.records[ServiceName(name)]


def a_service(name: str, cluster: str = "apps", needs: tuple[str, ...] = (), **idle: Any) -> Service:
    needed = tuple(map(ServiceName, needs))
    return Service(ServiceName(name), EcsService(cluster, name), needs=needed, idle=IdlePolicy(**idle))


def a_city(*services: Service, up: bool = True) -> City:
    fleet = FakeFleet({one.ecs: FakeEcsService(one.ecs) for one in services})
    city = City(services, fleet)
    for one in services:
        if up:
            fleet.services[one.ecs].asked.append((clock() - 2 * HOUR, 1))
            fleet.services[one.ecs].pass_time(clock() - 2 * HOUR)
        intent = Intent.AWAKE if up else Intent.ASLEEP
        city.ledger.records[one.name] = Record(1, intent, clock() - 2 * HOUR, clock() - 2 * HOUR)
    return city


async def test_without_services_nothing_is_asked() -> None:
    city = a_city()

    assert await city.sweep() == {}
    assert not city.ledger.calls


async def test_no_more_records_are_read_at_once_than_a_visitor_can_wait_for() -> None:
    city = a_city(*(a_service(f"shop-{number}") for number in range(1001)), up=False)

    assert len(await city.sweep(is_dry_run=True)) == 1001
    assert city.ledger.calls == {"read": 3}


def remember_in(city: City, ledger: MemoryLedger) -> None:
    """Give the city another ledger."""
    city.ledger = ledger
    city.sleeper = replace(city.sleeper, claims=Claims(city.fleet, ledger, clock))


class Forgetful(MemoryLedger):
    """A ledger that keeps no history."""

    async def add_wake(self, name: ServiceName, wake: PastWake) -> None:
        raise LedgerError(f"The wake of {name} at {wake.began_at} could not be written.")


class Contested(MemoryLedger):
    """A ledger in which somebody is always first."""

    async def swap(self, name: ServiceName, before: Record, after: Record) -> bool:
        return (name, before) == (name, after)


# What is asked.


async def test_what_costs_calls_is_asked_only_about_who_would_sleep_without() -> None:
    city = a_city(*(a_service(name, signals=CPU) for name in ("shop", "blog")))
    city.ledger.records[ServiceName("blog")] = replace(city.record("blog"), last_used_at=clock())

    await city.sweep()

    assert [ask.ecs.service for _, asks in city.signals.asked for ask in asks] == ["shop"]
    assert [ecs.service for asked in city.fleet.protection_asked for ecs in asked] == ["shop"]


async def test_who_has_looked_already_is_told_what_a_sweep_would_decide() -> None:
    city = a_city(a_service("shop", signals=CPU), a_service("docs", needs=("db",)), a_service("db"), a_service("blog"))
    shop, docs, db, blog = city.services
    city.signals.readings[shop.ecs] = {Signal.CPU: Active(clock() - timedelta(minutes=1), "CPU at 34 %")}
    city.ledger.records[docs.name] = Record(1, Intent.AWAKE, clock() - 2 * HOUR, clock())
    seen: dict[EcsService, Observation | FleetError] = {
        **await city.fleet.observe([Look(one.ecs) for one in (shop, docs, db)]),
        blog.ecs: FleetError("AWS did not answer."),
    }

    judged = await city.sleeper.judge(city.ledger.records, seen)

    assert {name: one.rule for name, one in judged.items() if isinstance(one, Stay)} == {
        shop.name: Rule.SIGNAL,
        docs.name: Rule.USED,
        db.name: Rule.NEEDED,
        blog.name: Rule.UNREAD,
    }
    assert len(city.fleet.observed_at) == 1, "no look of its own"


async def test_signals_are_asked_for_as_long_as_a_use_would_count_and_they_may_be_late() -> None:
    city = a_city(a_service("shop", signals=CPU))
    city.one("shop").target_groups = ("blue", "green")
    city.one("shop").deployments = (Deployment("1", "PRIMARY", "COMPLETED", "shop:8", 0),)

    await city.sweep()

    ((now, (ask,)),) = city.signals.asked
    assert now - ask.since == timedelta(minutes=15, seconds=1) + timedelta(minutes=3)
    assert (ask.target_groups, ask.task_definitions, ask.policy) == (("blue", "green"), ("shop:8",), CPU)


async def test_nobody_reads_signals_that_nobody_wants() -> None:
    city = a_city(a_service("shop"))

    assert (await city.sweep())["shop"].is_done
    assert city.signals.asked == []


async def test_who_wants_signals_where_nobody_reads_them_is_told() -> None:
    city = a_city(a_service("shop", signals=CPU))
    city.sleeper = replace(city.sleeper, signals=None)

    assert (await city.sweep())["shop"].reason == "its CPU cannot be read: Nobody reads signals here"


async def test_a_signal_keeps_awake_and_is_not_asked_for_again_while_it_does() -> None:
    city = a_city(a_service("shop", signals=CPU))
    shop = city.services[0].ecs
    city.signals.readings[shop] = {Signal.CPU: Active(clock() - timedelta(minutes=1), "CPU at 34 %")}

    first, second = await city.sweep(), await city.sweep()

    assert first["shop"].reason == "CPU at 34 %, 60 s ago"
    assert second["shop"].reason == first["shop"].reason
    assert len(city.signals.asked) == 1


async def test_a_signal_that_was_active_once_is_asked_for_again_when_that_is_long_ago() -> None:
    city = a_city(a_service("shop", signals=CPU))
    shop = city.services[0].ecs
    long_ago = Active(clock() - timedelta(minutes=19), "CPU at 34 %")
    city.sleeper.memory.readings[city.services[0].name] = {Signal.CPU: long_ago}

    city.signals.readings[shop] = {Signal.CPU: Unreadable("AWS did not answer.")}
    assert (await city.sweep())["shop"].reason == "its CPU cannot be read: AWS did not answer"

    city.signals.readings[shop] = {}
    assert (await city.sweep())["shop"].is_done
    assert len(city.signals.asked) == 2
    assert city.sleeper.memory.readings == {}


async def test_a_protected_task_keeps_awake() -> None:
    city = a_city(a_service("shop"), a_service("blog"))
    city.one("shop").protected_until = clock() + HOUR

    decisions = await city.sweep()

    reason = "a task is protected from scale-in until 2026-11-21 13:00 UTC"
    assert decisions["shop"].judgement == Stay(reason, city.one("shop").protected_until, Rule.PROTECTED)
    assert decisions["blog"].is_done


# What cannot be read.


@dataclass
class Deaf(FakeFleet):
    """A fleet of which some services may not be read: whoever asks about one of them is denied all he asked about."""

    denied: frozenset[str] = frozenset()
    error: FleetError = field(default_factory=lambda: AccessDeniedError("AWS does not allow it."))

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        asked = {name for look in looks for name in (look.ecs.service, look.ecs.cluster)}
        self.observed_at.append(clock())
        if asked & self.denied:
            raise self.error
        return await FakeFleet.observe(self, looks)


def deafen(city: City, *denied: str, error: FleetError | None = None) -> Deaf:
    fleet = Deaf(
        city.fleet.services, denied=frozenset(denied), error=error or AccessDeniedError("AWS does not allow it.")
    )
    city.sleeper = replace(city.sleeper, claims=Claims(fleet, city.ledger, clock))
    return fleet


async def test_a_cluster_that_cannot_be_read_hides_no_other() -> None:
    city = a_city(a_service("shop", "one"), a_service("blog", "two"))
    deafen(city, "one", error=ThrottledError("AWS limits the rate."))

    decisions = await city.sweep()

    assert (decisions["shop"].label, decisions["shop"].reason) == ("unread", "AWS limits the rate.")
    assert decisions["blog"].is_done


async def test_a_service_that_may_not_be_read_hides_no_other_of_its_cluster() -> None:
    city = a_city(*(a_service(f"shop-{number}") for number in range(20)))
    deafen(city, "shop-7")

    decisions = await city.sweep()

    assert {name for name, one in decisions.items() if not one.is_done} == {"shop-7"}
    assert decisions["shop-7"].reason == "AWS does not allow it."


async def test_where_nothing_may_be_read_it_is_not_asked_for_ever() -> None:
    names = [f"shop-{number}" for number in range(1000)]
    city = a_city(*map(a_service, names))
    fleet = deafen(city, *names)

    decisions = await city.sweep()

    assert not any(one.is_done for one in decisions.values())
    assert len(fleet.observed_at) < 50


async def test_a_rate_that_is_too_high_is_not_made_higher() -> None:
    city = a_city(*(a_service(f"shop-{number}") for number in range(20)))
    fleet = deafen(city, "shop-7", error=ThrottledError("AWS limits the rate."))

    await city.sweep()

    assert len(fleet.observed_at) == 1


async def test_protection_that_cannot_be_read_in_one_cluster_is_read_in_another() -> None:
    city = a_city(a_service("shop", "one"), a_service("blog", "two"))
    city.fleet.protection_troubles = iter([FleetError("ECS does not answer."), None])

    decisions = await city.sweep()

    assert decisions["shop"].reason == (
        "whether its tasks are protected from scale-in cannot be read: ECS does not answer"
    )
    assert decisions["blog"].is_done


# Needs.


async def test_who_needs_another_keeps_it_awake_directly_or_not() -> None:
    city = a_city(a_service("shop", needs=("db",)), a_service("db", needs=("disk",)), a_service("disk"))
    city.ledger.records[ServiceName("shop")] = replace(city.record("shop"), last_used_at=clock())

    decisions = await city.sweep()

    assert decisions["db"].judgement == Stay("needed by shop", None, Rule.NEEDED)
    assert decisions["disk"].judgement == Stay("needed by db", None, Rule.NEEDED)


async def test_who_falls_asleep_lets_go_of_what_it_needed_in_the_same_sweep() -> None:
    city = a_city(a_service("shop", needs=("db",)), a_service("db"))

    decisions = await city.sweep()

    assert decisions["shop"].is_done
    assert decisions["db"].is_done


async def test_who_stays_by_a_signal_keeps_awake_what_it_needs() -> None:
    city = a_city(a_service("shop", needs=("db", "nobody"), signals=CPU), a_service("db"))
    city.signals.readings[city.services[0].ecs] = {Signal.CPU: Active(clock(), "CPU at 34 %")}

    assert (await city.sweep())["db"].reason == "needed by shop"


async def test_who_sleeps_or_is_not_there_needs_nothing() -> None:
    city = a_city(a_service("shop", needs=("db",)), a_service("blog", needs=("db",)), a_service("db"))
    city.one("shop").asked.append((clock(), 0))
    city.one("blog").status = "MISSING"

    assert (await city.sweep())["db"].is_done


async def test_who_cannot_be_read_may_need_what_it_needs() -> None:
    city = a_city(a_service("shop", "one", needs=("db",)), a_service("db", "two"))
    deafen(city, "one")

    assert (await city.sweep())["db"].reason == "needed by shop"


# Crash loops.


def in_vain(city: City) -> None:
    """Let a service have been started by hand twenty minutes ago, and fail ever since."""
    shop = city.one("shop")
    shop.course = NO_IMAGE
    shop.asked.append((clock() - timedelta(minutes=20), 1))
    for minutes in range(20, 0, -1):
        shop.pass_time(clock() - timedelta(minutes=minutes))


async def test_a_crash_loop_is_put_to_sleep_and_its_history_tells_why() -> None:
    city = a_city(a_service("shop", signals=CPU), up=False)
    in_vain(city)

    decision = (await city.sweep())["shop"]

    assert isinstance(decision.judgement, Sleep)
    assert decision.judgement.kind is Kind.CRASH_LOOP
    assert decision.judgement.reason.startswith("nothing has come up for 20 min: The image cannot be pulled")
    assert (decision.is_done, city.desired("shop")) == (True, 0)
    assert city.ledger.history[ServiceName("shop")] == [decision.judgement.failure]
    assert city.signals.asked == [], "nothing runs that could be in use"
    assert city.sleeper.deeds.sleeps == {("shop", "crash loop"): 1}


async def test_a_crash_loop_sleeps_even_if_its_history_cannot_be_told() -> None:
    city = a_city(a_service("shop"), up=False)
    in_vain(city)
    remember_in(city, Forgetful(records=city.ledger.records))

    assert (await city.sweep())["shop"].is_done


# Awake hours.


async def test_what_must_be_up_is_woken_after_what_it_needs() -> None:
    city = a_city(
        a_service("shop", needs=("db", "nobody"), awake_hours=(NOW_OPEN,)), a_service("db"), a_service("blog"), up=False
    )

    decisions = await city.sweep()

    assert decisions["shop"] == Decision(ServiceName("shop"), Wake("its awake hours have begun"), is_done=True)
    assert [(ecs.service, count) for ecs, count in city.fleet.scaled] == [("db", 1), ("shop", 1)]
    assert city.record("shop").intent is Intent.AWAKE
    assert decisions["blog"].judgement == Stay("already asleep", None, Rule.ASLEEP)


async def test_what_was_woken_for_its_hours_stays_for_them_and_is_woken_once() -> None:
    city = a_city(a_service("shop", awake_hours=(NOW_OPEN,)), up=False)
    await city.sweep()
    again = (await city.sweep())["shop"]

    assert again.reason == "within its awake hours until Sat 13:00 UTC"
    assert len(city.fleet.scaled) == 1


async def test_what_was_put_to_sleep_within_its_hours_is_not_woken() -> None:
    city = a_city(a_service("shop", awake_hours=(NOW_OPEN,)))
    await city.sleeper.claims.sleep(city.services[0], city.record("shop"))
    decision = (await city.sweep())["shop"]

    assert decision.outcome == "stays"
    assert city.desired("shop") == 0


async def test_a_wake_that_aws_refuses_is_told_and_tried_again() -> None:
    city = a_city(a_service("shop", awake_hours=(NOW_OPEN,)), up=False)
    city.fleet.scale_troubles = iter([Trouble(FleetError("ECS does not answer."))])

    first = (await city.sweep())["shop"]
    assert (first.outcome, first.note) == ("left asleep", "ECS does not answer.")
    assert first.reason == "its awake hours have begun; ECS does not answer."

    city.ledger.records[ServiceName("shop")] = replace(city.record("shop"), claimed_at=clock() - timedelta(seconds=60))
    assert (await city.sweep())["shop"].outcome == "woken"


class Rival(FakeFleet):
    """A fleet whose first look takes so long that somebody else claims a wake meanwhile."""

    async def observe(self, looks: Sequence[Look]) -> Mapping[EcsService, Observation]:
        seen = await FakeFleet.observe(self, looks)
        await Claims(self, self.ledger, clock).claim_wake(ServiceName("shop"))
        return seen

    ledger: MemoryLedger


async def test_a_wake_that_somebody_else_claims_meanwhile_is_left_to_him() -> None:
    city = a_city(a_service("shop", awake_hours=(NOW_OPEN,)), up=False)
    rival = Rival(city.fleet.services)
    rival.ledger = city.ledger
    city.sleeper = replace(city.sleeper, claims=Claims(rival, city.ledger, clock))

    assert (await city.sweep())["shop"].is_done
    assert rival.scaled == [], "the rival's call is on its way"


async def test_a_dry_run_wakes_nothing() -> None:
    city = a_city(a_service("shop", awake_hours=(NOW_OPEN,)), a_service("blog"), up=False)
    city.one("blog").asked.append((clock() - 2 * HOUR, 1))
    city.one("blog").pass_time(clock() - 2 * HOUR)

    decisions = await city.sweep(is_dry_run=True)

    assert {name: one.outcome for name, one in decisions.items()} == {"shop": "would wake", "blog": "would sleep"}
    assert city.fleet.scaled == []


# Clocks.


async def test_a_use_told_by_a_clock_gone_mad_counts_once() -> None:
    city = a_city(a_service("shop"))
    city.ledger.records[ServiceName("shop")] = replace(city.record("shop"), last_used_at=clock() + 100 * HOUR)

    first = (await city.sweep())["shop"]

    assert first.reason == "used 0 s ago"
    assert city.record("shop").last_used_at is not None
    assert abs((city.record("shop").last_used_at or clock()) - clock()) < timedelta(seconds=1)
    assert city.record("shop").generation == 1


async def test_a_dry_run_puts_nothing_right() -> None:
    city = a_city(a_service("shop"))
    mad = replace(city.record("shop"), last_used_at=clock() + 100 * HOUR)
    city.ledger.records[ServiceName("shop")] = mad

    assert (await city.sweep(is_dry_run=True))["shop"].reason == "used 0 s ago"
    assert city.record("shop") == mad


async def test_a_record_that_changed_meanwhile_is_not_put_right() -> None:
    city = a_city(a_service("shop"))
    mad = replace(city.record("shop"), last_used_at=clock() + 100 * HOUR)
    remember_in(city, Contested(records={ServiceName("shop"): mad}))

    assert (await city.sweep())["shop"].outcome == "stays"
    assert city.record("shop") == mad


# What is told.


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[list[tuple[str, str]]]:
    caplog.set_level(logging.DEBUG, logger="wakeproxy.engine.sleeper")
    lines: list[tuple[str, str]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((record.levelname, record.getMessage()))

    handler = Kept()
    logging.getLogger("wakeproxy.engine.sleeper").addHandler(handler)
    yield lines
    logging.getLogger("wakeproxy.engine.sleeper").removeHandler(handler)


async def test_the_log_tells_what_changed_and_who_debugs_everything(told: list[tuple[str, str]]) -> None:
    city = a_city(a_service("shop"), a_service("blog"))
    city.one("blog").asked.append((clock() - 2 * HOUR, 0))
    city.one("blog").pass_time(clock() - HOUR)
    city.ledger.records[ServiceName("shop")] = replace(city.record("shop"), last_used_at=clock())
    await city.sweep()
    await city.sweep()
    city.ledger.records[ServiceName("shop")] = replace(city.record("shop"), last_used_at=clock() - HOUR)
    await city.sweep()

    assert told == [
        ("INFO", "shop: stays: used 0 s ago"),
        ("DEBUG", "blog: stays: already asleep"),
        ("DEBUG", "shop: stays: used 0 s ago"),
        ("DEBUG", "blog: stays: already asleep"),
        ("INFO", "shop: put to sleep: unused for 60 min"),
        ("DEBUG", "blog: stays: already asleep"),
    ]


async def test_a_decision_that_came_to_nothing_says_so() -> None:
    city = a_city(a_service("shop"))
    city.fleet.scale_troubles = repeat(Trouble(FleetError("ECS does not answer.")))

    decision = (await city.sweep())["shop"]

    assert (decision.outcome, decision.label, decision.reason) == (
        "left awake",
        "idle",
        "unused for 2 h; ECS does not answer.",
    )


def test_a_decision_is_told_in_a_word_or_two() -> None:
    name = ServiceName("shop")

    assert Decision(name, Wake("")).label == "awake hours"
    assert Decision(name, Sleep("", Kind.MAX_AWAKE), is_done=True).outcome == "put to sleep"
    assert Decision(name, Sleep("", Kind.MAX_AWAKE)).label == "max awake"


async def test_what_is_no_service_any_more_is_forgotten() -> None:
    city = a_city(a_service("shop", signals=CPU), a_service("blog"))
    city.signals.readings[city.services[0].ecs] = {Signal.CPU: Active(clock(), "CPU at 34 %")}
    await city.sweep()
    assert city.sleeper.memory.readings.keys() == {"shop"}
    assert city.sleeper.memory.told.keys() == {"shop", "blog"}

    city.sleeper = replace(city.sleeper, services=city.services[1:])
    await city.sweep()

    assert city.sleeper.memory.readings == {}
    assert city.sleeper.memory.told.keys() == {"blog"}


async def test_sweeps_and_sleeps_are_counted() -> None:
    city = a_city(a_service("shop"))
    await city.sweep()

    seconds = city.sleeper.deeds.sweep_seconds.read()
    assert sum(seconds.counts) == 1
    assert seconds.total < city.sleeper.claims.grace.total_seconds(), "which is waited for, and is no work"
    assert city.sleeper.deeds.sleeps == {("shop", "idle"): 1}
