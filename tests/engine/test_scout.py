"""What is found by tags, through the gaps of AWS's answers."""

import asyncio
import logging

import pytest

from tests.engine.running import after
from tests.fakes import FakeDirectory, clock
from wakeproxy.core.service import EcsService
from wakeproxy.engine.scout import Scout
from wakeproxy.errors import AccessDeniedError, FleetError
from wakeproxy.ports import Tagged

SHOP = Tagged(EcsService("apps", "shop"), {"wakeproxy:enable": "true"})
BLOG = Tagged(EcsService("apps", "blog"), {"wakeproxy:enable": "true"})
RETAGGED = Tagged(SHOP.ecs, {"wakeproxy:enable": "false"})
DOWN = FleetError("AWS did not answer.")


def a_scout(*answers: list[Tagged] | FleetError) -> Scout:
    return Scout(FakeDirectory(list(answers)), clock=clock)


def found(scout: Scout) -> list[Tagged]:
    return list(scout.found)


def failure(scout: Scout) -> FleetError | None:
    return scout.error


async def test_what_is_found_is_kept_in_one_order() -> None:
    scout = a_scout([SHOP, BLOG], [BLOG, SHOP])

    assert await scout.look()
    assert found(scout) == [BLOG, SHOP]
    assert not await scout.look()


async def test_another_tag_is_news() -> None:
    scout = a_scout([SHOP], [RETAGGED])
    await scout.look()

    assert await scout.look()
    assert found(scout) == [RETAGGED]


async def test_who_is_missing_from_one_answer_stays_and_from_two_is_gone() -> None:
    scout = a_scout([SHOP, BLOG], [BLOG])
    await scout.look()

    assert not await scout.look()
    assert found(scout) == [BLOG, SHOP]
    assert await scout.look()
    assert found(scout) == [BLOG]


async def test_only_answers_in_a_row_count() -> None:
    scout = a_scout([SHOP], [], [SHOP], [], [SHOP])
    for _ in range(5):
        await scout.look()
        assert found(scout) == [SHOP]


async def test_an_error_drops_nothing_and_is_no_answer() -> None:
    scout = a_scout([SHOP], DOWN, [], DOWN, DOWN, [])
    for _ in range(5):
        await scout.look()
        assert found(scout) == [SHOP]
    assert await scout.look()
    assert found(scout) == []


async def test_an_error_is_told_until_an_answer_comes_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    scout = a_scout(DOWN, DOWN, AccessDeniedError("AWS does not allow it."), [])
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await scout.look()
    assert isinstance(failure(scout), AccessDeniedError)
    assert scout.succeeded_at is None
    assert len(caplog.records) == 2

    await asyncio.sleep(5)
    await scout.look()
    assert failure(scout) is None
    assert scout.succeeded_at == after(5)


async def test_what_another_process_found_is_known_from_the_beginning() -> None:
    scout = Scout(FakeDirectory([[SHOP]]), clock=clock, found=[SHOP])

    assert not await scout.look()
