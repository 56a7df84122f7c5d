"""A request that is held for a wake hears how the wake ends, however it ends."""

import asyncio

from tests.engine.running import ECS, NAME, Engine, a_fleet, an_engine, as_deployed
from wakeproxy.core.lifecycle import DOWN, Phase
from wakeproxy.core.sight import Sight
from wakeproxy.front.holds import Holds

PATIENCE = 25.0


async def hold(engine: Engine) -> Sight | None:
    return await Holds(engine.board, most=1, most_per_service=1).wait(engine.service, seconds=PATIENCE)


async def test_a_held_request_hears_that_the_app_answers() -> None:
    async with an_engine() as engine:
        engine.ask()
        sight = await hold(engine)

        assert sight is not None
        assert sight.phase is Phase.AWAKE


async def test_a_held_request_hears_that_somebody_stopped_the_service_and_asks_for_it_anew() -> None:
    fleet = a_fleet()
    as_deployed(fleet)
    async with an_engine(fleet) as engine:
        sight = await engine.reach(Phase.AWAKE)
        await asyncio.sleep(120)
        await fleet.scale(ECS, desired_count=0)
        engine.waker.refuse(NAME, sight.endpoints[0])
        assert engine.phase is Phase.WAKING
        told = await hold(engine)

        assert told is not None
        assert told.phase in DOWN
        engine.ask()
        await engine.reach(Phase.AWAKE)
