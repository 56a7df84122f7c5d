"""Background tasks: named, owned, logged, ended."""

import asyncio
from datetime import timedelta

import pytest

from wakeproxy.engine.tasks import Tasks


async def fail() -> None:
    raise ValueError("unforeseen")


async def test_a_task_bears_its_owners_name_and_its_own() -> None:
    tasks = Tasks("wakes")
    task = tasks.start(asyncio.sleep(1), name="shop")

    assert (task.get_name(), len(tasks)) == ("wakes: shop", 1)
    await tasks.stop()


async def test_a_task_that_ended_is_forgotten() -> None:
    tasks = Tasks("wakes")
    await tasks.start(asyncio.sleep(1), name="shop")
    await asyncio.sleep(0)

    assert len(tasks) == 0


async def test_an_error_nobody_foresaw_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks("wakes")
    with pytest.raises(ValueError, match="unforeseen"):
        await tasks.start(fail(), name="shop")
    await asyncio.sleep(0)

    assert "wakes: shop failed" in caplog.text
    assert "ValueError: unforeseen" in caplog.text


async def test_what_repeats_goes_on_a_second_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks("watcher")
    loop = asyncio.get_running_loop()
    began, at = loop.time(), list[float]()

    async def step() -> None:
        at.append(loop.time() - began)
        await asyncio.sleep(0.25)
        if len(at) == 2:
            await fail()

    tasks.repeat(step, name="apps")
    await asyncio.sleep(2)
    await tasks.stop()

    assert at == pytest.approx([0, 0.25, 1.5, 1.75])
    assert caplog.text.count("watcher: apps failed; it goes on in 1 s") == 1


async def test_stopping_ends_everything_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks("watcher")
    tasks.repeat(lambda: asyncio.sleep(1), name="apps")
    tasks.start(asyncio.sleep(1000), name="long")
    await asyncio.sleep(10)
    await tasks.stop()

    assert len(tasks) == 0
    assert caplog.text == ""


async def test_finishing_lets_run_what_ends_in_time_and_cuts_the_rest_off() -> None:
    tasks = Tasks("chores")
    quick = tasks.start(asyncio.sleep(1), name="quick")
    slow = tasks.start(asyncio.sleep(100), name="slow")
    began = asyncio.get_running_loop().time()

    await tasks.finish(within=timedelta(seconds=5))

    assert (quick.cancelled(), slow.cancelled()) == (False, True)
    assert asyncio.get_running_loop().time() - began == pytest.approx(5)


async def test_finishing_nothing_takes_no_time() -> None:
    began = asyncio.get_running_loop().time()
    await Tasks("chores").finish(within=timedelta(seconds=5))

    assert asyncio.get_running_loop().time() == began
