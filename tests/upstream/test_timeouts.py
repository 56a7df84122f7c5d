"""How long is waited for whom, and what follows."""

import asyncio
import os
import socket
from time import monotonic

import pytest

from tests.upstream.conftest import dial_narrow, full_queue, guests, open_door, until
from tests.upstream.wire import OK, Line, Message, Turn, ask, dial, head, read_body, run_app
from wakeproxy.upstream.trouble import SilentAppError

GET = head("GET / HTTP/1.1")
UPLOAD = head("POST / HTTP/1.1", "Content-Length: 100", body=b"half")
LARGE = 8 * 2**20


def pour(size: int) -> Turn:
    async def answer(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {size}"))
        for _turn in range(size // 2**16):
            await line.say(b"x" * 2**16)

    return answer


@pytest.mark.parametrize("part", [b"G", b"GET / HTTP/1.1\r\nHost: a.test\r\nX: "])
async def test_a_head_that_does_not_come_is_not_waited_for(part: bytes) -> None:
    async with run_app() as app, open_door(app, head=0.1) as door, dial(door.port) as line:
        await line.say(part)
        answer = await line.hear()
        assert (answer.status, answer["Connection"]) == (408, "close")
        assert await line.ends() == b""

    assert app.seen == []
    assert door.front.journal.refused["request_timeout"] == 1


async def test_a_head_that_comes_drop_by_drop_is_not_waited_for() -> None:
    async with run_app() as app, open_door(app, head=0.2) as door, dial(door.port) as line:
        began = monotonic()
        hearing = asyncio.create_task(line.hear())
        for byte in head("GET / HTTP/1.1", "X: " + "a" * 10_000):
            if hearing.done():
                break
            line.writer.write(bytes((byte,)))
            await asyncio.sleep(0.01)
        assert (await hearing).status == 408
        assert monotonic() - began < 2

    assert app.seen == []


async def test_empty_lines_are_not_waited_out_one_by_one() -> None:
    async with run_app() as app, open_door(app, head=0.2, keep_alive=0.3) as door, dial(door.port) as line:
        ending, spoken = asyncio.create_task(line.ends()), 1
        async with asyncio.timeout(2):
            while not ending.done():
                line.writer.write(b"\r" if spoken % 2 else b"\n")
                spoken += 1
                await asyncio.sleep(0.02)


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def read_on(line: Line, message: Message) -> None:
        await read_body(line.reader, message)

    async with run_app(read_on) as app, open_door(app, body=0.1) as door, dial(door.port) as line:
        await line.say(UPLOAD)
        answer = await line.hear()
        assert (answer.status, answer["Connection"]) == (408, "close")
        await until(lambda: not door.relay._open)


async def test_a_body_that_comes_drop_by_drop_is_waited_for() -> None:
    async with run_app() as app, open_door(app, body=0.3) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", "Content-Length: 20"))
        for _ in range(20):
            await line.say(b"x")
            await asyncio.sleep(0.03)
        assert (await line.hear()).status == 200


async def test_who_takes_nothing_of_his_answer_is_not_waited_for() -> None:
    async with run_app(pour(LARGE)) as app, open_door(app, send=0.2) as door, dial(door.port) as line:
        line.transport.pause_reading()
        await line.say(GET)
        await until(lambda: app.seen)
        await until(lambda: not door.front.guests)
        await until(lambda: not door.relay._open)


async def test_who_takes_his_answer_slowly_is_waited_for() -> None:
    async with run_app(pour(2**20)) as app, open_door(app, send=0.4) as door, dial_narrow(door) as line:
        line.transport.pause_reading()
        await line.say(GET)
        await until(lambda: guests(door)[0].get_write_buffer_size() > 256 * 1024)
        with socket.socket(fileno=os.dup(line.transport.get_extra_info("socket").fileno())) as sock:
            sock.setblocking(False)  # noqa: FBT003 - socket's own signature
            for _ in range(20):
                assert await asyncio.get_running_loop().sock_recv(sock, 8192)
                await asyncio.sleep(0.05)

        assert guests(door)[0].get_write_buffer_size() > 64 * 1024, "not enough was taken for more to be read"


async def test_a_connection_without_a_request_is_closed() -> None:
    async with run_app() as app, open_door(app, keep_alive=0.1) as door, dial(door.port) as line:
        assert await line.ends() == b""
    async with run_app() as app, open_door(app, keep_alive=0.1) as door, dial(door.port) as line:
        await line.say(GET)
        assert (await line.hear()).status == 200
        assert await line.ends() == b""


async def test_an_app_that_takes_no_connection_is_not_waited_for() -> None:
    """Its queue is full, as that of an app that hangs."""
    async with run_app() as app:
        pass
    async with full_queue(app.host) as port, open_door(app, connect=0.2) as door:
        app.port = port
        answer = await ask(door.port, GET)

    assert answer.status == 502
    assert [error.sent for error in door.errors] == [False]


async def test_an_app_that_does_not_answer_is_not_waited_for() -> None:
    async def say_nothing(line: Line, _: Message) -> None:
        await line.reader.read()

    async with run_app(say_nothing) as app, open_door(app, first_byte=0.1) as door:
        await ask(door.port, GET)

    assert [type(error) for error in door.errors] == [SilentAppError]


async def test_an_app_that_sends_its_head_drop_by_drop_is_not_waited_for() -> None:
    async def drip(line: Line, _: Message) -> None:
        for byte in head("HTTP/1.1 200 OK", "X: " + "a" * 1000):
            await line.say(bytes((byte,)))
            await asyncio.sleep(0.02)

    async with run_app(drip) as app, open_door(app, first_byte=0.2) as door:
        await ask(door.port, GET)

    assert [type(error) for error in door.errors] == [SilentAppError]


async def test_an_app_that_falls_silent_tears_its_answer() -> None:
    async def stop(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 100", body=b"half"))
        await line.reader.read()

    async with run_app(stop) as app, open_door(app, idle=0.1) as door:
        assert not (await ask(door.port, GET)).is_whole


async def test_an_app_that_answers_drop_by_drop_is_waited_for() -> None:
    async def drip(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 20"))
        for _turn in range(20):
            await line.say(b"x")
            await asyncio.sleep(0.03)

    async with run_app(drip) as app, open_door(app, idle=0.3) as door:
        assert (await ask(door.port, GET)).body == b"x" * 20


async def test_a_slow_visitor_is_no_silence_of_the_app() -> None:
    async with run_app(pour(LARGE)) as app, open_door(app, idle=0.1) as door, dial(door.port) as line:
        line.transport.pause_reading()
        await line.say(GET)
        await until(lambda: guests(door) and guests(door)[0].get_write_buffer_size() > 256 * 1024)
        await asyncio.sleep(0.3)
        line.transport.resume_reading()
        assert len((await line.hear()).body) == LARGE


async def test_a_tunnel_on_which_nothing_passes_is_cut() -> None:
    async def switch(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: tcp"))
        await line.reader.read()

    request = head("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: tcp")
    async with run_app(switch) as app, open_door(app, tunnel=0.1) as door, dial(door.port) as line:
        await line.say(request)
        assert (await line.hear()).status == 101
        assert await line.ends() == b""
        assert not door.relay.in_flight


async def test_an_idle_connection_to_an_app_is_closed_by_us() -> None:
    gone = asyncio.Event()

    async def answer(line: Line, _: Message) -> None:
        await line.say(OK)
        assert await line.reader.read() == b""
        gone.set()

    async with run_app(answer) as app, open_door(app, upstream_keep_alive=0.1) as door:
        assert (await ask(door.port, GET)).status == 200
        async with asyncio.timeout(2):
            await gone.wait()


async def test_who_takes_nothing_while_his_upload_stands_still_for_it_is_not_waited_for() -> None:
    """He reads no answer, so the app writes no more, so it reads no more of him, so that nothing moves."""

    async def echo(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {LARGE * 4}"))
        while piece := await line.reader.read(2**16):
            await line.say(piece)

    async with run_app(echo) as app, open_door(app, send=0.3) as door, dial(door.port) as line:
        line.transport.pause_reading()
        line.writer.write(head("POST / HTTP/1.1", f"Content-Length: {LARGE * 4}", body=b"x" * LARGE * 4))
        await until(lambda: door.front.guests)
        await until(lambda: not door.front.guests and not door.relay.in_flight)


async def test_an_app_that_takes_nothing_of_a_body_is_no_fault_of_its_visitor() -> None:
    """Even if he was slow himself before."""
    wanted = asyncio.Event()

    async def take_late(line: Line, _: Message) -> None:
        line.transport.pause_reading()
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {LARGE + 2}", body=b"x" * LARGE))
        await wanted.wait()
        line.transport.resume_reading()
        await line.reader.readexactly(LARGE)
        await line.say(b"ok")

    async with run_app(take_late) as app, open_door(app, body=0.2) as door, dial(door.port) as line:
        line.transport.pause_reading()
        async with asyncio.TaskGroup() as group:
            group.create_task(line.say(head("POST / HTTP/1.1", f"Content-Length: {LARGE}"), b"x" * LARGE))
            await until(lambda: guests(door) and guests(door)[0].get_write_buffer_size() > 256 * 1024)
            line.transport.resume_reading()
            await asyncio.sleep(0.5)  # in which he could send, if he were let
            wanted.set()
            answer = await line.hear()

    assert answer.body.endswith(b"ok")
