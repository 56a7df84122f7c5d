"""An answer reaches the visitor as the app gave it: status, fields, body; nothing followed, unpacked or made up."""

import asyncio

import pytest

from tests.upstream.conftest import open_door
from tests.upstream.wire import OK, Line, Message, Turn, ask, dial, head, run_app


def say(*pieces: bytes) -> Turn:
    """An app that says these bytes, each in a write of its own."""

    async def answer(line: Line, _: Message) -> None:
        await line.say(*pieces)

    return answer


def say_and_close(*pieces: bytes) -> Turn:
    """The same, and then ends the connection."""

    async def answer(line: Line, _: Message) -> None:
        await line.say(*pieces)
        line.writer.close()

    return answer


async def relay(answer: Turn, request: bytes | None = None) -> Message:
    async with run_app(answer) as app, open_door(app) as door:
        return await ask(door.port, request or head("GET / HTTP/1.1"))


async def test_status_reason_and_fields_pass_in_their_order_and_spelling() -> None:
    fields = ["X-First: 1", "content-length: 2", "Set-Cookie: a=1", "SET-COOKIE: b=2", "Server: app/1", "Date: today"]

    answer = await relay(say(head("HTTP/1.1 299 Fine By Me", *fields, body=b"ok")))

    assert answer.first_line == "HTTP/1.1 299 Fine By Me"
    assert [f"{name}: {value}" for name, value in answer.fields] == fields
    assert answer.body == b"ok"


async def test_nothing_is_made_up() -> None:
    answer = await relay(say(head("HTTP/1.1 200 OK", "Content-Length: 2", body=b"ok")))

    assert answer.fields == [("Content-Length", "2")]


async def test_hop_by_hop_fields_and_what_connection_names_end_here() -> None:
    answer = await relay(
        say(head("HTTP/1.1 200 OK", "Connection: X-Gone", "X-Gone: 1", "Keep-Alive: 3", "Content-Length: 0"))
    )

    assert answer.fields == [("Content-Length", "0")]


async def test_a_value_that_is_not_ascii_is_not_lost() -> None:
    answer = await relay(say(head("HTTP/1.1 200 OK", "X-Utf: \xc3\xa9", "X-Latin: \xe9", "Content-Length: 0")))

    assert (answer["X-Utf"], answer["X-Latin"]) == ("\xc3\xa9", "\xe9")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_the_visitors_to_follow(status: int) -> None:
    answer = await relay(say(head(f"HTTP/1.1 {status} Moved", "Location: /elsewhere", "Content-Length: 0")))

    assert (answer.status, answer["Location"]) == (status, "/elsewhere")


async def test_the_length_in_an_answer_to_head_is_kept() -> None:
    answer = await relay(say(head("HTTP/1.1 200 OK", "Content-Length: 1234")), head("HEAD / HTTP/1.1"))

    assert answer["Content-Length"] == "1234"


@pytest.mark.parametrize("first_line", ["HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified"])
async def test_an_answer_without_a_body_has_none_and_the_connection_goes_on(first_line: str) -> None:
    async with (
        run_app(say(head(first_line, 'ETag: "x"'))) as app,
        open_door(app) as door,
        dial(door.port) as line,
    ):
        for _ in range(2):
            await line.say(head("GET / HTTP/1.1"))
            answer = await line.hear()
            assert answer.first_line == first_line
            assert answer.fields == [("ETag", '"x"')]


async def test_a_chunked_answer_arrives_whole() -> None:
    chunks = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"

    answer = await relay(say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"), chunks))

    assert answer.body == b"hello world"
    assert answer.all("Transfer-Encoding") == ["chunked"]


async def test_an_answer_that_ends_with_its_connection_arrives_whole() -> None:
    answer = await relay(say_and_close(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n", b"old but whole"))

    assert answer.body == b"old but whole"
    assert answer.is_whole


async def test_a_compressed_answer_stays_compressed() -> None:
    answer = await relay(
        say(head("HTTP/1.1 200 OK", "Content-Encoding: gzip", "Content-Length: 4", body=b"\x1f\x8b!!"))
    )

    assert (answer["Content-Encoding"], answer.body) == ("gzip", b"\x1f\x8b!!")


async def test_an_old_client_gets_an_answer_that_ends_with_its_connection() -> None:
    async with (
        run_app(say(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"), b"2\r\nok\r\n0\r\n\r\n")) as app,
        open_door(app) as door,
        dial(door.port) as line,
    ):
        await line.say(head("GET / HTTP/1.0"))
        said = await line.ends()

    assert b"chunked" not in said
    assert said.endswith(b"\r\n\r\nok")


async def test_interim_answers_pass_before_the_answer() -> None:
    hints = head("HTTP/1.1 103 Early Hints", "Link: </x>")

    async with run_app(say(hints, hints + OK)) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("GET / HTTP/1.1"))
        heard = [await line.hear() for _ in range(3)]

    assert [answer.status for answer in heard] == [103, 103, 200]
    assert heard[0].fields == [("Link", "</x>")]


async def test_an_old_client_hears_of_no_interim_answer() -> None:
    answer = await relay(say(head("HTTP/1.1 103 Early Hints", "Link: </x>") + OK), head("GET / HTTP/1.0"))

    assert answer.status == 200


async def test_what_the_front_adds_comes_last() -> None:
    async with run_app() as app, open_door(app) as door:
        door.straight.added = (("Wakeproxy-Cold-Start", "1.5"),)
        answer = await ask(door.port, head("GET / HTTP/1.1"))

    assert answer.fields == [("Content-Length", "2"), ("Wakeproxy-Cold-Start", "1.5")]


async def test_events_arrive_one_by_one_as_they_happen() -> None:
    heard = asyncio.Event()

    async def tell(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"))
        for number in range(3):
            heard.clear()
            await line.say(b"9\r\ndata: %d\n\n\r\n" % number)
            await heard.wait()

    async with run_app(tell) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("GET /events HTTP/1.1", "Accept: text/event-stream"))
        async with asyncio.timeout(5):
            await line.reader.readuntil(b"\r\n\r\n")
            for number in range(3):
                assert await line.reader.readuntil(b"\n\n\r\n") == b"9\r\ndata: %d\n\n\r\n" % number
                heard.set()


async def test_an_answer_given_before_the_body_was_taken_is_heard() -> None:
    refusal = head("HTTP/1.1 413 Too Large", "Content-Length: 2", "Connection: close", body=b"no")

    async with run_app(say_and_close(refusal)) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", "Content-Length: 20000000"))
        upload = asyncio.create_task(line.say(*[bytes(100_000)] * 200))
        answer = await line.hear()
        upload.cancel()
        await asyncio.gather(upload, return_exceptions=True)

    assert (answer.status, answer.body) == (413, b"no")
