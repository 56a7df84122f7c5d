"""What every ledger promises, whatever it is made of."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import Intent, PastWake, Record, claim_sleep, claim_wake
from wakeproxy.ports import Ledger

SHOP, BLOG = ServiceName("shop"), ServiceName("blog")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FULL = Record(3, Intent.AWAKE, NOON, NOON + timedelta(microseconds=7), NOON + timedelta(hours=1))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_wake(began: float, **fields: Any) -> PastWake:
    stages = ((Stage.REQUESTED, at(began)), (Stage.PULLING, at(began + 2.5)))
    return replace(PastWake(at(began), at(began + 10), "shop:1", stages), **fields)


async def read(ledger: Ledger, name: ServiceName = SHOP) -> Record:
    return (await ledger.read([name]))[name]


async def test_a_service_never_written_to_has_the_empty_record_and_no_history(ledger: Ledger) -> None:
    assert await ledger.read([SHOP, BLOG]) == {SHOP: Record(), BLOG: Record()}
    assert {name: list(wakes) for name, wakes in (await ledger.wakes([SHOP])).items()} == {SHOP: []}


async def test_a_record_comes_back_as_it_was_written(ledger: Ledger) -> None:
    assert await ledger.swap(SHOP, Record(), FULL)

    assert await ledger.read([SHOP, BLOG]) == {SHOP: FULL, BLOG: Record()}


async def test_a_claim_on_what_has_not_changed_is_granted(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), FULL)

    assert await ledger.swap(SHOP, FULL, claim_sleep(FULL, at(9)))
    assert await read(ledger) == claim_sleep(FULL, at(9))


async def test_a_claim_on_what_was_claimed_meanwhile_is_refused(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), FULL)
    await ledger.swap(SHOP, FULL, claim_sleep(FULL, at(1)))

    assert not await ledger.swap(SHOP, FULL, claim_sleep(FULL, at(2)))
    assert await read(ledger) == claim_sleep(FULL, at(1))


async def test_a_claim_on_what_was_used_meanwhile_is_refused(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), FULL)
    used = await ledger.note_use(SHOP, at(1))

    assert not await ledger.swap(SHOP, FULL, claim_sleep(FULL, at(2)))
    assert await read(ledger) == used


async def test_a_first_claim_comes_too_late_after_another(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), claim_wake(Record(), at(0)))

    assert not await ledger.swap(SHOP, Record(), claim_wake(Record(), at(1)))


async def test_a_claim_on_a_record_that_is_not_there_is_refused(ledger: Ledger) -> None:
    assert not await ledger.swap(SHOP, FULL, claim_sleep(FULL, at(1)))
    assert await read(ledger) == Record()


async def test_an_empty_record_that_was_written_can_be_claimed_like_one_that_was_not(ledger: Ledger) -> None:
    kept = Record(awake_until=at(60))

    assert await ledger.swap(SHOP, Record(), kept)
    assert await ledger.swap(SHOP, kept, claim_wake(kept, at(1)))
    assert await read(ledger) == claim_wake(kept, at(1))


async def test_what_is_kept_awake_from_nothing_can_be_claimed(ledger: Ledger) -> None:
    kept = Record(awake_until=at(60))

    assert await ledger.swap(SHOP, kept, claim_wake(kept, at(1)))
    assert await read(ledger) == claim_wake(kept, at(1))


async def test_a_first_claim_follows_a_first_write_that_claimed_nothing(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), Record(awake_until=at(60)))

    assert await ledger.swap(SHOP, Record(), claim_wake(Record(), at(1)))


async def test_of_many_who_claim_at_once_one_wins(ledger: Ledger) -> None:
    claims = [claim_wake(Record(), at(number)) for number in range(50)]

    won = await asyncio.gather(*(ledger.swap(SHOP, Record(), claim) for claim in claims))

    assert won.count(True) == 1
    assert await read(ledger) == claims[won.index(True)]


async def test_a_service_first_heard_of_by_its_use_is_wanted_awake(ledger: Ledger) -> None:
    record = await ledger.note_use(SHOP, at(5))

    assert record == await read(ledger) == Record(intent=Intent.AWAKE, last_used_at=at(5))


async def test_a_use_changes_nothing_but_when_it_was_last(ledger: Ledger) -> None:
    asleep = claim_sleep(FULL, at(1))
    await ledger.swap(SHOP, Record(), asleep)

    assert await ledger.note_use(SHOP, at(5)) == replace(asleep, last_used_at=at(5))


@pytest.mark.parametrize("seconds", [-0.000001, -60, 0])
async def test_the_last_use_never_moves_back(ledger: Ledger, seconds: float) -> None:
    await ledger.note_use(SHOP, at(0))

    assert (await ledger.note_use(SHOP, at(seconds))).last_used_at == at(0)


async def test_a_use_of_a_record_without_one_is_its_first(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), Record(1, Intent.ASLEEP, at(0)))

    assert (await ledger.note_use(SHOP, at(-5))).last_used_at == at(-5)


async def test_instants_compare_across_time_zones(ledger: Ledger) -> None:
    tokyo, lima = timezone(timedelta(hours=9)), timezone(timedelta(hours=-5))
    await ledger.note_use(SHOP, at(0).astimezone(tokyo))

    assert (await ledger.note_use(SHOP, at(1).astimezone(lima))).last_used_at == at(1)
    assert (await ledger.note_use(SHOP, at(0.5).astimezone(tokyo))).last_used_at == at(1)
    assert await ledger.swap(SHOP, Record(last_used_at=at(1).astimezone(tokyo)), FULL)


async def test_a_wake_comes_back_as_it_was_written(ledger: Ledger) -> None:
    failed = a_wake(0, failure="The image cannot be pulled: nothing 'there'.")
    await ledger.add_wake(SHOP, failed)
    await ledger.add_wake(BLOG, a_wake(1, image="", stages=()))

    assert {name: list(wakes) for name, wakes in (await ledger.wakes([SHOP, BLOG])).items()} == {
        SHOP: [failed],
        BLOG: [a_wake(1, image="", stages=())],
    }


async def test_history_is_told_oldest_first(ledger: Ledger) -> None:
    for began in (20, 0, 10):
        await ledger.add_wake(SHOP, a_wake(began))

    assert list((await ledger.wakes([SHOP]))[SHOP]) == [a_wake(0), a_wake(10), a_wake(20)]


async def test_a_wake_that_two_wrote_down_is_in_the_history_once(ledger: Ledger) -> None:
    await ledger.add_wake(SHOP, a_wake(0))
    await ledger.add_wake(SHOP, a_wake(0, image="shop:2"))

    assert list((await ledger.wakes([SHOP]))[SHOP]) == [a_wake(0, image="shop:2")]


async def test_the_last_fifty_wakes_of_each_service_are_kept(ledger: Ledger) -> None:
    await ledger.add_wake(BLOG, a_wake(-100))
    for began in range(60):
        await ledger.add_wake(SHOP, a_wake(began))

    kept = await ledger.wakes([SHOP, BLOG])

    assert [wake.began_at for wake in kept[SHOP]] == [at(began) for began in range(10, 60)]
    assert list(kept[BLOG]) == [a_wake(-100)]
