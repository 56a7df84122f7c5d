"""The probe: one attempt, a true answer, and never an error."""

import asyncio
from datetime import timedelta

import pytest

from tests.upstream.wire import App, Line, Message, Turn, head, run_app
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.service import Ready
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.probe import HttpProber

HEALTH = Ready(path="/healthz?deep=1")


async def probe(app: App, ready: Ready = HEALTH, *, scheme: str = "http") -> bool:
    prober = HttpProber(Guard(admits_sandbox=True))
    return await prober.probe(Endpoint("task", app.host, app.port), scheme=scheme, ready=ready)


def say(status: int, *fields: str) -> Turn:
    async def answer(line: Line, _: Message) -> None:
        await line.say(head(f"HTTP/1.1 {status} So", *fields, "Content-Length: 0"))

    return answer


async def test_a_connect_is_enough_where_no_path_is_given() -> None:
    async with run_app() as app:
        assert await probe(app, Ready())
        assert app.seen == []


async def test_the_path_is_asked_for_as_it_is_written() -> None:
    async with run_app() as app:
        assert await probe(app)

    (seen,) = app.seen
    assert seen.target == "/healthz?deep=1"
    assert seen["User-Agent"] == "wakeproxy-probe"


@pytest.mark.parametrize(
    ("status", "is_ready"),
    [(200, True), (204, True), (302, True), (399, True), (404, False), (500, False), (503, False)],
)
async def test_the_status_decides(status: int, is_ready: bool) -> None:  # noqa: FBT001 - a column of the table
    async with run_app(say(status, "Location: http://127.0.0.1:1/")) as app:
        assert await probe(app) is is_ready


async def test_the_statuses_that_mean_ready_can_be_named() -> None:
    async with run_app(say(404)) as app:
        assert await probe(app, Ready(path="/", lowest=404, highest=404))


async def test_nobody_there_is_not_ready() -> None:
    async with run_app() as app:
        pass

    assert not await probe(app)
    assert not await probe(app, Ready())


async def test_what_is_no_http_is_not_ready() -> None:
    async def talk(line: Line, _: Message) -> None:
        await line.say(b"220 smtp.example ESMTP\r\n")
        line.writer.close()

    async with run_app(talk) as app:
        assert not await probe(app)
        assert not await probe(app, Ready(path="/", timeout=timedelta(milliseconds=100)), scheme="https")


async def test_silence_is_not_ready_and_is_not_waited_for() -> None:
    async def say_nothing(line: Line, _: Message) -> None:
        await line.reader.read()

    async with run_app(say_nothing) as app, asyncio.timeout(2):
        assert not await probe(app, Ready(path="/", timeout=timedelta(milliseconds=100)))


async def test_an_address_no_task_can_have_is_never_dialled() -> None:
    async with run_app(host="127.0.0.1") as app:
        assert not await probe(app)
        assert app.connections == 0


async def test_an_app_that_serves_one_connection_at_a_time_is_not_kept_busy() -> None:
    async with run_app() as app:
        assert await probe(app)

    assert app.seen[0].all("Connection") == ["close"]
