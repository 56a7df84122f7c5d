"""A link over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.names import ServiceName
from wakeproxy.core.sight import Sight
from wakeproxy.crew.calls import Calls
from wakeproxy.crew.link import Link
from wakeproxy.crew.messages import Ask, Sights

PATIENCE = 60.0


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Link, Link]]:
    pair = [Link(*await asyncio.open_unix_connection(sock=sock)) for sock in socket.socketpair()]
    yield pair[0], pair[1]
    for end in pair:
        await end.close()


async def test_messages_come_as_they_were_said(ends: tuple[Link, Link]) -> None:
    here, there = ends
    sights = Sights(tuple(Sight(ServiceName(f"service-{number}")) for number in range(5000)), (1.5, 2.5))

    here.say(sights)
    here.say(Ask(ServiceName("shop")))

    async with asyncio.timeout(PATIENCE):
        heard = await there.hear()
        assert heard == sights
        assert heard.sights[0].phase is Phase.ASLEEP
        assert await there.hear() == Ask(ServiceName("shop"))


async def test_what_was_said_before_the_end_is_heard_and_then_the_end(ends: tuple[Link, Link]) -> None:
    here, there = ends
    here.say(Ask(ServiceName("shop")))
    await here.close()

    async with asyncio.timeout(PATIENCE):
        assert await there.hear() == Ask(ServiceName("shop"))
        assert await there.hear() is None
    there.say(Ask(ServiceName("shop")))
    here.say(Ask(ServiceName("shop")))


async def test_an_end_that_does_not_listen_is_dropped(ends: tuple[Link, Link]) -> None:
    here, there = ends
    for _ in range(8):
        here.say(b"x" * 4 * 1024 * 1024)

    async with asyncio.timeout(PATIENCE):
        while await there.hear() is not None:
            pass
        assert await here.hear() is None


async def test_a_call_gets_the_answer_to_its_own_number() -> None:
    calls: Calls[str] = Calls()
    said: list[int] = []
    making = [asyncio.ensure_future(calls.make(said.append, within=PATIENCE)) for _ in range(2)]
    await asyncio.sleep(0)

    calls.answer(said[1], "second")
    calls.answer(said[0], "first")
    calls.answer(said[0], "again")
    calls.answer(99, "nobody asked")

    assert await asyncio.gather(*making) == ["first", "second"]


async def test_a_call_ends_with_the_other_process_or_its_patience() -> None:
    calls: Calls[str] = Calls()
    broken = asyncio.ensure_future(calls.make(lambda _: None, within=PATIENCE))
    await asyncio.sleep(0)
    calls.break_off()
    calls.break_off()

    with pytest.raises(ConnectionError):
        await broken
    with pytest.raises(TimeoutError):
        await calls.make(lambda _: None, within=0.01)
