"""A request reaches the app as it was sent: method, target, fields, body."""

import asyncio
import hashlib
import re

import pytest

from tests.upstream.conftest import open_door, until
from tests.upstream.wire import PATIENCE, Line, Message, ask, dial, head, read_body, run_app
from wakeproxy.front.trust import Networks

ODD_TARGETS = [
    "/",
    "/?",
    "/x?",
    "/x?a=b?c=d",
    "//x",
    "//evil.example/x",
    "/a//b/",
    "/%2F/%2e%2e/x",
    "/a/../b/./c",
    "/a;b=c;d",
    "/a%00b",
    "/a\\b",
    "/%C3%A9?%E9",
    "/?a=%zz&b=[x]|{y}",
    "/?x=\"<>'`^",
    "/a+b?c+d=%2B",
    "/a:80@b",
    "/" + "x" * 8000,
]


async def relay(request: bytes, *, trusted: Networks = ()) -> Message:
    """Send a request through the relay; what the app saw of it."""
    async with run_app() as app, open_door(app, trusted=trusted) as door:
        answer = await ask(door.port, request)
        assert answer.status == 200, answer
    (seen,) = app.seen
    return seen


@pytest.mark.parametrize("target", ODD_TARGETS, ids=lambda target: target[:20])
async def test_the_target_passes_byte_for_byte(target: str) -> None:
    assert (await relay(head(f"GET {target} HTTP/1.1"))).target == target


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE"])
async def test_the_method_passes(method: str) -> None:
    assert (await relay(head(f"{method} /x HTTP/1.1"))).first_line == f"{method} /x HTTP/1.1"


async def test_fields_pass_in_their_order_and_spelling_and_repeated() -> None:
    own = ["X-First: 1", "accept: */*", "COOKIE: a=1", "x-many: 1", "x-many: 2", "User-Agent:  me ", "X-Empty:"]

    seen = await relay(head("GET / HTTP/1.1", "host: APP.localhost:80", *own))

    assert seen.fields[: len(own) + 1] == [
        ("host", "APP.localhost:80"),
        ("X-First", "1"),
        ("accept", "*/*"),
        ("COOKIE", "a=1"),
        ("x-many", "1"),
        ("x-many", "2"),
        ("User-Agent", "me"),
        ("X-Empty", ""),
    ]


async def test_a_field_repeated_in_another_spelling_is_not_lost() -> None:
    seen = await relay(head("GET / HTTP/1.1", "Cookie: a=1", "cookie: b=2"))

    assert seen.all("cookie") == ["a=1", "b=2"]


async def test_a_value_that_is_not_ascii_is_not_lost() -> None:
    seen = await relay(head("GET / HTTP/1.1", "X-Utf: caf\xc3\xa9", "X-Latin: caf\xe9"))

    assert seen["X-Utf"] == "caf\xc3\xa9"
    assert seen["X-Latin"] == "caf\xe9"


async def test_nothing_is_made_up() -> None:
    seen = await relay(head("GET / HTTP/1.1"))

    assert {name.lower() for name, _ in seen.fields} == {
        "host",
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-request-id",
    }


async def test_hop_by_hop_fields_and_what_connection_names_end_here() -> None:
    hop_by_hop = ["TE: trailers", "Keep-Alive: 5", "Proxy-Authorization: Basic x", "Proxy-Connection: x", "X-Gone: 1"]

    seen = await relay(head("GET / HTTP/1.1", "Connection: keep-alive, X-Gone", *hop_by_hop, "X-Kept: 1"))

    assert seen["X-Kept"] == "1"
    for field in ("Connection", *(one.split(":")[0] for one in hop_by_hop)):
        assert field not in seen, field


async def test_a_strangers_word_on_where_he_comes_from_is_dropped() -> None:
    lies = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil.example", "Forwarded: for=1.2.3.4"]

    seen = await relay(head("GET / HTTP/1.1", *lies, "Via: 1.0 before"))

    assert seen.all("X-Forwarded-For") == ["127.0.0.1"]
    assert seen.all("X-Forwarded-Host") == ["app.localhost"]
    assert seen.all("Forwarded") == ['for=127.0.0.1;host="app.localhost";proto=http']
    before, ours = seen.all("Via")
    assert before == "1.0 before"
    assert re.fullmatch("1\\.1 wakeproxy-[0-9a-f]{8}", ours)


async def test_a_trusted_proxys_word_passes_with_the_proxy_added(trust_loopback: Networks) -> None:
    told = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443", "Forwarded: for=1.2.3.4"]

    seen = await relay(head("GET / HTTP/1.1", *told), trusted=trust_loopback)

    assert seen.all("X-Forwarded-For") == ["1.2.3.4, 127.0.0.1"]
    assert (seen["X-Forwarded-Proto"], seen["X-Forwarded-Port"]) == ("https", "443")
    assert seen["Forwarded"].startswith("for=1.2.3.4, for=127.0.0.1;")


async def digest_body(line: Line, message: Message) -> None:
    """Answer with the digest of the body."""
    digest = hashlib.sha256(await read_body(line.reader, message)).hexdigest().encode()
    await line.say(head("HTTP/1.1 200 OK", f"Content-Length: {len(digest)}", body=digest))


BODY = bytes(range(256)) * 4000


async def test_a_body_of_known_length_arrives_whole() -> None:
    async with run_app(digest_body) as app, open_door(app) as door:
        answer = await ask(door.port, head("POST / HTTP/1.1", f"Content-Length: {len(BODY)}", body=BODY))

    assert answer.body.decode() == hashlib.sha256(BODY).hexdigest()
    assert app.seen[0]["Content-Length"] == str(len(BODY))
    assert "Transfer-Encoding" not in app.seen[0]


async def test_a_chunked_body_arrives_whole_and_chunked() -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (BODY[:1], BODY[1:70_000], BODY[70_000:]))

    async with run_app(digest_body) as app, open_door(app) as door:
        answer = await ask(
            door.port, head("PUT / HTTP/1.1", "Transfer-Encoding: chunked", body=chunks + b"0\r\nX-Trailer: 1\r\n\r\n")
        )

    assert answer.body.decode() == hashlib.sha256(BODY).hexdigest()
    assert app.seen[0]["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in app.seen[0]


async def test_a_compressed_body_stays_compressed() -> None:
    packed = b"\x1f\x8b not even gzip"

    async with run_app(digest_body) as app, open_door(app) as door:
        answer = await ask(
            door.port, head("POST / HTTP/1.1", "Content-Encoding: gzip", f"Content-Length: {len(packed)}", body=packed)
        )

    assert answer.body.decode() == hashlib.sha256(packed).hexdigest()
    assert app.seen[0]["Content-Encoding"] == "gzip"


async def test_the_head_does_not_wait_for_the_body() -> None:
    async with run_app(digest_body) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(head("POST / HTTP/1.1", "Content-Length: 5"))
        await until(lambda: app.seen)
        await line.say(b"hello")
        assert (await line.hear()).status == 200


async def test_go_on_is_said_once_the_app_is_there_and_asks_for_the_body() -> None:
    request = head("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 5")

    async with run_app(digest_body) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(request)
        assert (await line.hear()).first_line == "HTTP/1.1 100 Continue", "said by us: the app ignores expectations"
        await line.say(b"hello")
        answer = await line.hear()

    assert answer.body.decode() == hashlib.sha256(b"hello").hexdigest()
    assert app.seen[0]["Expect"] == "100-continue"


async def test_go_on_is_the_apps_to_say_and_is_said_once() -> None:
    async def say_go_on(line: Line, message: Message) -> None:
        await line.say(head("HTTP/1.1 100 Continue"), head("HTTP/1.1 100 Continue"))
        await digest_body(line, message)

    request = head("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 5")
    async with run_app(say_go_on) as app, open_door(app) as door, dial(door.port) as line:
        await line.say(request)
        assert (await line.hear()).status == 100
        await line.say(b"hello")
        assert (await line.hear()).status == 200


async def test_an_app_that_declines_before_the_body_is_heard_at_once() -> None:
    async def decline(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 417 Expectation Failed", "Content-Length: 0"))

    request = head("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 5")
    async with run_app(decline) as app, open_door(app) as door:
        assert (await ask(door.port, request)).status == 417


async def test_go_on_is_not_said_while_there_is_no_app() -> None:
    request = head("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 5")

    async with run_app() as app:
        pass
    async with open_door(app) as door:
        answer = await ask(door.port, request)

    assert answer.status == 502
    assert answer["Connection"] == "close", "the body that was never sent is not the next request"


async def test_a_body_cut_short_by_its_sender_is_cut_short_for_the_app() -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def read_on(line: Line, message: Message) -> None:
        try:
            await read_body(line.reader, message)
        except (asyncio.IncompleteReadError, ConnectionError):
            heard.put_nowait("cut short")
        else:
            heard.put_nowait("whole")

    async with run_app(read_on) as app, open_door(app) as door:
        async with dial(door.port) as line:
            await line.say(head("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n"))
            await until(lambda: app.seen)
        async with asyncio.timeout(PATIENCE):
            assert await heard.get() == "cut short"


async def test_no_cookie_of_one_visitor_reaches_another() -> None:
    async def set_cookie(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 200 OK", "Set-Cookie: session=secret; Path=/", "Content-Length: 0"))

    async with run_app(set_cookie) as app, open_door(app) as door:
        for _ in range(3):
            answer = await ask(door.port, head("GET / HTTP/1.1"))
            assert answer["Set-Cookie"] == "session=secret; Path=/"

    assert not any("Cookie" in seen for seen in app.seen)


@pytest.mark.parametrize("pieces", [(b"\r\n",), (b"\r\n\r\n",), (b"\r\n", b"\r\n\r\n"), (b"\r", b"\n\r", b"\n")])
async def test_empty_lines_before_a_request_are_passed_over(pieces: tuple[bytes, ...]) -> None:
    async with run_app() as app, open_door(app) as door, dial(door.port) as line:
        for piece in pieces:
            await line.say(piece)
            await asyncio.sleep(0.01)
        for _ in range(2):
            await line.say(head("GET / HTTP/1.1") + b"\r\n")
            assert (await line.hear()).body == b"ok"
