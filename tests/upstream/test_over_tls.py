"""The visitors' connections over TLS, where nobody can say that he says no more and still listen."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.certificates import authority
from tests.upstream.conftest import Door, make_door, until
from tests.upstream.flow import PIECE, PIECES, SIZE
from tests.upstream.wire import OK, App, Line, Message, head, run_app, say_ok
from wakeproxy.front.listener import drain, meet_visitor
from wakeproxy.front.tls import Certificates
from wakeproxy.settings.values import KeyPair


@asynccontextmanager
async def open_tls_door(app: App, folder: Path) -> AsyncIterator[Door]:
    """Serve a door to an app over TLS."""
    issued = authority().issue(folder, "app", ["app.localhost"])
    door = make_door(app, drain=0.1)
    context = Certificates([KeyPair(issued.cert, issued.key)]).context
    server = await asyncio.get_running_loop().create_server(
        lambda: meet_visitor(door.front), "127.0.0.1", 0, ssl=context
    )
    door.front.tasks.repeat(door.front.pulse.beat, name="pulse")
    door.port = server.sockets[0].getsockname()[1]
    try:
        yield door
    finally:
        server.close()
        await drain(door.front)
        await door.front.tasks.stop()
        await door.relay.stop()


@asynccontextmanager
async def dial_tls(door: Door) -> AsyncIterator[Line]:
    context = authority().context()
    line = Line(
        *await asyncio.open_connection(
            "127.0.0.1", door.port, ssl=context, server_hostname="app.localhost", limit=2**20
        )
    )
    yield line
    line.transport.abort()
    await asyncio.sleep(0)


async def test_requests_are_answered_one_after_the_other(tmp_path: Path) -> None:
    async with run_app() as app, open_tls_door(app, tmp_path) as door, dial_tls(door) as line:
        for _ in range(5):
            await line.say(head("POST / HTTP/1.1", "Content-Length: 2", body=b"hi") + head("GET / HTTP/1.1"))
            assert [(await line.hear()).body for _ in range(2)] == [b"ok", b"ok"]

    assert app.seen[0]["X-Forwarded-Proto"] == "https"


async def test_an_answer_that_ends_with_its_connection_arrives_whole(tmp_path: Path) -> None:
    async def say_and_close(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", body=b"x" * 1_000_000))
        line.writer.close()

    async with run_app(say_and_close) as app, open_tls_door(app, tmp_path) as door, dial_tls(door) as line:
        await line.say(head("GET / HTTP/1.1"))
        assert (await line.ends()).endswith(b"\r\n\r\n" + b"x" * 1_000_000)


async def test_a_refusal_is_heard_by_a_client_who_goes_on_to_upload(tmp_path: Path) -> None:
    async def refuse(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 413 Content Too Large", "Content-Length: 2", body=b"no"))
        line.writer.close()

    async with run_app(refuse) as app, open_tls_door(app, tmp_path) as door, dial_tls(door) as line:
        await line.say(head("PUT / HTTP/1.1", f"Content-Length: {SIZE}"))
        for _ in range(PIECES):
            await line.say(PIECE)
        answer = await line.hear()

    assert (answer.status, answer.body) == (413, b"no")


async def test_who_closes_before_his_answer_has_left_and_nothing_is_complained_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def think(line: Line, _: Message) -> None:
        await line.reader.read()

    async with run_app(think) as app, open_tls_door(app, tmp_path) as door:
        async with dial_tls(door) as line:
            await line.say(head("GET / HTTP/1.1"))
            await until(lambda: app.seen)
            line.writer.close()
            await until(lambda: not door.front.guests and not door.relay.in_flight)
        assert caplog.record_tuples == []
        app.answer = say_ok
        async with dial_tls(door) as line:
            await line.say(head("GET / HTTP/1.1"))
            assert (await line.hear()).body == OK[-2:]


async def test_who_closes_his_tunnel_ends_it_and_nothing_is_complained_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    async def switch(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: tcp"))
        await line.reader.read()

    async with run_app(switch) as app, open_tls_door(app, tmp_path) as door, dial_tls(door) as line:
        await line.say(head("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: tcp"))
        assert (await line.hear()).status == 101
        line.writer.close()
        await until(lambda: not door.front.guests and not door.relay.in_flight)
        assert caplog.record_tuples == []
