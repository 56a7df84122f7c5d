"""An app's answers whose heads are alike: each visitor gets his own answer whole."""

from tests.upstream.conftest import open_door
from tests.upstream.wire import Line, Message, ask, dial, head, run_app

SAME = head("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 4")


async def test_answers_with_the_same_head_keep_their_own_bodies() -> None:
    async def number(line: Line, _: Message) -> None:
        await line.say(SAME + b"%04d" % len(app.seen))

    async with run_app(number) as app, open_door(app) as door, dial(door.port) as line:
        heard = []
        for _ in range(5):
            await line.say(head("GET / HTTP/1.1"))
            heard.append(await line.hear())

    assert app.connections == 1
    assert [answer.body for answer in heard] == [b"%04d" % number for number in range(1, 6)]
    assert {tuple(answer.fields) for answer in heard} == {tuple(heard[0].fields)}


async def test_a_body_that_comes_after_a_known_head_is_waited_for() -> None:
    async def pause(line: Line, _: Message) -> None:
        await line.say(SAME)
        await line.say(b"12")
        await line.say(b"34")

    async with run_app(pause) as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(3):
            await line.say(head("GET / HTTP/1.1"))
            assert (await line.hear()).body == b"1234"


async def test_a_known_head_in_answer_to_head_has_no_body() -> None:
    async def answer(line: Line, message: Message) -> None:
        await line.say(SAME if message.first_line.startswith("HEAD") else SAME + b"body")

    async with run_app(answer) as app, open_door(app) as door, dial(door.port) as line:
        for method in ("GET", "HEAD", "GET", "HEAD"):
            await line.say(head(f"{method} / HTTP/1.1"))
            assert (await line.hear(method)).body == (b"" if method == "HEAD" else b"body")

    assert app.connections == 1


async def test_what_an_old_client_was_spared_is_told_the_next_one() -> None:
    async def chunks(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"), b"2\r\nok\r\n0\r\n\r\n")

    async with run_app(chunks) as app, open_door(app) as door:
        new = await ask(door.port, head("GET / HTTP/1.1"))
        old = await ask(door.port, head("GET / HTTP/1.0"))
        after = await ask(door.port, head("GET / HTTP/1.1"))

    assert app.connections == 1
    assert (new.body, after.body) == (b"ok", b"ok")
    assert old.fields == [("Connection", "close")]
    assert after["Transfer-Encoding"] == "chunked"


async def test_bytes_after_a_known_answer_are_never_the_next_one() -> None:
    async def say_too_much(line: Line, _: Message) -> None:
        await line.say(SAME + b"body" + (SAME + b"evil" if len(app.seen) == 2 else b""))

    async with run_app(say_too_much) as app, open_door(app) as door, dial(door.port) as line:
        for _ in range(4):
            await line.say(head("GET / HTTP/1.1"))
            assert (await line.hear()).body == b"body"

    assert app.connections == 2
