"""curl gets and puts what it would get and put without us."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import tools
from tests.clients.apps import tell
from tests.upstream.conftest import Door, open_door
from tests.upstream.wire import Line, Message, head, run_app

CONTENT = bytes(range(256)) * 12_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with run_app(tell) as app, open_door(app) as door:
        yield door


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(CONTENT)
    return path


async def curl(door: Door, target: str, *options: str | Path, said: bytes = b"") -> str:
    command = (tools.find("curl"), "--silent", "--show-error", "--max-time", "20", "--noproxy", "*")
    return await tools.run(*command, *options, f"http://127.0.0.1:{door.port}{target}", said=said)


async def told(door: Door, target: str, *options: str | Path, said: bytes = b"") -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(await curl(door, target, *options, said=said))
    return answer


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
@pytest.mark.parametrize("target", ["/a?b=c", "/chunked"])
async def test_it_gets(door: Door, version: str, target: str) -> None:
    assert (await told(door, target, version))["line"] == f"GET {target} HTTP/1.1"


async def test_it_asks_for_a_head(door: Door) -> None:
    assert (await curl(door, "/", "--head")).startswith("HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("options", [(), ("--http1.0",), ("-H", "Expect: 100-continue"), ("-H", "Expect:")], ids=str)
async def test_it_uploads_a_file(door: Door, upload: Path, options: tuple[str, ...]) -> None:
    answer = await told(door, "/", "-T", upload, *options)

    assert (answer["length"], answer["sha256"]) == (len(CONTENT), SHA256)


async def test_it_uploads_what_it_does_not_know_the_length_of(door: Door) -> None:
    assert (await told(door, "/chunked", "-T", "-", said=CONTENT))["sha256"] == SHA256


async def test_it_posts_a_form(door: Door, upload: Path) -> None:
    assert (await told(door, "/", "-F", f"file=@{upload}"))["length"] > len(CONTENT)


async def test_it_keeps_its_connection_for_several_requests(door: Door) -> None:
    urls = [f"http://127.0.0.1:{door.port}/{number}" for number in range(9)]
    counted = await curl(door, "/last", "--write-out", "\n%{num_connects}\n", *urls)

    lines = counted.splitlines()
    assert [json.loads(line)["line"].split()[1] for line in lines[::2]] == [*(f"/{each}" for each in range(9)), "/last"]
    assert sum(map(int, lines[1::2])) == 1


async def test_it_asks_for_several_at_once(door: Door) -> None:
    urls = [f"http://127.0.0.1:{door.port}/{number}" for number in range(20)]

    assert (await curl(door, "/last", "--parallel", *urls)).count('"length": 0') == 21


async def test_it_hears_a_refusal_while_it_uploads(upload: Path) -> None:
    async def refuse(line: Line, _: Message) -> None:
        await line.say(head("HTTP/1.1 413 Content Too Large", "Content-Length: 0", "Connection: close"))
        line.writer.close()

    async with run_app(refuse) as app, open_door(app) as door:
        for expect in ("Expect:", "Expect: 100-continue"):
            assert await curl(door, "/", "-T", upload, "-H", expect, "--write-out", "%{http_code}") == "413"
