"""The access log: every request has its line, and no request ever waits for it."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.front.conftest import BROWSER, PATIENCE, PROGRAM, Site, make_service, open_site
from tests.front.test_log_lines import make_entry
from wakeproxy.bootstrap import now
from wakeproxy.errors import ConfigError
from wakeproxy.front.access_log import AccessLog
from wakeproxy.front.log_lines import write_json
from wakeproxy.front.log_opening import keep_access_log
from wakeproxy.front.log_writer import Writer
from wakeproxy.sandbox import Sandbox
from wakeproxy.settings.values import AccessLogSettings, LogFormat


@asynccontextmanager
async def keep(path: Path, form: LogFormat = LogFormat.JSON) -> AsyncIterator[AccessLog]:
    async with keep_access_log(AccessLogSettings(form, path), trusted=(), clock=now) as log:
        assert log
        yield log


async def read_lines(path: Path, count: int) -> list[dict[str, Any]]:
    """Wait for so many lines."""
    async with asyncio.timeout(PATIENCE):
        while len(lines := said_in(path)) < count:
            await asyncio.sleep(0.01)
    return [json.loads(line) for line in lines]


def said_in(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


@pytest.fixture
async def site(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Site]:
    sandbox.create_service("shop")
    log = AccessLogSettings(LogFormat.JSON, tmp_path / "access.log")
    async with open_site(sandbox, make_service("shop"), access_log=log) as site:
        yield site


async def test_every_answer_has_its_line(site: Site, tmp_path: Path) -> None:
    page = await site.ask("shop", "/a/page", *BROWSER)
    echo = await site.ask("shop", "/api/echo?x=1", *PROGRAM)
    unknown = await site.ask("other", "/", *PROGRAM)

    first, second, third = await read_lines(tmp_path / "access.log", 3)

    assert (first["answer"], first["status"], first["bytes"]) == ("wait_page", 503, len(page.body))
    assert (first["client"], first["path"], first["host"]) == ("127.0.0.1", "/a/page", "shop.test")
    assert (second["answer"], second["status"], second["bytes"]) == ("proxy", 200, len(echo.body))
    assert (second["held"], second["path"], second["user_agent"]) == (True, "/api/echo?x=1", "a-program/1.0")
    assert second["seconds"] > 0
    assert second["upstream"].startswith("127.")
    assert dict(json.loads(echo.body)["headers"])["X-Request-Id"] == second["request_id"]
    assert (third["answer"], third["status"]) == ("refused", 404)
    assert unknown["Wakeproxy-Request-Id"] == third["request_id"]


async def test_an_error_of_ours_tells_the_id_by_which_the_log_finds_it(site: Site, tmp_path: Path) -> None:
    answer = await site.ask("other", "/", *PROGRAM, "X-Request-Id: my-own")
    page = await site.ask("shop", "/", *BROWSER)
    async with site.dial() as line:
        await line.say(b"NO SENSE\r\n\r\n")
        refused = await line.hear()

    lines = await read_lines(tmp_path / "access.log", 3)

    assert answer["Wakeproxy-Request-Id"] == json.loads(answer.body)["request_id"] == "my-own"
    assert refused["Wakeproxy-Request-Id"] == json.loads(refused.body)["request_id"]
    assert [lines[0]["request_id"], lines[2]["request_id"]] == [
        each["Wakeproxy-Request-Id"] for each in (answer, refused)
    ]
    assert "Wakeproxy-Request-Id" not in page, "a wait page is no error"
    assert (lines[2]["status"], lines[2]["answer"]) == (400, "refused")


async def test_what_an_app_answers_stays_untouched(site: Site) -> None:
    await site.wake("shop")

    assert "Wakeproxy-Request-Id" not in await site.ask("shop", "/api/status?code=500", *PROGRAM)


async def test_a_visitor_who_leaves_has_his_line(site: Site, tmp_path: Path) -> None:
    await site.wake("shop")
    async with site.dial() as line:
        await line.say(site.request("shop", "/api/drip?seconds=5"))
        await line.reader.readuntil(b"drop 1")

    told = (await read_lines(tmp_path / "access.log", 2))[-1]

    assert (told["status"], told["whole"]) == (200, False)
    assert told["bytes"] > 0


async def test_a_file_that_was_renamed_is_left_when_told(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    async with keep(path) as log:
        log.write(make_entry())
        await read_lines(path, 1)
        path.rename(tmp_path / "access.log.1")
        log.reopen()
        log.write(make_entry())
        await read_lines(path, 1)

    assert len(said_in(tmp_path / "access.log.1")) == 1
    assert path.stat().st_mode & 0o777 == 0o640


async def test_a_file_that_cannot_be_opened_anew_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    async with keep(folder / "access.log") as log:
        folder.rename(tmp_path / "moved")
        log.reopen()
        log.write(make_entry())
        await read_lines(tmp_path / "moved/access.log", 1)

    assert "goes on in the old file" in caplog.text


async def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    async with keep(tmp_path / "access.log") as log:
        for _ in range(5000):
            log.write(make_entry())

    assert len(said_in(tmp_path / "access.log")) == 5000


async def test_a_file_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"access_log.to: .* cannot be opened: Is a directory; .* or say stdout"):
        async with keep(tmp_path):
            pass


async def test_a_disk_that_is_full_is_told_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    async with keep(Path("/dev/full")) as log:
        for _ in range(3):
            log.write(make_entry())
            await asyncio.sleep(0.1)

    assert log.dropped == 3
    assert caplog.text.count("cannot be written") == 1


@asynccontextmanager
async def keep_in_pipe() -> AsyncIterator[tuple[AccessLog, int]]:
    """Keep a log in a pipe that nobody reads unless the test does."""
    reader, writer = os.pipe()
    log = AccessLog(write_json, Writer(writer, None), trusted=(), clock=now, uptime=asyncio.get_running_loop().time)
    log.start()
    try:
        yield log, reader
    finally:
        os.close(reader)
        await log.stop()


async def test_beyond_its_bounds_the_newest_are_dropped_and_said_so_once(caplog: pytest.LogCaptureFixture) -> None:
    entry = make_entry()
    async with keep_in_pipe() as (log, _):
        for _ in range(100_250):
            log.write(entry)

        assert log.dropped == 250
        assert caplog.text.count("lines are dropped") == 1


async def test_a_reader_who_reads_no_more_costs_lines_and_not_memory(caplog: pytest.LogCaptureFixture) -> None:
    entry = make_entry(*(f"Referer: {'x' * 8000}" for _ in range(8)))
    async with keep_in_pipe() as (log, _):
        async with asyncio.timeout(PATIENCE):
            while not log.dropped:
                for _ in range(100):
                    log.write(entry)
                await asyncio.sleep(0.06)
        assert caplog.text.count("lines are dropped") == 1


async def test_a_pipe_gets_whole_lines_in_one_write() -> None:
    reader, writer = os.pipe()
    logs = [Writer(os.dup(writer), None) for _ in range(2)]
    os.close(writer)
    lines = [letter * 1000 + b"\n" for letter in (b"a", b"b")]
    for _ in range(20):
        for log, line in zip(logs, lines, strict=True):
            log.write(line * 10)
    for log in logs:
        log.close(lambda: None)

    with os.fdopen(reader, "rb") as pipe:
        said = await asyncio.to_thread(pipe.read)

    assert set(said.splitlines(keepends=True)) == set(lines)


async def test_no_line_is_made_before_a_request_is_done_with(tmp_path: Path) -> None:
    path, entry, made = tmp_path / "access.log", make_entry(), list[str]()

    def form(*values: Any) -> str:
        made.append(write_json(*values))
        return made[-1]

    log = AccessLog(form, Writer.open(path), trusted=(), clock=now, uptime=asyncio.get_running_loop().time)
    log.start()
    for _ in range(1000):
        log.write(entry)
    assert not made

    await log.stop()
    assert "".join(made).encode().splitlines() == said_in(path)
    assert len(made) == 1000


async def test_no_batch_of_lines_holds_the_loop_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entry = make_entry("User-Agent: Mozilla/5.0", "Referer: https://elsewhere.example/")
    loop = asyncio.get_running_loop()
    pauses: list[float] = []
    async with keep(tmp_path / "access.log") as log:
        for _ in range(3000):
            log.write(entry)
        until = loop.time() + timedelta(milliseconds=300).total_seconds()
        while (before := loop.time()) < until:
            await asyncio.sleep(0)
            pauses.append(loop.time() - before)

    pauses.sort()
    assert pauses[int(len(pauses) * 0.99)] < 0.005
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
