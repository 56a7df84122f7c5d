"""What those who wait are told of a wake, and what is learned from it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.engine.running import CRASHING, ECS, NAME, a_fleet, after, an_engine
from tests.fakes import Course, MemoryLedger, clock
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import PastWake
from wakeproxy.engine.life import Life

SECONDS = {Stage.PROVISIONING: 0, Stage.PULLING: 3, Stage.STARTING: 8, Stage.RUNNING: 10, Stage.ANSWERING: 12}


def a_wake(took: float, image: str = Course().image) -> PastWake:
    """A past wake; those of another image spent most of their time before the pull, for once known it changes much."""
    began = clock() - timedelta(hours=1)
    stages = (
        (Stage.REQUESTED, began),
        (Stage.PULLING, began + timedelta(seconds=took * (0.1 if image == Course().image else 0.9))),
    )
    return PastWake(began, began + timedelta(seconds=took), image, stages)


async def test_a_wake_goes_through_its_stages_as_they_are_seen() -> None:
    async with an_engine() as engine:
        engine.ask()
        sight = await engine.reach(Phase.AWAKE)

    assert [stage for stage, _ in sight.stages] == list(Stage)
    for stage, at in sight.stages[1:]:
        assert timedelta() <= at - after(SECONDS[stage]) <= timedelta(seconds=0.7)


async def test_each_stage_is_told_in_words() -> None:
    async with an_engine() as engine:
        engine.ask()
        sight = await engine.reach(Phase.AWAKE)

    assert [line.text for line in sight.log] == [
        "Wake requested",
        "A task is being placed and given its network",
        "The image is being pulled",
        "The container is being started",
        "The task runs; waiting for the app to answer",
        "The app answers",
    ]


async def test_a_wake_is_written_down_with_its_stages() -> None:
    async with an_engine() as engine:
        engine.ask()
        sight = await engine.reach(Phase.AWAKE)
        await asyncio.sleep(0.1)

    (wake,) = engine.ledger.history[NAME]
    assert (wake.began_at, wake.failure, wake.image) == (after(0), None, Course().image)
    assert wake.stages == sight.stages
    assert wake.took == sight.stages[-1][1] - after(0)


async def test_the_first_wake_has_no_estimate_and_the_second_has() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        assert engine.sight.progress(clock()).eta is None
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(60)
        await fleet.scale(ECS, desired_count=0)
        await engine.reach(Phase.ASLEEP)
        engine.ask()
        began = clock()
        eta = engine.sight.progress(began).eta
        await engine.reach(Phase.AWAKE)

        assert eta is not None
        assert eta > timedelta(seconds=10)
        assert abs((clock() - began) - eta) <= timedelta(seconds=1)


async def test_an_estimate_survives_a_restart() -> None:
    ledger = MemoryLedger(history={NAME: [a_wake(40)]})
    async with an_engine(ledger=ledger) as engine:
        engine.ask()

        assert engine.sight.progress(clock()).eta == timedelta(seconds=40)


async def test_an_estimate_is_learned_from_wakes_that_others_wrote_down() -> None:
    ledger = MemoryLedger()
    async with an_engine(ledger=ledger) as engine:
        ledger.history[NAME] = [a_wake(40)]
        engine.ask()
        await asyncio.sleep(0.6)

        assert engine.sight.expected.usual == timedelta(seconds=40)


COURSES = {
    "usual": Course(),
    "at once": Course(addressed=0.1, pulling=0.1, starting=0.2, running=0.3, listening=0.4),
    "crashing": CRASHING,
    "replaced": replace(Course(), ends=9.0),
    "without a pull": Course(pulling=9e9, starting=9e9, running=20.0, listening=40.0),
}


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES.keys())
@pytest.mark.parametrize("last_image", [Course().image, "another"])
@pytest.mark.parametrize("past", [[], [12.0], [90.0, 1.0]], ids=["no past", "one", "two"])
async def test_the_percentage_never_goes_back_within_a_wake(course: Course, past: list[float], last_image: str) -> None:
    fleet = a_fleet()
    fleet.services[ECS].course = course
    images = [Course().image, last_image][-len(past) :]
    wakes = [a_wake(took, image) for took, image in zip(past, images, strict=False)]
    shown: list[tuple[datetime | None, int]] = []
    async with an_engine(fleet, MemoryLedger(history={NAME: wakes})) as engine:
        engine.ask()
        while engine.phase is Phase.WAKING and len(shown) < 1000:
            shown.append((engine.sight.began_at, engine.sight.progress(clock()).percent))
            await asyncio.sleep(0.03)

    percents = [percent for _, percent in shown]
    assert len({began_at for began_at, _ in shown}) == 1
    assert percents == sorted(percents)
    assert percents[-1] < 100


async def test_a_failure_is_written_down_with_the_image_known_from_before() -> None:
    fleet, ledger = a_fleet(), MemoryLedger()
    fleet.services[ECS].has_capacity = False
    async with an_engine(fleet, ledger, wake_timeout=timedelta(seconds=20)) as engine:
        ledger.history[NAME] = [a_wake(40)]
        engine.ask()
        await engine.reach(Phase.FAILED)
        await asyncio.sleep(1)

    assert [wake.image for wake in ledger.history[NAME]] == [Course().image] * 2


async def test_memory_keeps_the_last_fifty_wakes() -> None:
    async with an_engine() as engine:
        life = Life(engine.service)
        for number in range(60):
            life.keep(a_wake(number))

    assert [wake.took.total_seconds() for wake in life.wakes] == list(range(10, 60))


async def test_a_new_wake_begins_its_tale_anew() -> None:
    fleet = a_fleet()
    async with an_engine(fleet) as engine:
        engine.ask()
        await engine.reach(Phase.AWAKE)
        await asyncio.sleep(60)
        await fleet.scale(ECS, desired_count=0)
        await engine.reach(Phase.ASLEEP)
        assert (engine.sight.log, engine.sight.stages) == ((), ())
        engine.ask()

        assert [line.text for line in engine.sight.log] == ["Wake requested"]
        assert engine.sight.began_at == clock()


async def test_the_percentage_stays_when_another_image_than_the_last_turns_out_to_start() -> None:
    fleet, ledger = a_fleet(), MemoryLedger(history={NAME: [a_wake(90), a_wake(1, "another")]})
    fleet.services[ECS].has_capacity = False
    async with an_engine(fleet, ledger) as engine:
        engine.ask()
        await asyncio.sleep(5)
        before = engine.sight.progress(clock()).percent
        fleet.services[ECS].has_capacity = True
        await asyncio.sleep(1)

        assert engine.sight.expected.usual == timedelta(seconds=90)
        assert engine.sight.progress(clock()).percent >= before > 80
