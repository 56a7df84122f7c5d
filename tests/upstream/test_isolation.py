"""Nothing of one request is ever seen by another, however many there are and however they end."""

import asyncio
import random
from contextlib import suppress

from tests.upstream.conftest import Door, open_door, until
from tests.upstream.wire import Line, Message, dial, head, read_body, run_app

CLIENTS, ROUNDS = 24, 90
SEED = 20_261_127


async def say_token(line: Line, message: Message) -> None:
    """Answer with what the request said, now and then in pieces, late, chunked, too early or not to the end."""
    token = message["X-Token"]
    chance = random.Random(token)
    body = await read_body(line.reader, message)
    said = f"{token} {message.target} ".encode() + body + b" " + token.encode() * chance.randrange(1, 400)
    match chance.randrange(12):
        case 0:
            line.transport.abort()
        case 1:
            await line.say(head("HTTP/1.1 200 OK", f"X-Token: {token}", f"Content-Length: {len(said)}", body=said[:-1]))
            line.writer.close()
        case 2:
            await line.say(
                head("HTTP/1.1 200 OK", f"X-Token: {token}", f"Content-Length: {len(said)}", body=said + b"HTTP/1.1")
            )
        case 3 | 4 | 5:
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (said[:9], said[9:]))
            await line.say(
                head("HTTP/1.1 200 OK", f"X-Token: {token}", "Transfer-Encoding: chunked", body=chunks + b"0\r\n\r\n")
            )
        case 6:
            await asyncio.sleep(0.002)
            await line.say(
                head("HTTP/1.1 200 OK", f"X-Token: {token}", f"Content-Length: {len(said)}"), said[:7], said[7:]
            )
        case _:
            await line.say(head("HTTP/1.1 200 OK", f"X-Token: {token}", f"Content-Length: {len(said)}", body=said))


async def visit(door: Door, number: int, heard: list[str]) -> None:
    """Ask many times, in several ways; leave in the middle now and then."""
    chance = random.Random(SEED + number)
    line = await Line.to(door.port)
    for turn in range(ROUNDS):
        tokens = [f"{number}-{turn}-{each}-{chance.random()}" for each in range(chance.choice([1, 1, 1, 3]))]
        for token in tokens:
            line.writer.write(write(token, chance))
        if chance.random() < 0.1:
            await asyncio.sleep(chance.random() / 200)
            line.transport.abort()
            line = await Line.to(door.port)
        elif not await hear_all(line, tokens, heard):
            await line.close()
            line = await Line.to(door.port)
    await line.close()


def write(token: str, chance: random.Random) -> bytes:
    body = token.encode() * chance.randrange(1, 200)
    match chance.randrange(4):
        case 0:
            return head(f"POST /{token} HTTP/1.1", f"X-Token: {token}", f"Content-Length: {len(body)}", body=body)
        case 1:
            chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            return head(f"PUT /{token} HTTP/1.1", f"X-Token: {token}", "Transfer-Encoding: chunked", body=chunk)
        case _:
            return head(f"GET /{token} HTTP/1.1", f"X-Token: {token}")


async def hear_all(line: Line, tokens: list[str], heard: list[str]) -> bool:
    """Hear the answers to all that was asked; whether the connection goes on."""
    for token in tokens:
        with suppress(ConnectionResetError, asyncio.IncompleteReadError):
            answer = await line.hear()
            if not answer.is_whole:
                return False
            if answer.status == 200:
                assert answer["X-Token"] == token
                told, target, *rest = answer.body.decode().split(" ")
                assert (told, target) == (token, f"/{token}")
                assert set("".join(rest).replace(token, "")) <= set(), "of another's there is nothing in it"
                heard.append(token)
            else:
                assert answer.status == 502
            if "close" in answer.all("Connection"):
                return False
            continue
        return False
    return True


async def test_nothing_of_one_request_is_ever_seen_by_another() -> None:
    heard: list[str] = []
    async with run_app(say_token) as app, open_door(app) as door:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(visit(door, number, heard))
        await until(lambda: not door.front.guests and not door.relay.in_flight)
        await until(lambda: len(door.relay._open) <= 64)

    assert len(heard) > CLIENTS * ROUNDS // 2
    assert len(heard) == len(set(heard))
    assert app.connections < len(app.seen), "connections were shared"


async def test_a_connection_that_a_visitor_left_is_not_used_again() -> None:
    async def think(line: Line, message: Message) -> None:
        if message.target == "/slow":
            await asyncio.sleep(0.05)
        await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {len(message.target)}", body=message.target.encode()))

    async with run_app(think) as app, open_door(app) as door:
        for _ in range(20):
            line = await Line.to(door.port)
            await line.say(head("GET /slow HTTP/1.1"))
            await until(lambda: app.seen and app.seen[-1].target == "/slow")
            line.transport.abort()
            async with dial(door.port) as other:
                await other.say(head("GET /other HTTP/1.1"))
                assert (await other.hear()).body == b"/other"
