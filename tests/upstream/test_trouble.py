"""When an app refuses, breaks off or falls silent."""

import asyncio
from typing import Any

import pytest

from tests.upstream.conftest import open_door, until
from tests.upstream.wire import OK, Line, Message, Turn, ask, dial, head, run_app, say_ok
from wakeproxy.core.observation import Endpoint
from wakeproxy.errors import UpstreamError
from wakeproxy.upstream.app import AppConnection
from wakeproxy.upstream.trouble import BrokenAppError, SilentAppError

GET, POST = head("GET / HTTP/1.1"), head("POST / HTTP/1.1", "Content-Length: 4", body=b"once")


async def reset(line: Line, _: Message) -> None:
    line.transport.abort()


def break_off_after(said: bytes) -> Turn:
    async def answer(line: Line, _: Message) -> None:
        await line.say(said)
        line.writer.close()

    return answer


async def fail(answer: Turn, request: bytes, **spans: float) -> tuple[UpstreamError, list[Message]]:
    """Send a request that cannot be answered: the error it ends in, and what the app saw."""
    async with run_app(answer) as app, open_door(app, trusted=(), limits=None, **spans) as door:
        told = await ask(door.port, request)
    assert told.status == 502
    (error,) = door.errors
    assert told.body.decode() == str(error)
    assert app.host not in str(error), "an address inside the network is nobody's business"
    return error, app.seen


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
async def test_an_app_that_refuses_connections_has_seen_nothing(request_: bytes) -> None:
    async with run_app() as app:
        pass
    async with open_door(app) as door:
        await ask(door.port, request_)

    (error,) = door.errors
    assert type(error) is UpstreamError
    assert error.sent is False


async def test_a_get_that_is_cut_off_is_sent_again_once() -> None:
    error, seen = await fail(reset, GET)

    assert type(error) is BrokenAppError
    assert error.sent is False
    assert len(seen) == 2


async def test_a_get_that_is_cut_off_by_an_app_that_goes_away_was_refused() -> None:
    async def go_away(line: Line, _: Message) -> None:
        if len(app.seen) == 2:
            app.stop_listening()
        line.transport.abort()

    async with run_app(go_away) as app, open_door(app) as door:
        await ask(door.port, GET)

    (error,) = door.errors
    assert (type(error), error.sent) == (UpstreamError, False)
    assert len(app.seen) == 2
    assert door.relay.in_flight == {}


async def test_a_get_that_is_cut_off_twice_leaves_nothing_under_way() -> None:
    async with run_app(reset) as app, open_door(app) as door:
        await ask(door.port, GET)
        await until(lambda: app.connections == 3)

        assert door.relay.in_flight == {}
        assert door.relay.connections[Endpoint("task", app.host, app.port)] == 0


async def test_an_upgrade_that_is_cut_off_is_asked_for_again() -> None:
    error, seen = await fail(reset, head("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"))

    assert error.sent is False
    assert len(seen) == 2


async def test_an_upgrade_takes_no_connection_that_was_idle() -> None:
    async with run_app() as app, open_door(app) as door:
        await ask(door.port, GET)
        await ask(door.port, head("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"))

    assert app.connections == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("body", [b"", b"once"])
async def test_what_changes_something_and_is_cut_off_is_not_sent_again(method: str, body: bytes) -> None:
    error, seen = await fail(reset, head(f"{method} / HTTP/1.1", f"Content-Length: {len(body)}", body=body))

    assert error.sent is True
    assert [message.first_line for message in seen] == [f"{method} / HTTP/1.1"]


async def test_a_get_whose_body_is_spent_is_not_sent_again() -> None:
    error, seen = await fail(reset, head("GET / HTTP/1.1", "Content-Length: 4", body=b"once"))

    assert error.sent is True
    assert len(seen) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"garbage\r\n\r\n",
        head("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 3", body=b"ok"),
        head("HTTP/1.1 200 OK", "Content-Length: 2", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"),
    ],
    ids=["no HTTP", "two lengths", "length and chunks", "a switch nobody asked for"],
)
async def test_an_answer_that_cannot_be_trusted_is_not_passed_on(said: bytes) -> None:
    error, seen = await fail(break_off_after(said), GET)

    assert error.sent is True, "it answered: asking again would not help"
    assert len(seen) == 1


@pytest.mark.parametrize(
    "said",
    [
        head("HTTP/1.1 200 OK", "Content-Length: 10", body=b"half"),
        head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"4\r\nhalf\r\n"),
    ],
    ids=["shorter than its length", "without its last chunk"],
)
async def test_an_answer_that_is_cut_off_is_cut_off_for_the_visitor(said: bytes) -> None:
    async with run_app(break_off_after(said)) as app, open_door(app) as door:
        answer = await ask(door.port, GET)

    assert answer.status == 200
    assert not answer.is_whole


async def test_an_answer_with_a_chunk_that_is_none_is_cut_off_for_the_visitor() -> None:
    heard = asyncio.Event()

    async def stumble(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b"4\r\nhalf\r\n"))
        await heard.wait()
        await line.say(b"nonsense\r\n")

    async with run_app(stumble) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(GET)
        async with asyncio.timeout(5):
            await line.reader.readuntil(b"half\r\n")
        heard.set()
        assert await line.ends() == b"", "there is no last chunk"


async def test_an_app_that_says_nothing_is_not_waited_for_without_end() -> None:
    async def say_nothing(line: Line, _: Message) -> None:
        await line.reader.read()

    error, seen = await fail(say_nothing, GET, first_byte=0.2, idle=0.2)

    assert type(error) is SilentAppError
    assert error.sent is True
    assert len(seen) == 1


async def test_an_app_that_falls_silent_in_the_middle_tears_its_answer() -> None:
    async def stop_midway(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 10", body=b"half"))
        await line.reader.read()

    async with run_app(stop_midway) as app, open_door(app, first_byte=0.2, idle=0.2) as door:
        answer = await ask(door.port, GET)

    assert not answer.is_whole


async def test_a_slow_upload_is_no_silence() -> None:
    async with run_app() as app, open_door(app, first_byte=0.2, idle=0.2) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", "Content-Length: 4"))
        for byte in (b"s", b"l", b"o", b"w"):
            await asyncio.sleep(0.1)  # the pace of the visitor is what is tested
            await line.say(byte)
        answer = await line.hear()

    assert answer.status == 200


async def test_gets_share_connections_and_a_stale_one_is_made_good() -> None:
    async def grow_stale(line: Line, _: Message) -> None:
        if len(app.seen) == 3:
            line.transport.abort()  # as if it had been closed just before
        else:
            await line.say(OK)

    async with run_app(grow_stale) as app, open_door(app) as door, dial(door.port) as line:
        for asked in range(1, 4):
            await line.say(GET)
            assert (await line.hear()).status == 200
            assert app.connections == (1 if asked < 3 else 2)

    assert len(app.seen) == 4
    assert door.errors == []


async def test_a_post_gets_a_connection_of_its_own_that_cannot_be_stale() -> None:
    async with run_app() as app, open_door(app) as door:
        assert (await ask(door.port, GET)).status == 200
        for _ in range(2):
            assert (await ask(door.port, POST)).status == 200

    assert app.connections == 3
    assert [seen.first_line.split()[0] for seen in app.seen] == ["GET", "POST", "POST"]


async def test_what_follows_an_answer_that_is_over_is_no_answer_to_the_next_request() -> None:
    async def say_too_much(line: Line, _: Message) -> None:
        await line.say(OK + head("HTTP/1.1 200 OK", "Content-Length: 4", body=b"evil"))

    async with run_app(say_too_much) as app, open_door(app) as door:
        assert (await ask(door.port, GET)).body == b"ok"
        app.answer = say_ok
        assert (await ask(door.port, GET)).body == b"ok"

    assert app.connections == 2


async def test_a_connection_that_ends_as_it_is_made_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def lose(make: Any, host: str, port: int, **options: Any) -> tuple[asyncio.Transport, AppConnection]:
        transport, made = await connect(make, host, port, **options)
        assert isinstance(made, AppConnection)
        made.give_up()
        await until(lambda: made not in door.relay.pulse.members)
        return transport, made

    async with run_app() as app, open_door(app) as door, dial(door.port) as line:
        monkeypatch.setattr(loop, "create_connection", lose)
        await line.say(POST)
        answer = await line.hear()

    assert answer.status == 502
    (error,) = door.errors
    assert (type(error), error.sent, app.seen) == (UpstreamError, False, [])
    assert door.relay.in_flight == {}
