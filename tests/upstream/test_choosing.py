"""Which task gets a request, and which addresses are never dialled."""

import pytest

from tests.upstream.conftest import make_door, open_door
from tests.upstream.wire import App, Line, Message, ask, head, run_app
from wakeproxy.core.observation import Endpoint
from wakeproxy.upstream.guard import Guard

ONE, TWO = Endpoint("one", "127.78.255.1", 80), Endpoint("two", "127.78.255.2", 80)


async def test_the_task_with_the_fewest_requests_in_flight_is_chosen() -> None:
    chosen: list[Endpoint] = []

    async def look(line: Line, _: Message) -> None:
        other = Endpoint("other", "127.78.255.9", 80)
        here = Endpoint("task", app.host, app.port)
        chosen.append(door.relay.choose([here, other]))
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 0"))

    async with run_app(look) as app, open_door(app) as door:
        await ask(door.port, head("GET / HTTP/1.1"))
        assert door.relay.in_flight == {}

    assert [endpoint.task for endpoint in chosen] == ["other"]


async def test_with_nothing_in_flight_the_first_is_chosen() -> None:
    relay = make_door(App()).relay

    assert relay.choose([ONE, TWO]) is ONE
    assert relay.choose([TWO]) is TWO


REFUSED = [
    "127.0.0.1",
    "127.77.0.1",
    "127.78.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "::ffff:127.0.0.1",
    "localhost",
    "evil.example",
    "10.0.0.1@evil.example",
    "",
]


@pytest.mark.parametrize("host", REFUSED)
def test_what_no_task_can_have_is_refused(host: str) -> None:
    assert not Guard().admits(host)


@pytest.mark.parametrize("host", ["10.0.1.2", "172.31.255.1", "192.168.0.9", "100.64.0.1", "3.120.0.1", "2600:1f14::1"])
def test_what_a_task_can_have_is_admitted(host: str) -> None:
    assert Guard().admits(host)


def test_beside_a_sandbox_its_tasks_are_admitted_and_nothing_else_of_this_machine() -> None:
    guard = Guard(admits_sandbox=True)

    assert guard.admits("127.77.3.4")
    assert guard.admits("127.78.3.4")
    assert [host for host in REFUSED if guard.admits(host)] == ["127.77.0.1", "127.78.0.1"]


async def test_an_address_that_is_refused_is_never_dialled() -> None:
    async with run_app(host="127.0.0.1") as app, open_door(App("127.0.0.1", app.port)) as door:
        answer = await ask(door.port, head("GET / HTTP/1.1"))

    assert answer.status == 502
    assert app.connections == 0
    assert door.errors[0].sent is False
