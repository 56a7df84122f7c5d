"""``wakeproxy status --watch``: every change as it comes, to programs, to readers of lines, and to people."""

import asyncio
import json
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.cli.running import run
from tests.world import World

PATIENCE = 100.0
"""Seconds for a whole test: each starts several processes, and a busy machine takes its time for each."""
ENVIRONMENT = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "200", "LINES": "40"}


@asynccontextmanager
async def watching(config: Path, *arguments: str, **options: Any) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "wakeproxy", "status", *arguments, "--watch", "-c", str(config))
    streams = {"stdout": PIPE, "stderr": PIPE, **options}
    process = await asyncio.create_subprocess_exec(*command, env=ENVIRONMENT, **streams)
    try:
        async with asyncio.timeout(PATIENCE):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def read_line(process: Process) -> str:
    assert process.stdout
    return (await process.stdout.readline()).decode()


async def end(process: Process, sign: signal.Signals) -> tuple[int, str]:
    """Tell it to stop; its exit status, and what it said of it."""
    process.send_signal(sign)
    assert process.stderr
    said = (await process.stderr.read()).decode()
    return await process.wait(), said


async def test_programs_get_a_document_a_line_for_each_service_and_each_change(world: World) -> None:
    for name in ("shop", "blog"):
        await world.create(name)
    config = world.configure({"shop": {"ready": {"path": "/healthz"}}, "blog": {}})

    async with watching(config, "--json") as process:
        first = [json.loads(await read_line(process)) for _ in range(2)]
        await run("wake", "shop", "-c", str(config))
        told: list[dict[str, Any]] = []
        while not told or told[-1]["phase"] != "AWAKE":
            told.append(json.loads(await read_line(process)))
        status, said = await end(process, signal.SIGINT)

    assert {(one["service"], one["phase"]) for one in first} == {("shop", "ASLEEP"), ("blog", "ASLEEP")}
    assert {one["service"] for one in told} == {"shop"}
    assert told[-1]["endpoints"]
    assert told[-1]["sleeps_in_seconds"] > 0
    assert all("at" in one for one in told)
    assert (status, said) == (0, "")


async def test_readers_of_lines_get_one_for_each_change_and_none_for_what_only_moves(world: World) -> None:
    await world.create("shop")
    config = world.configure({"shop": {"ready": {"path": "/healthz"}}})

    async with watching(config, "shop") as process:
        assert "shop  ASLEEP  0/0" in await read_line(process)
        await run("wake", "shop", "-c", str(config))
        while "AWAKE" not in (line := await read_line(process)):
            assert "shop  WAKING" in line
        seen = (await world.calls())["DescribeServices"]
        while (await world.calls())["DescribeServices"] < seen + 2:
            await asyncio.sleep(0.05)
        status, said = await end(process, signal.SIGTERM)
        assert process.stdout
        rest = await process.stdout.read()

    assert "1/1" in line
    assert rest == b""
    assert (status, said) == (0, "")


async def test_people_see_a_table_in_place_and_get_their_terminal_back(world: World) -> None:
    await world.create("shop", desired_count=1)
    config = world.configure({"shop": {"ready": {"path": "/healthz"}}})
    ours, theirs = pty.openpty()

    async with watching(config, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = await read_until(ours, (b"AWAKE", b"in 1"))
        process.send_signal(signal.SIGINT)
        seen += await read_until(ours, ())
        status = await process.wait()
    os.close(ours)

    text = seen.decode()
    assert "SERVICE" in text
    assert "Traceback" not in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is shown again
    assert status == 0


async def read_until(terminal: int, words: Sequence[bytes]) -> bytes:
    """Read what a terminal shows until it has shown all words, or to its end."""
    seen = b""
    while not words or not all(word in seen for word in words):
        try:
            seen += await asyncio.to_thread(os.read, terminal, 65_536)
        except OSError:  # nobody has the other end any more
            break
    return seen


async def test_watching_asks_aws_seldom_while_nothing_wakes(world: World) -> None:
    await world.create("shop")
    watch = {"waking": "100ms", "awake": "30s", "asleep": "30s"}

    async with watching(world.configure({"shop": {}}, watch=watch)) as process:
        await read_line(process)
        before = (await world.calls())["DescribeServices"]
        await asyncio.sleep(2)  # twenty times as long as between looks at what wakes
        after = (await world.calls())["DescribeServices"]

    assert (before, after) == (1, 1)


async def test_an_aws_that_fails_for_a_while_ends_nothing(world: World) -> None:
    await world.create("shop")

    async with watching(world.configure({"shop": {}}, watch={"asleep": "1s"})) as process:
        await read_line(process)
        fault = {"kind": "error", "operation": "ecs:DescribeServices", "code": "ServerException", "times": 20}
        await world.control("POST", "faults", [fault])
        assert process.stderr
        assert b"as it was last seen" in await process.stderr.readline()
        await world.control("DELETE", "faults")
        await world.scale("shop", 1)
        assert (await read_line(process)).split()[1:3] in (["shop", "WAKING"], ["shop", "AWAKE"])


async def test_an_aws_that_refuses_leaves_with_5(world: World) -> None:
    await world.create("shop")
    fault = {"operation": "ecs:DescribeServices", "kind": "error", "code": "AccessDeniedException", "times": None}
    await world.control("POST", "faults", [fault])

    told = await run("status", "--watch", "--json", "-c", str(world.configure({"shop": {}})))

    assert (told.status, told.out) == (5, "")
    assert "AWS does not allow" in told.err


async def test_an_unknown_service_is_not_watched(world: World) -> None:
    told = await run("status", "shpo", "--watch", "-c", str(world.configure({"shop": {}})))

    assert told.status == 4
