"""A supervisor over programs that do nothing but take their post."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wakeproxy.crew.post import OWNER, Lifeline, Post
from wakeproxy.crew.supervisor import Supervisor, WorkerFailedError
from wakeproxy.errors import UsageError, WakeproxyError

PATIENCE = 60.0
PROGRAM = """
import asyncio, os, signal, sys
from wakeproxy.crew.post import Heritage, Lifeline, Ready

async def main():
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    line = await Lifeline.take()
    post, path = line.post, line.post.work
    def write(word):
        with open(path, "a") as file:
            file.write(f"{post.index} {word} {os.getpid()}\\n")
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, write, "hangup")
    BODY
    await told.wait()

asyncio.run(main())
"""
SERVE = "write('again' if post.is_again else 'first'); line.tell(Ready(1, 2))"


def a_supervisor(folder: Path, body: str, workers: int = 2) -> Supervisor:
    posts = [Post(index, workers, folder / "owner", folder / "said") for index in range(workers)]
    return Supervisor((sys.executable, "-c", PROGRAM.replace("BODY", body)), posts)


def said(folder: Path) -> list[list[str]]:
    path = folder / "said"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def test_everybody_is_started_and_stopped(tmp_path: Path) -> None:
    crew = a_supervisor(tmp_path, SERVE, workers=3)
    ready = await crew.start()
    await crew.stop(within=PATIENCE)

    assert (ready.visitors, ready.admin) == (1, 2)
    assert sorted(line[:2] for line in said(tmp_path)) == [["0", "first"], ["1", "first"], ["2", "first"]]


async def test_who_dies_is_replaced_and_the_next_knows(tmp_path: Path) -> None:
    crew = a_supervisor(tmp_path, SERVE)
    await crew.start()
    pid = next(int(pid) for index, _, pid in said(tmp_path) if index == "1")
    os.kill(pid, signal.SIGKILL)
    await until(lambda: any(line[:2] == ["1", "again"] for line in said(tmp_path)))
    await crew.stop(within=PATIENCE)

    assert len(said(tmp_path)) == 3


async def test_an_owner_that_cannot_begin_ends_it_all_with_its_own_status(tmp_path: Path) -> None:
    crew = a_supervisor(tmp_path, "sys.exit(5) if post.index == 0 else " + SERVE.replace("; ", " or "))
    with pytest.raises(WorkerFailedError) as caught:
        await crew.start()
    await crew.stop(within=PATIENCE)

    assert caught.value.exit_status == 5


async def test_a_follower_that_cannot_begin_is_tried_again(tmp_path: Path) -> None:
    crew = a_supervisor(tmp_path, f"sys.exit(1) if post.index and not post.is_again else None; {SERVE}")
    await crew.start()
    await until(lambda: any(line[:2] == ["1", "again"] for line in said(tmp_path)))
    await crew.stop(within=PATIENCE)


async def test_who_does_not_end_in_time_is_killed_and_that_is_said(tmp_path: Path) -> None:
    stubborn = f"signal.signal(signal.SIGTERM, signal.SIG_IGN) if post.index == {OWNER} else None; {SERVE}"
    crew = a_supervisor(tmp_path, stubborn)
    await crew.start()
    with pytest.raises(WakeproxyError, match="Worker 0 did not end in time and was killed"):
        await crew.stop(within=1.0)


async def test_a_program_that_is_not_there_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    crew = Supervisor((str(tmp_path / "nothing"),), [Post(OWNER, 1, tmp_path / "owner", None)])
    with pytest.raises(WorkerFailedError):
        await crew.start()
    await crew.stop(within=PATIENCE)

    assert "worker 0 cannot be started" in caplog.text


async def test_a_hangup_is_passed_on(tmp_path: Path) -> None:
    crew = a_supervisor(tmp_path, SERVE)
    await crew.start()
    crew.forward(signal.SIGHUP)
    await until(lambda: sum(line[1] == "hangup" for line in said(tmp_path)) == 2)
    await crew.stop(within=PATIENCE)


async def test_a_post_is_not_taken_by_who_was_given_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int) -> int:
        raise OSError(9, f"{fd} is closed")

    monkeypatch.setattr(os, "dup", refuse)
    with pytest.raises(UsageError, match="--workers"):
        await Lifeline.take()


async def test_whoever_comes_after_does_what_the_owner_said_last(tmp_path: Path) -> None:
    body = f"post.index or line.tell(Heritage(path.with_name('later'))); {SERVE}"  # heard before it is ready
    crew = a_supervisor(tmp_path, body)
    await crew.start()
    for _, _, pid in said(tmp_path):
        os.kill(int(pid), signal.SIGKILL)
    later = tmp_path / "later"
    await until(lambda: later.exists() and len(later.read_text().splitlines()) == 2)
    await crew.stop(within=PATIENCE)

    assert sorted(line.split()[:2] for line in later.read_text().splitlines()) == [["0", "again"], ["1", "again"]]
