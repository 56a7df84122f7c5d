"""Passing a request on, where the app is gone, silent, or leads back to us; over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.serverless.arrivals import PROGRAM, http_event
from tests.serverless.running import PAGES, SHOP
from wakeproxy.core.lifecycle import Phase
from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.sight import Sight
from wakeproxy.engine.traffic import Traffic
from wakeproxy.pages.asked import read_asked
from wakeproxy.pages.replies import Reply
from wakeproxy.pages.speech import Speech
from wakeproxy.pages.stays import Stays
from wakeproxy.pages.wait_pages import WaitPages
from wakeproxy.serverless.events import Shape, read_event
from wakeproxy.serverless.results import Given
from wakeproxy.serverless.sending import Sender, Sending
from wakeproxy.sqlite_ledger import SqliteLedger
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.pulse import Pulse
from wakeproxy.upstream.relay import Relay

HERE = "127.78.200.1"
MARGIN = timedelta(seconds=10)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def now() -> datetime:
    return datetime.now(UTC)


def make_relay() -> Relay:
    return Relay(Guard(admits_sandbox=True), Pulse(timedelta(seconds=1)), limits=Limits(), timeouts=Timeouts())


def make_speech() -> Speech:
    traffic = Traffic(SqliteLedger(None), front="a", clock=now, flush_interval=MARGIN, on_record=lambda *_: None)
    return Speech(PAGES, now, WaitPages(PAGES, now), Stays(traffic, MARGIN, now))


async def send(
    port: int, *, host: str = HERE, seconds: float = 30.0, sender: Sender | None = None, **fields: str
) -> Given | Reply | None:
    arrival = read_event(http_event("GET", "/a", {**PROGRAM, **fields}), Shape.HTTP, most_fields=100)
    sight = Sight(SHOP.name, Phase.AWAKE, endpoints=(Endpoint("task", host, port),))
    how = Sending(make_speech(), "", (), seconds)
    return await (sender or Sender(make_relay)).send(arrival, read_asked(arrival.read), (SHOP, sight), how)


@asynccontextmanager
async def serving(answer: Serve) -> AsyncIterator[int]:
    """Serve until the context ends and all who were answered have left; yields the port."""
    ended: list[asyncio.Future[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ended.append(end)
        try:
            await answer(reader, writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        finally:
            end.set_result(None)

    server = await asyncio.start_server(serve, HERE, 0)
    async with server, asyncio.timeout(30):
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*ended)


def told(reply: Given | Reply | None) -> Any:
    assert isinstance(reply, Reply)
    return reply.code, json.loads(reply.body)["title"]


async def test_an_app_that_is_gone_has_heard_nothing() -> None:
    async with serving(lambda *_: asyncio.sleep(0)) as port:
        pass

    assert await send(port) is None


async def test_an_address_that_no_task_may_have_is_not_dialled() -> None:
    dialled: list[object] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dialled.append(writer)
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        assert await send(server.sockets[0].getsockname()[1], host="127.0.0.1") is None
    assert not dialled


async def test_an_app_that_does_not_answer_in_time_is_silent() -> None:
    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read()

    async with serving(wait) as port:
        assert told(await send(port, seconds=0.2)) == (504, "The app is silent")


@pytest.mark.parametrize("answer", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"])
async def test_an_app_that_speaks_no_http_broke_off(answer: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with serving(say) as port:
        assert told(await send(port)) == (502, "The app broke off")


async def test_interim_answers_are_passed_over_and_connections_are_not_kept() -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: x\r\n\r\nhi")
        with suppress(OSError):
            await reader.read()

    async with serving(say) as port:  # it ends when the connection does
        given = await send(port)

    assert given == Given(200, (("Content-Length", "2"),), b"hi")


async def test_a_request_that_has_been_here_before_goes_no_further() -> None:
    sender = Sender(make_relay)

    reply = await send(1, sender=sender, via=f"1.1 {sender.me.name.decode()}")

    assert isinstance(reply, Reply)
    assert reply.code == 508
