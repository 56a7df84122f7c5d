"""Many requests over one connection, asked before the answers come: each is answered, in order."""

import asyncio
from typing import Any, cast

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.wire import App, Line, Message, dial, head, read_body, run_app
from wakeproxy.front.actions import Action, Carry
from wakeproxy.front.turn import Turn
from wakeproxy.pages.replies import Reply

MANY = 100
LARGE = 60_000


async def say_target(line: Line, message: Message) -> None:
    """Answer with the target and what the body was."""
    body = message.target.encode() + b" " + await read_body(line.reader, message)
    await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", body=body))


async def test_a_hundred_requests_in_one_write_are_answered_in_order() -> None:
    requests = b"".join(head(f"GET /{number} HTTP/1.1") for number in range(MANY))

    async with run_app(say_target) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(requests)
        answers = [await line.hear() for _ in range(MANY)]

    assert [answer.body for answer in answers] == [b"/%d " % number for number in range(MANY)]
    assert app.connections == 1


def write_mixed(number: int) -> tuple[bytes, bytes]:
    """Write a request of one of four kinds; and its answer's body."""
    content = b"%d" % number * (1 + number * 37 % 900)
    target = f"/{number}"
    chunked = b"%x\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(content), content)
    match number % 4:
        case 0:
            return head(f"GET {target} HTTP/1.1"), f"{target} ".encode()
        case 1:
            request = head(f"POST {target} HTTP/1.1", f"Content-Length: {len(content)}", body=content)
        case 2:
            request = head(f"PUT {target} HTTP/1.1", "Transfer-Encoding: chunked", body=chunked)
        case _:
            return head(f"POST {target} HTTP/1.1", "Content-Length: 0"), f"{target} ".encode()
    return request, f"{target} ".encode() + content


async def test_requests_with_and_without_bodies_are_answered_in_order() -> None:
    mixed = [write_mixed(number) for number in range(MANY)]

    async with (
        run_app(say_target) as app,
        open_door(app) as door,
        dial(door.port) as line,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(line.say(b"".join(request for request, _ in mixed)))
        answers = [await line.hear() for _ in mixed]

    assert [answer.body for answer in answers] == [body for _, body in mixed]


async def test_requests_cut_anywhere_are_answered_in_order() -> None:
    mixed = [write_mixed(number) for number in range(12)]
    wire = b"".join(request for request, _ in mixed)

    async with run_app(say_target) as app, open_door(app) as door, dial(door.port) as line:
        for step in (1, 7, 64):
            for at in range(0, len(wire), step):
                line.writer.write(wire[at : at + step])
                if not at % 512:
                    await asyncio.sleep(0)  # so that pieces arrive as pieces
            answers = [await line.hear() for _ in mixed]
            assert [answer.body for answer in answers] == [body for _, body in mixed]


async def test_who_asks_all_and_then_says_no_more_hears_every_answer() -> None:
    async with run_app(say_target) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(b"".join(head(f"GET /{number} HTTP/1.1") for number in range(5)))
        line.writer.write_eof()
        said = await line.ends()

    assert [said.count(b"/%d " % number) for number in range(5)] == [1] * 5


async def test_a_visitor_who_takes_no_answer_costs_no_more_than_one() -> None:
    """The memory that answers to one visitor take is bounded, however many he asked for."""
    many = 400

    async def say_much(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {LARGE}", body=b"x" * LARGE))

    async with run_app(say_much) as app, open_door(app) as door, dial(door.port) as line:
        line.transport.pause_reading()
        await line.say(head("GET / HTTP/1.1") * many)
        await until(lambda: buffered(door))
        await asyncio.sleep(0.3)  # in which nothing more may happen
        assert len(app.seen) < many
        assert buffered(door) < 2**20

        line.transport.resume_reading()
        answers = [await line.hear() for _ in range(many)]
    assert all(len(answer.body) == LARGE for answer in answers)


def buffered(door: Door) -> int:
    """Bytes that wait in this process for visitors to take them."""
    return sum(cast("Any", guest).transport.get_write_buffer_size() for guest in door.front.guests)


async def test_what_follows_a_request_to_ourselves_is_answered_too() -> None:
    async with run_app(say_target) as app, open_door(app) as door, dial(door.port) as line:
        answer_own(door, app)
        await line.say(head("POST /.wakeproxy/wake HTTP/1.1", "Content-Length: 4"))
        await until(lambda: door.front.guests)
        await asyncio.sleep(0.05)  # so that the body comes by itself
        await line.say(b"body" + head("GET /after HTTP/1.1"))

        assert (await line.hear()).body == b"own body"
        assert (await line.hear()).body == b"/after "


def answer_own(door: Door, app: App) -> None:
    """Answer requests to ourselves, and pass the rest on."""
    carry = door.straight.answer

    def answer(turn: Turn) -> Action:
        if turn.read.target.startswith(b"/.wakeproxy/"):
            return Reply(200, (), b"own " + turn.body)
        action = carry(turn)
        assert isinstance(action, Carry)
        assert action.endpoint.port == app.port
        return action

    door.straight.answer = answer  # type: ignore[method-assign]
