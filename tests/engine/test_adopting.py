"""An engine that begins where another of the same front was: what answers is known before AWS is asked."""

import asyncio
from dataclasses import replace
from itertools import chain, repeat

from tests.engine.running import NAME, a_fleet, an_engine, as_deployed
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.sight import Sight
from wakeproxy.errors import FleetError

A_LOOK = 31.0
"""Seconds within which AWS is asked, whatever the phase."""
GONE = Endpoint("gone", "10.0.0.99", 8080)


async def as_seen() -> Sight:
    """What another process saw of the service, awake."""
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        return await engine.reach(Phase.AWAKE)


async def test_what_another_saw_awake_is_awake_here_at_once_and_stays_so() -> None:
    sight = await as_seen()
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        engine.waker.adopt(sight)
        assert engine.phase is Phase.AWAKE
        await asyncio.sleep(A_LOOK)

        assert engine.phase is Phase.AWAKE
    assert fleet.scaled == []


async def test_what_has_ended_since_is_seen_at_the_first_look() -> None:
    sight = replace(await as_seen(), endpoints=(GONE,))
    async with an_engine() as engine:
        engine.waker.adopt(sight)
        await engine.reach(Phase.ASLEEP)


async def test_a_task_that_is_gone_is_dropped_at_the_first_look() -> None:
    sight = replace(await as_seen(), endpoints=(GONE,))
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        engine.waker.adopt(sight)
        await engine.reach(Phase.WAKING)
        awake = await engine.reach(Phase.AWAKE)

    assert GONE not in awake.endpoints


async def test_while_aws_cannot_be_asked_what_was_taken_up_stands() -> None:
    sight = await as_seen()
    fleet = a_fleet()
    as_deployed(fleet)
    fleet.observe_troubles = chain(repeat(FleetError("ECS does not answer."), 2), repeat(None))
    async with an_engine(fleet) as engine:
        engine.waker.adopt(sight)
        for _ in range(3):
            await asyncio.sleep(A_LOOK)
            assert engine.sight.endpoints == sight.endpoints
            assert engine.phase is Phase.AWAKE


async def test_nothing_is_taken_up_but_what_is_awake_nor_after_a_look() -> None:
    sight = await as_seen()
    async with an_engine() as engine:
        engine.waker.adopt(replace(sight, phase=Phase.WAKING))
        assert engine.phase is Phase.ASLEEP
        await asyncio.sleep(A_LOOK)
        engine.waker.adopt(sight)

        assert engine.phase is Phase.ASLEEP


async def test_an_engine_knows_the_names_of_its_services() -> None:
    async with an_engine() as engine:
        assert list(engine.waker.names) == [NAME]
