"""The corpus of attacks, over real connections: what is refused reaches no app, and what passes is one request."""

import asyncio

import pytest

from tests.upstream.conftest import open_door
from tests.upstream.wire import Line, Message, ask, dial, head, read_body, run_app
from tests.wire import kept
from tests.wire.ours import MOST_FIELDS, read_our_answer, read_ours
from wakeproxy.core.limits import Limits

LIMITS = Limits(head_bytes=16_384, head_fields=MOST_FIELDS)
PASSED = [path for path in kept.REQUESTS if kept.expected(path) == 200]
REFUSED = [path for path in kept.REQUESTS if kept.expected(path) != 200 and "empty-line" not in path.name]


@pytest.mark.parametrize("step", [100_000, 3])
async def test_what_is_refused_gets_its_answer_and_is_the_last_of_its_connection(step: int) -> None:
    """A body that turns out to be none was on its way already; then the app gets no whole request."""
    whole: list[str] = []

    async def take(line: Line, message: Message) -> None:
        await read_body(line.reader, message)
        whole.append(message.first_line)

    async with run_app(take) as app, open_door(app, limits=LIMITS, head=0.2) as door:
        for path in REFUSED:
            expected = {kept.expected(path), 408}  # 408: what never becomes a head, and is judged by its time
            async with dial(door.port) as line:
                await say(line, path.read_bytes(), step)
                answer = await line.hear()
                assert answer.status in expected, path.name
                assert await line.ends() == b"", path.name
        assert whole == []


@pytest.mark.parametrize("step", [100_000, 3])
async def test_what_passes_reaches_the_app_as_we_read_it(step: int) -> None:
    got: list[tuple[str, bytes]] = []

    async def take(line: Line, message: Message) -> None:
        got.append((message.first_line, await read_body(line.reader, message)))
        await line.say(head("HTTP/1.1 200 OK", "Content-Length: 0", "Connection: close"))

    async with run_app(take) as app, open_door(app, limits=LIMITS) as door:
        for path in PASSED:
            ours = read_ours(path.read_bytes())
            assert ours.request is not None
            got.clear()
            async with dial(door.port) as line:
                await say(line, ours.message, step)
                assert await final(line) == 200, path.name
            first_line = f"{ours.request.method.decode()} {ours.request.target.decode()} HTTP/1.1"
            assert got == [(first_line, ours.content)], path.name


ANSWERS = [(path.read_bytes(), kept.expected(path)) for path in kept.ANSWERS]


@pytest.mark.parametrize(("said", "verdict"), ANSWERS, ids=[kept.name(path) for path in kept.ANSWERS])
async def test_an_answer_is_passed_on_or_not_as_its_verdict_says(said: bytes, verdict: int) -> None:
    async def say_and_close(line: Line, _: Message) -> None:
        await line.say(said)
        line.writer.close()

    async with run_app(say_and_close) as app, open_door(app, limits=LIMITS) as door:
        answer = await ask(door.port, head("GET / HTTP/1.1"))

    if verdict == 200:
        assert answer.body == read_our_answer(said).content
    else:
        assert (answer.status, answer.is_whole) == (502, True)


async def say(line: Line, data: bytes, step: int) -> None:
    for at in range(0, len(data), step):
        line.writer.write(data[at : at + step])
        if at % 64 < step:
            await asyncio.sleep(0)


async def final(line: Line) -> int:
    while (status := (await line.hear()).status) < 200:
        pass
    return status
