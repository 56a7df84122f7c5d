"""Asking tasks once whether their app answers."""

from tests.engine.running import ECS, SHOP, a_fleet, as_deployed
from tests.fakes import FakeProber, clock
from wakeproxy.core.observation import Endpoint
from wakeproxy.engine.probing import find_answering


async def test_those_that_answer_are_found_in_their_order() -> None:
    fleet = a_fleet()
    as_deployed(fleet, count=2)
    fleet.services[ECS].pass_time(clock())
    up = [Endpoint(task.arn, task.host, 8080) for task in fleet.services[ECS].tasks]
    gone = Endpoint("gone", "10.0.0.99", 8080)

    found = await find_answering(FakeProber(fleet), SHOP, [up[1], gone, up[0]])

    assert found == (up[1], up[0])
