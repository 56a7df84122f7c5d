"""A listener that closes: who has connected already is not turned away."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from tests.upstream.conftest import Straight, make_door, open_door
from tests.upstream.wire import App, dial, head, run_app
from wakeproxy.front.actions import Action
from wakeproxy.front.listener import bind, listen
from wakeproxy.front.turn import Turn
from wakeproxy.pages.replies import Ready

CROWD = 200


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with run_app() as app:
        yield app


def connect(port: int) -> socket.socket:
    """Connect and ask without giving the listener's loop a turn: the system itself takes the connection in."""
    visitor = socket.create_connection(("127.0.0.1", port))
    visitor.sendall(head("GET / HTTP/1.1"))
    return visitor


def read(visitor: socket.socket) -> bytes:
    with visitor:
        visitor.settimeout(10)
        return visitor.recv(65536)


async def test_who_waits_in_the_queue_of_a_closing_listener_is_answered(app: App) -> None:
    door = make_door(app, drain=5)
    async with listen(door.front, bind("127.0.0.1", 0)) as port:
        visitors = [connect(port) for _ in range(CROWD)]
    answers = await asyncio.to_thread(lambda: [read(visitor) for visitor in visitors])

    assert sum(answer.startswith(b"HTTP/1.1 200") for answer in answers) == CROWD


async def test_after_that_nobody_is_let_in(app: App) -> None:
    async with listen(make_door(app).front, bind("127.0.0.1", 0)) as port:
        pass
    with pytest.raises(ConnectionRefusedError):
        connect(port)


class Prepared(Straight):
    """Has the same answer for everybody."""

    def answer(self, turn: Turn) -> Action:
        del turn
        return Ready(200, head("HTTP/1.1 200 OK", "Content-Length: 4", body=b"\r\n\r\n"), body_bytes=4)


@pytest.mark.parametrize("is_draining", [False, True])
async def test_an_answer_made_beforehand_says_when_it_is_the_last(app: App, *, is_draining: bool) -> None:
    async with open_door(app) as door, dial(door.port) as line:
        straight = door.straight
        door.front.visitor = cast("Any", Prepared(app, straight.speech, straight.uptime))
        door.front.is_draining = is_draining
        await line.say(head("GET / HTTP/1.1"))
        answer = await line.hear()

    assert (answer.status, answer.body) == (200, b"\r\n\r\n")
    assert answer.all("Connection") == ["close"] * is_draining
