"""Looking at sights and waiting for them to change."""

import asyncio
from dataclasses import replace

import pytest

from tests.engine.running import NAME
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.sight import Sight
from wakeproxy.engine.board import Board
from wakeproxy.errors import UnknownServiceError

BLOG = ServiceName("blog")
WAKING = Sight(NAME, Phase.WAKING)
AWAKE = Sight(NAME, Phase.AWAKE)


def a_board() -> Board:
    return Board([NAME, BLOG])


async def test_services_are_asleep_until_something_else_is_known() -> None:
    assert a_board().sights == {NAME: Sight(NAME), BLOG: Sight(BLOG)}


async def test_ten_thousand_who_wait_are_told_by_one_post() -> None:
    board = a_board()
    waiting = [asyncio.ensure_future(board.changed(NAME)) for _ in range(10_000)]
    await asyncio.sleep(0)
    assert board.waiting[NAME] == 10_000

    board.post(WAKING)

    assert await asyncio.gather(*waiting) == [WAKING] * 10_000
    assert board.waiting[NAME] == 0


async def test_who_waits_for_another_service_is_not_told() -> None:
    board = a_board()
    waiting = asyncio.ensure_future(board.changed(BLOG))
    await asyncio.sleep(0)
    board.post(WAKING)
    await asyncio.sleep(1)

    assert not waiting.done()
    waiting.cancel()


async def test_posting_what_is_known_tells_nobody() -> None:
    board = a_board()
    board.post(WAKING)
    waiting = asyncio.ensure_future(board.changed(NAME))
    await asyncio.sleep(0)
    board.post(replace(WAKING))
    await asyncio.sleep(1)

    assert not waiting.done()
    waiting.cancel()


async def test_who_is_cancelled_waits_no_more_and_the_others_are_told() -> None:
    board = a_board()
    gone, staying = (asyncio.ensure_future(board.changed(NAME)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert board.waiting[NAME] == 1

    board.post(AWAKE)

    assert await staying == AWAKE


async def test_waiting_for_what_holds_already_is_no_waiting() -> None:
    board = a_board()
    board.post(AWAKE)

    assert await board.until(NAME, lambda sight: sight.phase is Phase.AWAKE) == AWAKE


async def test_waiting_ends_with_the_change_that_was_waited_for() -> None:
    board = a_board()
    waiting = asyncio.ensure_future(board.until(NAME, lambda sight: sight.phase is Phase.AWAKE))
    for sight in (WAKING, AWAKE):
        await asyncio.sleep(1)
        assert not waiting.done()
        board.post(sight)

    assert await waiting == AWAKE


async def test_following_begins_with_now_and_goes_on_with_every_change() -> None:
    board = a_board()
    seen: list[Sight] = []

    async def follow() -> None:
        async for sight in board.follow(NAME):
            seen.append(sight)  # noqa: PERF401 - it never ends, and what came so far is looked at

    following = asyncio.ensure_future(follow())
    for sight in (WAKING, AWAKE):
        await asyncio.sleep(1)
        board.post(sight)
    await asyncio.sleep(1)
    following.cancel()

    assert seen == [Sight(NAME), WAKING, AWAKE]


async def test_a_change_while_the_follower_is_busy_is_not_missed() -> None:
    board = a_board()
    following = board.follow(NAME)
    await anext(following)
    board.post(AWAKE)

    assert await anext(following) == AWAKE
    await following.aclose()  # type: ignore[attr-defined]  # an async generator, though it is not promised to be one


async def test_one_may_be_told_of_every_change_at_once() -> None:
    board = Board([NAME])
    told: list[Sight] = []
    board.on_change.append(told.append)

    board.post(Sight(NAME))
    board.post(Sight(NAME, Phase.WAKING))

    assert told == [Sight(NAME, Phase.WAKING)]


async def test_a_service_that_was_added_sleeps_and_can_be_told_of() -> None:
    board = Board([NAME])
    board.add(BLOG)
    assert board.sights[BLOG] == Sight(BLOG)

    board.post(Sight(BLOG, Phase.WAKING))

    assert board.sights[BLOG].phase is Phase.WAKING


async def test_everybody_who_waits_is_told_at_once_that_a_service_was_removed() -> None:
    board = a_board()
    waiting = [asyncio.ensure_future(board.until(NAME, lambda sight: sight.phase is Phase.AWAKE)) for _ in range(3)]
    await asyncio.sleep(1)
    board.remove(NAME)
    told = await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(error) for error in told] == [UnknownServiceError] * 3
    assert str(told[0]) == "shop is not served any more."
    assert not board.waiting


async def test_who_waits_for_a_service_is_not_left_waiting_for_another_of_its_name() -> None:
    board = a_board()
    waiting = asyncio.ensure_future(board.changed(NAME))
    await asyncio.sleep(0)
    board.post(WAKING)
    board.remove(NAME)
    board.add(NAME)

    with pytest.raises(UnknownServiceError):
        await waiting


async def test_nobody_can_wait_for_what_was_removed() -> None:
    board = a_board()
    board.remove(NAME)

    with pytest.raises(UnknownServiceError):
        await board.changed(NAME)


async def test_of_what_was_removed_nothing_is_kept() -> None:
    board = a_board()
    told: list[Sight] = []
    board.on_change.append(told.append)
    board.post(AWAKE)
    board.remove(NAME)
    board.post(WAKING)

    assert board.sights == {BLOG: Sight(BLOG)}
    assert board.sights[NAME] == Sight(NAME)
    assert told == [AWAKE]
