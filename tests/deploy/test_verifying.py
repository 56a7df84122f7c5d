"""Rollouts to a service that sleeps."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from tests.deploy.sleeping import Sleeping, a_shop
from tests.deploy.test_rollout import ask
from tests.deploy.world import ECS, SHOP, World, arn, pass_time
from tests.engine.running import CRASHING, NO_IMAGE, SILENT
from tests.fakes import FakeScaling, clock
from wakeproxy.core.capacity import Capacity
from wakeproxy.core.idleness import Rule, Sleep, Stay
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import EcsService, Service
from wakeproxy.deploy.outcome import Outcome
from wakeproxy.deploy.telling import Kind
from wakeproxy.errors import LedgerError

DATABASE = Service(ServiceName("db"), EcsService("apps", "db"))


async def test_it_is_woken_once_seen_to_answer_and_put_back_to_sleep() -> None:
    sleeping = Sleeping()

    result = await sleeping.world.roll_out(ask())

    assert result.outcome is Outcome.DONE
    assert sleeping.counts_told == [(ECS, 1), (ECS, 0)]
    assert sleeping.world.texts(Kind.VERIFIED) == ["shop answers with shop:2"]
    assert sleeping.world.texts(Kind.SLEPT) == ["shop is put back to sleep"]
    assert sleeping.world.releases.changes[0].desired_count is None


async def test_it_is_not_woken_if_that_is_not_wanted_and_so_is_unverified() -> None:
    sleeping = Sleeping()
    result = await sleeping.world.roll_out(ask(verifies=False))
    assert (result.outcome, result.exit_status) == (Outcome.UNVERIFIED, 7)
    assert not sleeping.counts_told


async def test_a_service_of_which_nobody_knows_how_it_answers_is_unverified() -> None:
    result = await World(desired=0).roll_out(ask())
    assert result.outcome is Outcome.UNVERIFIED
    assert "config does not name shop" in result.sentence


async def test_it_stays_awake_for_who_came_meanwhile() -> None:
    sleeping = Sleeping()
    rolling = asyncio.ensure_future(sleeping.world.roll_out(ask()))
    await pass_time(5)
    await sleeping.visit()

    assert (await rolling).outcome is Outcome.DONE
    assert sleeping.counts_told == [(ECS, 1)]
    assert sleeping.world.texts(Kind.SLEPT) == ["shop stays awake: somebody came meanwhile"]


async def test_it_stays_awake_for_who_comes_while_it_is_put_back_to_sleep() -> None:
    sleeping = Sleeping()
    rolling = asyncio.ensure_future(sleeping.world.roll_out(ask()))
    async with asyncio.timeout(100):
        while sleeping.ledger.records.get(SHOP.name) is None or (
            sleeping.ledger.records[SHOP.name].intent is Intent.AWAKE
        ):
            await pass_time(0.1)
    await sleeping.visit()

    await rolling
    assert sleeping.counts_told == [(ECS, 1)]
    assert sleeping.world.texts(Kind.SLEPT) == ["shop stays awake: somebody came meanwhile"]


async def test_it_stays_awake_if_it_was_woken_by_somebody_else() -> None:
    sleeping = Sleeping()
    rolling = asyncio.ensure_future(sleeping.world.roll_out(ask()))
    await asyncio.sleep(0)
    await sleeping.claims.wake(SHOP)

    assert (await rolling).outcome is Outcome.DONE
    assert (ECS, 0) not in sleeping.counts_told


async def test_it_stays_awake_while_somebody_wants_that() -> None:
    sleeping = Sleeping()
    await sleeping.claims.keep_awake(SHOP.name, clock() + timedelta(hours=1))

    await sleeping.world.roll_out(ask())

    assert (ECS, 0) not in sleeping.counts_told
    assert "stays awake" in sleeping.world.texts(Kind.SLEPT)[0]


async def test_a_long_idle_time_keeps_it_awake_no_longer_than_the_verification() -> None:
    sleeping = Sleeping()
    began_at = clock()
    await sleeping.world.roll_out(ask(), a_shop(idle_after=timedelta(hours=8), min_awake=timedelta(hours=1)))
    assert sleeping.counts_told == [(ECS, 1), (ECS, 0)]
    assert clock() - began_at < timedelta(minutes=1)


async def test_a_ledger_that_cannot_be_asked_leaves_it_awake() -> None:
    sleeping = Sleeping()
    rolling = asyncio.ensure_future(sleeping.world.roll_out(ask()))
    await pass_time(5)
    sleeping.ledger.error = LedgerError("The file is locked.")

    assert (await rolling).outcome is Outcome.DONE
    assert (ECS, 0) not in sleeping.counts_told
    assert "The file is locked." in sleeping.world.texts(Kind.WARNING)[-1]


async def test_what_does_not_start_is_a_failure_and_sleeps() -> None:
    sleeping = Sleeping(NO_IMAGE)

    result = await sleeping.world.roll_out(ask())

    assert (result.outcome, result.exit_status) == (Outcome.FAILED, 1)
    assert "The image cannot be pulled" in result.reasons[0]
    assert sleeping.fleet.services[ECS].desired == 0
    assert result.stands == arn("shop:2")


async def test_what_crashes_is_taken_back_asleep() -> None:
    sleeping = Sleeping(CRASHING)

    result = await sleeping.world.roll_out(ask(rolls_back=True))

    assert result.outcome is Outcome.FAILED
    assert result.stands == arn("shop:1")
    assert sleeping.fleet.services[ECS].desired == 0
    assert sleeping.world.texts(Kind.ROLLED_BACK) == ["shop has shop:1 and sleeps"]


async def test_what_runs_and_never_answers_is_out_of_time_and_given_back() -> None:
    sleeping = Sleeping(SILENT)

    result = await sleeping.world.roll_out(ask(timeout=timedelta(minutes=2)))

    assert (result.outcome, result.exit_status) == (Outcome.TIMED_OUT, 3)
    assert sleeping.fleet.services[ECS].desired == 0


async def test_another_rollout_meanwhile_is_told_although_it_answers() -> None:
    sleeping = Sleeping()
    rolling = asyncio.ensure_future(sleeping.world.roll_out(ask()))
    await pass_time(5)
    sleeping.world.releases.begin(sleeping.world.definitions.add("registry.example/shop:3"))

    result = await rolling

    assert result.outcome is Outcome.FAILED
    assert "another rollout replaced it" in result.sentence


async def test_what_it_needs_is_woken_first() -> None:
    sleeping = Sleeping(needed=(DATABASE,))

    result = await sleeping.world.roll_out(ask(), replace(SHOP, needs=(DATABASE.name,)))

    assert result.outcome is Outcome.DONE
    assert sleeping.counts_told[:2] == [(DATABASE.ecs, 1), (ECS, 1)]


async def test_the_minimum_that_was_taken_away_for_its_sleep_is_given_back() -> None:
    sleeping = Sleeping()
    scaling = FakeScaling(sleeping.fleet, {ECS: Capacity(minimum=0, maximum=4)})
    sleeping.scale(scaling)
    sleeping.ledger.records[SHOP.name] = Record(generation=1, floor=2)

    result = await sleeping.world.roll_out(ask())

    assert result.outcome is Outcome.DONE
    assert sleeping.counts_told[0] == (ECS, 2)
    assert scaling.calls.count("minimum 2") == 1


async def test_it_is_put_to_sleep_when_its_start_is_over_not_while_it_passes() -> None:
    sleeping = Sleeping()
    sleeping.judgements = [Stay("it was used just now", clock() + timedelta(seconds=2), Rule.USED), Sleep("unused")]
    await sleeping.world.roll_out(ask())
    assert sleeping.counts_told == [(ECS, 1), (ECS, 0)]
    assert not sleeping.judgements


async def test_what_does_not_pass_is_not_waited_for_for_ever() -> None:
    sleeping = Sleeping()
    sleeping.judgements = [Stay("a deployment is under way", None, Rule.DEPLOYING)] * 100
    await sleeping.world.roll_out(ask())
    assert sleeping.world.texts(Kind.SLEPT) == ["shop stays awake: a deployment is under way"]


async def test_a_desired_count_that_is_written_wakes_it_for_good() -> None:
    sleeping = Sleeping()
    sleeping.world.releases.fleet = None
    result = await sleeping.world.roll_out(ask(desired_count=2))
    assert result.outcome is Outcome.DONE
    assert not sleeping.counts_told
