"""Much work in small pieces; in virtual time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest

from wakeproxy.aws.batches import AT_ONCE, each
from wakeproxy.aws.pace import calling
from wakeproxy.errors import AccessDeniedError, FleetError, ServiceGoneError, ThrottledError

pytestmark = pytest.mark.looptime


@dataclass
class Work:
    """Takes a second for each number, and fails with what is left to fail with."""

    errors: list[FleetError] = field(default_factory=list)
    tries: Counter[int] = field(default_factory=Counter)
    running: int = 0
    most: int = 0

    async def do(self, number: int) -> int:
        self.tries[number] += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(1)
        finally:
            self.running -= 1
        if number == 1 and self.errors:
            raise self.errors.pop()
        return number * 10


async def test_a_few_are_at_work_at_once_and_results_keep_their_order() -> None:
    work = Work()

    assert await each(work.do, range(100)) == [number * 10 for number in range(100)]
    assert work.most == AT_ONCE


async def test_of_nothing_there_is_nothing() -> None:
    assert await each(Work().do, ()) == []


async def test_the_first_failure_is_raised_as_it_is_and_ends_the_others() -> None:
    cause = ValueError("why")
    error = AccessDeniedError("no")
    error.__cause__ = cause
    work = Work([error])
    with pytest.raises(AccessDeniedError) as caught:
        await each(work.do, range(100))
    await asyncio.sleep(60)

    assert caught.value is error
    assert caught.value.__cause__ is cause
    assert len(work.tries) <= 2 * AT_ONCE
    assert work.running == 0


@pytest.mark.parametrize("error", [FleetError("broke off"), ThrottledError("too fast")])
async def test_where_nobody_waits_what_may_pass_is_tried_again(error: FleetError) -> None:
    work = Work([error, error])

    assert await each(work.do, range(3)) == [0, 10, 20]
    assert work.tries == {0: 1, 1: 3, 2: 1}


async def test_the_third_failure_is_the_last() -> None:
    work = Work([FleetError("broke off")] * 3)
    with pytest.raises(FleetError):
        await each(work.do, range(3))

    assert work.tries[1] == 3


async def test_where_somebody_waits_he_is_told_at_once() -> None:
    work = Work([FleetError("broke off")])
    with calling(is_urgent=True), pytest.raises(FleetError):
        await each(work.do, range(3))

    assert work.tries[1] == 1


async def test_what_cannot_pass_is_not_tried_again() -> None:
    work = Work([ServiceGoneError("gone")])
    with pytest.raises(ServiceGoneError):
        await each(work.do, range(3))

    assert work.tries[1] == 1


async def test_who_is_cancelled_leaves_nothing_running() -> None:
    work = Work()
    running = asyncio.ensure_future(each(work.do, range(100)))
    await asyncio.sleep(0.5)
    running.cancel()
    await asyncio.wait({running})

    assert running.cancelled()
    assert work.running == 0
