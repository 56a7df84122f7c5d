"""What every ledger promises, whatever it is made of."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import Intent, PastWake, Record, Use, claim_sleep, claim_wake
from wakeproxy.ports import Ledger

SHOP, BLOG = ServiceName("shop"), ServiceName("blog")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FULL = Record(
    generation=3,
    intent=Intent.AWAKE,
    claimed_at=NOON,
    last_used_at=NOON + timedelta(microseconds=7),
    awake_until=NOON + timedelta(hours=1),
    used_by="10.0.0.1/7",
    in_flight=2,
    ready=("arn:aws:ecs:eu-central-1:123456789012:task/apps/a", "arn:aws:ecs:eu-central-1:123456789012:task/apps/b"),
    floor=4,
)


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
    used = await ledger.note_use(SHOP, Use(at(1), "one"))

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


async def test_of_twelve_who_claim_each_generation_at_once_one_wins_each(ledger: Ledger) -> None:
    for generation in range(1, 9):
        before = await read(ledger)
        claims = [claim_wake(before, at(generation + number / 100)) for number in range(12)]

        won = await asyncio.gather(*(ledger.swap(SHOP, before, claim) for claim in claims))

        assert won.count(True) == 1
        assert await read(ledger) == claims[won.index(True)]
        assert (await read(ledger)).generation == generation


async def test_claims_that_are_the_same_to_the_microsecond_are_granted_once(ledger: Ledger) -> None:
    claim = claim_wake(Record(), at(0))

    won = await asyncio.gather(*(ledger.swap(SHOP, Record(), claim) for _ in range(12)))

    assert won.count(True) == 1


async def test_a_claim_and_a_use_at_once_are_both_in_the_record_or_the_claim_is_refused(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), FULL)
    asleep = claim_sleep(FULL, at(1))

    is_granted, used = await asyncio.gather(
        ledger.swap(SHOP, FULL, asleep), ledger.note_use(SHOP, Use(at(2), "one", 1))
    )

    expected = replace(asleep if is_granted else FULL, last_used_at=at(2), used_by="one", in_flight=1)
    assert used == await read(ledger) == expected


async def test_many_records_and_histories_are_read_at_once(ledger: Ledger) -> None:
    names = [ServiceName(f"service-{number}") for number in range(230)]
    for name in names[::46]:
        await ledger.swap(name, Record(), FULL)
        await ledger.add_wake(name, a_wake(0))

    records, wakes = await ledger.read([*names, names[0]]), await ledger.wakes(names)

    assert records == {name: FULL if index % 46 == 0 else Record() for index, name in enumerate(names)}
    assert {name: list(found) for name, found in wakes.items()} == {
        name: [a_wake(0)] if index % 46 == 0 else [] for index, name in enumerate(names)
    }


async def test_of_no_services_nothing_is_read(ledger: Ledger) -> None:
    assert (await ledger.read([]), await ledger.wakes([])) == ({}, {})


async def test_a_service_first_heard_of_by_its_use_is_wanted_awake(ledger: Ledger) -> None:
    record = await ledger.note_use(SHOP, Use(at(5), "one"))

    assert record == await read(ledger) == Record(intent=Intent.AWAKE, last_used_at=at(5), used_by="one")


async def test_a_use_changes_nothing_but_when_it_was_last_and_who_tells_so(ledger: Ledger) -> None:
    asleep = claim_sleep(FULL, at(1))
    await ledger.swap(SHOP, Record(), asleep)

    noted = await ledger.note_use(SHOP, Use(at(5), "one", 9))

    assert noted == await read(ledger) == replace(asleep, last_used_at=at(5), used_by="one", in_flight=9)


@pytest.mark.parametrize("seconds", [0, -1])
async def test_who_tells_of_an_older_use_is_not_the_one_who_told_last(ledger: Ledger, seconds: float) -> None:
    await ledger.note_use(SHOP, Use(at(0), "one", 3))

    noted = await ledger.note_use(SHOP, Use(at(seconds), "other", 4))

    assert (noted.used_by, noted.in_flight) == ("one", 3)
    assert noted == await read(ledger)


async def test_the_last_of_uses_told_of_in_any_order_at_once_stands(ledger: Ledger) -> None:
    uses = [Use(at(seconds), f"front {seconds}", seconds) for seconds in (3, 11, 5, 1, 8, 12, 2, 10, 6, 4, 9, 7)]

    told = await asyncio.gather(*(ledger.note_use(SHOP, use) for use in uses))

    assert all(record.last_used_at and record.last_used_at >= use.at for use, record in zip(uses, told, strict=True))
    assert await read(ledger) == Record(intent=Intent.AWAKE, last_used_at=at(12), used_by="front 12", in_flight=12)


async def test_tasks_found_answering_are_noted_and_nothing_else_changes(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), FULL)

    noted = await ledger.note_ready(SHOP, FULL.generation, ("arn:c",))

    assert noted == await read(ledger) == replace(FULL, ready=("arn:c",))
    assert (await ledger.note_ready(SHOP, FULL.generation, ())).ready == ()


async def test_tasks_found_answering_are_noted_of_what_was_only_used_so_far(ledger: Ledger) -> None:
    used = await ledger.note_use(SHOP, Use(at(0), "one"))

    assert await ledger.note_ready(SHOP, 0, ("arn:c",)) == replace(used, ready=("arn:c",))


@pytest.mark.parametrize("generation", [-1, 0, 2, 4])
async def test_tasks_found_answering_in_another_generation_are_not_noted(ledger: Ledger, generation: int) -> None:
    await ledger.swap(SHOP, Record(), FULL)

    assert await ledger.note_ready(SHOP, generation, ("arn:c",)) == await read(ledger) == FULL


async def test_tasks_found_answering_of_what_is_wanted_asleep_are_not_noted(ledger: Ledger) -> None:
    asleep = claim_sleep(FULL, at(1))
    await ledger.swap(SHOP, Record(), asleep)

    assert await ledger.note_ready(SHOP, asleep.generation, ("arn:c",)) == await read(ledger) == asleep


@pytest.mark.parametrize("generation", [-1, 0])
async def test_tasks_found_answering_of_a_service_never_written_to_write_nothing(
    ledger: Ledger, generation: int
) -> None:
    assert await ledger.note_ready(SHOP, generation, ("arn:c",)) == await read(ledger) == Record()
    assert (await ledger.note_use(SHOP, Use(at(0), "one"))).intent is Intent.AWAKE


async def test_tasks_that_answer_are_no_hindrance_to_a_claim_and_forgotten_by_a_sleep(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), FULL)
    await ledger.note_ready(SHOP, FULL.generation, ("arn:c",))

    assert await ledger.swap(SHOP, FULL, claim_sleep(FULL, at(1), floor=6))
    assert ((await read(ledger)).ready, (await read(ledger)).floor) == ((), 6)


@pytest.mark.parametrize("seconds", [-0.000001, -60, 0])
async def test_the_last_use_never_moves_back(ledger: Ledger, seconds: float) -> None:
    await ledger.note_use(SHOP, Use(at(0), "one"))

    assert (await ledger.note_use(SHOP, Use(at(seconds), "one"))).last_used_at == at(0)


async def test_a_use_of_a_record_without_one_is_its_first(ledger: Ledger) -> None:
    await ledger.swap(SHOP, Record(), Record(1, Intent.ASLEEP, at(0)))

    assert (await ledger.note_use(SHOP, Use(at(-5), "one"))).last_used_at == at(-5)


async def test_instants_compare_across_time_zones(ledger: Ledger) -> None:
    tokyo, lima = timezone(timedelta(hours=9)), timezone(timedelta(hours=-5))
    await ledger.note_use(SHOP, Use(at(0).astimezone(tokyo), "one"))

    assert (await ledger.note_use(SHOP, Use(at(1).astimezone(lima), "one"))).last_used_at == at(1)
    assert (await ledger.note_use(SHOP, Use(at(0.5).astimezone(tokyo), "one"))).last_used_at == at(1)
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
