"""Who waits for whom before a bucket; in virtual time."""

import asyncio
from collections.abc import Callable

import pytest

from wakeproxy.aws.pace import Pace, calling

pytestmark = pytest.mark.looptime

UPDATE = ("ecs", "UpdateService")
READ = ("ecs", "DescribeServices")
Record = list[tuple[float, str]]


def elapsed() -> float:
    return asyncio.get_running_loop().time()


async def call(pace: Pace, count: int, *, is_urgent: bool, api: tuple[str, str] = UPDATE) -> Record:
    """Make so many calls at once; when each went."""
    went: Record = []

    async def one() -> None:
        with calling(is_urgent=is_urgent):
            await pace.admit(*api)
        went.append((elapsed(), "urgent" if is_urgent else "patient"))

    await asyncio.gather(*(one() for _ in range(count)))
    return went


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    went = await call(Pace(), 90, is_urgent=True)

    assert sum(at == 0 for at, _ in went) == 44
    assert went[-1][0] == pytest.approx(46 / 4.5, rel=0.16)


async def test_operations_of_one_bucket_share_it() -> None:
    pace = Pace()
    await call(pace, 44, is_urgent=True)

    assert (await call(pace, 1, is_urgent=True, api=("ecs", "CreateService")))[0][0] > 0
    before = elapsed()
    await call(pace, 1, is_urgent=True, api=READ)
    assert elapsed() == before


async def test_urgent_calls_go_before_patient_ones_that_came_first() -> None:
    pace = Pace()
    await call(pace, 45, is_urgent=False)
    began = elapsed()
    patient = asyncio.ensure_future(call(pace, 200, is_urgent=False))
    await asyncio.sleep(0)

    assert {at for at, _ in await call(pace, 10, is_urgent=True)} == {began}
    assert not patient.done()
    patient.cancel()
    await asyncio.wait({patient})


async def test_patient_calls_move_while_urgent_ones_wait() -> None:
    pace = Pace()
    urgent = asyncio.ensure_future(call(pace, 1000, is_urgent=True))
    await asyncio.sleep(0)
    await call(pace, 5, is_urgent=False)

    assert elapsed() < 12
    urgent.cancel()
    await asyncio.wait({urgent})


async def test_those_of_one_kind_go_in_the_order_in_which_they_came() -> None:
    pace, order = Pace(), list[int]()

    async def one(number: int) -> None:
        await pace.admit(*UPDATE)
        order.append(number)

    await asyncio.gather(*(one(number) for number in range(60)))

    assert order == sorted(order)


async def test_who_leaves_the_queue_takes_no_turn() -> None:
    pace = Pace()
    await call(pace, 44, is_urgent=True)
    gone = [asyncio.ensure_future(call(pace, 1, is_urgent=True)) for _ in range(20)]
    await asyncio.sleep(0)
    for each in gone:
        each.cancel()
    await asyncio.wait(gone)

    (went,) = await call(pace, 1, is_urgent=True)
    assert went[0] < 0.3


async def test_a_turn_that_came_to_somebody_who_left_is_the_next_ones() -> None:
    pace = Pace()
    await call(pace, 44, is_urgent=True)
    gone = asyncio.ensure_future(call(pace, 1, is_urgent=True))
    next_one = asyncio.ensure_future(call(pace, 1, is_urgent=True))
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    first_at = 1 / (4.5 * 7 / 8)
    loop.call_at(first_at + 0.001, gone.cancel)
    await asyncio.sleep(first_at)
    gone.cancel()
    await asyncio.wait({gone})
    await next_one

    assert elapsed() < 2 * first_at


async def test_what_says_nothing_is_patient() -> None:
    pace = Pace()
    await call(pace, 34, is_urgent=True)
    await pace.admit(*UPDATE)
    began = elapsed()
    await pace.admit(*UPDATE)

    assert elapsed() > began, "the reserve is for others"


async def test_a_call_within_a_turn_goes_at_once_and_the_next_one_waits() -> None:
    pace = Pace()
    await call(pace, 43, is_urgent=True)
    with calling(is_urgent=True):
        async with pace.turn(*UPDATE):
            await pace.admit(*UPDATE)
            assert elapsed() == 0
            await pace.admit(*UPDATE)
            assert elapsed() > 0


async def test_a_turn_is_of_its_own_bucket_alone() -> None:
    pace = Pace()
    async with pace.turn(*UPDATE):
        await call(pace, 89, is_urgent=True, api=READ)
        before = elapsed()
        with calling(is_urgent=True):
            await pace.admit(*READ)
        assert elapsed() > before


async def test_a_turn_that_was_not_used_is_given_back() -> None:
    pace = Pace()
    async with pace.turn(*UPDATE):
        pass

    assert {at for at, _ in await call(pace, 44, is_urgent=True)} == {0.0}


@pytest.mark.parametrize("make", [lambda: Pace(None), Pace])
async def test_what_has_no_limit_does_not_wait(make: Callable[[], Pace]) -> None:
    pace = make()
    for _ in range(1000):
        await pace.admit("dynamodb", "UpdateItem")
    async with pace.turn("dynamodb", "UpdateItem"):
        pace.slow("dynamodb", "UpdateItem")

    assert elapsed() == 0


async def test_a_refusal_slows_everybody_before_that_bucket() -> None:
    pace = Pace()
    pace.slow(*UPDATE)
    went = await call(pace, 5, is_urgent=True)

    assert went[0][0] == pytest.approx(0.51, abs=0.02)
    assert went[-1][0] > 2
