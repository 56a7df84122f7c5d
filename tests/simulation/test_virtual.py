"""The loop of the simulation: time that nothing but timers moves, and processes that stop and die."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.simulation.virtual import WORLD, Process, VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.dispose()


async def tick(loop: VirtualLoop, ticks: list[float]) -> None:
    while True:
        await asyncio.sleep(1)
        ticks.append(loop.time())


def test_time_passes_by_timers_alone(loop: VirtualLoop) -> None:
    ticks: list[float] = []
    Process(loop, "one").start(tick(loop, ticks))
    loop.run_to(3.5)

    assert (ticks, loop.time()) == ([1.0, 2.0, 3.0], 3.5)


def test_a_frozen_process_stands_still_and_then_goes_on(loop: VirtualLoop) -> None:
    frozen, other = list[float](), list[float]()
    process = Process(loop, "one")
    process.start(tick(loop, frozen))
    Process(loop, "other").start(tick(loop, other))
    loop.call_at(1.5, process.freeze, context=WORLD)
    loop.call_at(4.5, process.thaw, context=WORLD)
    loop.run_to(6.0)

    assert frozen == [1.0, 4.5, 5.5]
    assert other == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_what_a_process_has_started_dies_with_it(loop: VirtualLoop) -> None:
    ticks: list[float] = []
    process = Process(loop, "one")

    async def start_another() -> None:
        another = asyncio.ensure_future(tick(loop, ticks))
        await another

    process.start(start_another())
    loop.call_at(2.5, process.kill, context=WORLD)
    loop.run_to(10.0)

    assert ticks == [1.0, 2.0]


def test_what_never_rests_is_told(loop: VirtualLoop) -> None:
    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    Process(loop, "one").start(spin())
    loop.run_to(1.0)

    assert (loop.errors, loop.is_halted) == (["something never rests"], True)
