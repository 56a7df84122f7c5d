"""The apps shipped as images."""

import asyncio
import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest

from tests.sandbox.clients import Aws, Fetch, Until
from wakeproxy.sandbox import Sandbox
from wakeproxy.sandbox.fargate.images import APPS, command_of, pull_error


@pytest.fixture
def start(sandbox: Sandbox, until: Until) -> Callable[..., str]:
    def run(name: str, **environment: Any) -> str:
        sandbox.create_service(name, image=f"wakeproxy/{name}", environment=environment, desired_count=1)
        ip: str = until(lambda: next((each.private_ip for each in sandbox.tasks("apps", name) if each.pid), None))
        return ip

    return run


@pytest.fixture
def hello(start: Callable[..., str], until: Until, fetch: Fetch) -> Iterator[http.client.HTTPConnection]:
    ip = start("hello", NAME="Shop")
    until(lambda: fetch(f"http://{ip}:8080/healthz"))
    connection = http.client.HTTPConnection(ip, 8080, timeout=10)
    yield connection
    connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: Any
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer, answer.read()


def test_hello_shows_what_was_asked(hello: http.client.HTTPConnection) -> None:
    answer, body = ask(hello, "GET", "/a/b?x=<1>", None, **{"X-Mine": "<b>"})
    page = body.decode()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Shop, I am awake" in page
    assert "/a/b" in page
    assert "x=&lt;1&gt;" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_hello_keeps_its_connection_through_every_method(hello: http.client.HTTPConnection) -> None:
    sock = None
    for method, path, body in [("GET", "/healthz", None), ("POST", "/", b"x" * 200_000), ("HEAD", "/", None),
                               ("PUT", "/api/echo", b"ab"), ("DELETE", "/x", None), ("PATCH", "/x", b"")]:  # fmt: skip
        answer, found = ask(hello, method, path, body)
        assert answer.status == 200
        assert (found == b"") == (method == "HEAD")
        sock = sock or hello.sock
        assert hello.sock is sock


def test_hello_echoes(hello: http.client.HTTPConnection) -> None:
    _, body = ask(hello, "POST", "/api/echo?q=1", b"hi", **{"X-A": "1"})
    seen = json.loads(body)
    assert (seen["method"], seen["path"], seen["query"], seen["body"]) == ("POST", "/api/echo", "q=1", "hi")
    assert ["X-A", "1"] in seen["headers"]
    big = os.urandom(3_000_000)
    _, body = ask(hello, "POST", "/api/echo", iter([big[:1_000_000], big[1_000_000:]]))
    seen = json.loads(body)
    assert (seen["body"], seen["bytes"], seen["sha256"]) == (None, 3_000_000, hashlib.sha256(big).hexdigest())


def test_hello_streams(hello: http.client.HTTPConnection) -> None:
    sent = os.urandom(2_000_000)
    assert ask(hello, "POST", "/api/mirror", sent)[1] == sent
    assert ask(hello, "GET", "/api/bytes?count=300000")[1] == bytes(300_000)
    assert ask(hello, "GET", "/api/drip?seconds=0.3")[1] == b"drop 0\ndrop 1\ndrop 2\n"
    assert ask(hello, "GET", "/api/sleep?seconds=0.1")[1] == b"awake again\n"


def test_hello_answers_soon_after_its_process_began(fetch: Fetch, until: Until) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "wakeproxy.sandbox.apps.hello", str(port)]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until(lambda: fetch(f"http://127.0.0.1:{port}/healthz"))
    took = time.monotonic() - began
    process.terminate()
    assert process.wait(timeout=60) == 0
    assert took < 5, "a tenth of a second on an idle machine"


def test_hello_serves_on_when_it_is_told_to_end_until_nobody_asks(
    start: Callable[..., str], until: Until, fetch: Fetch, aws: Aws
) -> None:
    ip = start("hello")
    until(lambda: fetch(f"http://{ip}:8080/healthz"))
    waiting, coming = (http.client.HTTPConnection(ip, 8080, timeout=10) for _ in range(2))
    waiting.request("GET", "/api/sleep?seconds=1.5")
    aws.scale("hello", 0)
    until(lambda: aws.tasks("hello", "STOPPED"))

    def ends(connection: http.client.HTTPConnection) -> bool:
        return ask(connection, "POST", "/api/mirror", b"x")[0].headers["Connection"] == "close"

    until(lambda: ends(coming), timeout=1)
    answer = waiting.getresponse()
    assert (answer.status, answer.read()) == (200, b"awake again\n")
    assert until(lambda: aws.stopped("hello"))[0]["containers"][0]["exitCode"] == 0


def test_slow_listens_late(start: Callable[..., str], until: Until, fetch: Fetch) -> None:
    ip = start("slow", START_SECONDS="0.5")
    began = time.monotonic()
    assert fetch(f"http://{ip}:8080/") is None
    assert b"I am awake" in until(lambda: fetch(f"http://{ip}:8080/"))
    assert time.monotonic() - began > 0.2


def test_crasher_answers_and_exits(start: Callable[..., str], until: Until, fetch: Fetch, aws: Aws) -> None:
    ip = start("crasher", LIVE_SECONDS="0.5", EXIT_CODE="9")
    until(lambda: fetch(f"http://{ip}:8080/"))
    assert until(lambda: aws.stopped("crasher"))[0]["containers"][0]["exitCode"] == 9


async def test_live_keeps_connections_open(start: Callable[..., str], until: Until, fetch: Fetch) -> None:
    ip = await asyncio.to_thread(start, "live")
    page = await asyncio.to_thread(until, lambda: fetch(f"http://{ip}:8080/"))
    assert b"EventSource" in page
    async with aiohttp.ClientSession(f"http://{ip}:8080") as session:
        async with session.ws_connect("/ws") as ws:
            await ws.send_str("hi")
            seen = [await ws.receive_json(timeout=5) for _ in range(2)]
            assert {"echo": "hi"} in seen
            assert any("time" in each for each in seen)
            await ws.send_bytes(b"\x00\x01")
            while (message := await ws.receive(timeout=5)).type is not aiohttp.WSMsgType.BINARY:
                pass
            assert message.data == b"\x00\x01"
        async with session.get("/events") as answer:
            assert answer.content_type == "text/event-stream"
            assert (await answer.content.readline()).startswith(b"data: {")


async def test_live_says_goodbye_when_it_is_told_to_end(
    start: Callable[..., str], until: Until, fetch: Fetch, aws: Aws
) -> None:
    ip = await asyncio.to_thread(start, "live")
    await asyncio.to_thread(until, lambda: fetch(f"http://{ip}:8080/healthz"))
    async with (
        aiohttp.ClientSession(f"http://{ip}:8080") as session,
        session.get("/events") as events,
        session.ws_connect("/ws") as ws,
    ):
        await asyncio.to_thread(aws.scale, "live", 0)
        async with asyncio.timeout(10):
            while (heard := await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert (heard.type, heard.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
            assert (await events.read()).startswith(b"data: {")


@pytest.mark.parametrize("name", sorted(APPS))
@pytest.mark.parametrize(
    "image", ["wakeproxy/{}", "wakeproxy/{}:v1", "1.dkr.ecr.eu-central-1.amazonaws.com/wakeproxy/{}:a"]
)
def test_an_app_is_found_in_any_registry_with_any_tag(name: str, image: str) -> None:
    container = {"image": image.format(name), "portMappings": [{"containerPort": 3000}]}
    found = command_of(container, None, pull="known")
    assert found is not None
    assert found[-2:] == [f"wakeproxy.sandbox.apps.{name}", "3000"]


def test_a_command_goes_before_the_image() -> None:
    container = {"image": "wakeproxy/hello", "entryPoint": ["a"], "command": ["b"]}
    assert command_of(container, None, pull="known") == ["a", "b"]
    assert command_of(container, ["c"], pull="known") == ["a", "c"]
    assert command_of({"image": "wakeproxy/none"}, None, pull="known") is None
    found = command_of({"image": "none"}, None, pull="any")
    assert found is not None
    assert found[-2:] == ["wakeproxy.sandbox.apps.echo", "8080"]


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("me/app:1", "docker.io/me/app:1"),
        ("r.example/a:1", "r.example/a:1"),
    ],
)
def test_a_missing_image_is_named_in_full(image: str, reference: str) -> None:
    assert pull_error(image).endswith(f"failed to resolve ref {reference}: {reference}: not found")
