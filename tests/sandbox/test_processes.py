"""No process and no file is left behind, whatever ends the sandbox."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sandbox.clients import Aws, SandboxProcess, Until
from wakeproxy.sandbox import Sandbox, SandboxError
from wakeproxy.sandbox.processes.scratch import MARK, Scratch, sandbox_root

FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "300"])
stray = subprocess.Popen(["sleep", "300"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", os.getpid(), flush=True)
        time.sleep(300)
    os._exit(0)
print("home", os.environ["HOME"], flush=True)
print("main", os.getpid(), "child", child.pid, "stray", stray.pid, flush=True)
time.sleep(300)
"""
COMMAND = [sys.executable, "-c", FAMILY]


@dataclass(frozen=True)
class Family:
    """What a task of several processes said of itself."""

    pids: list[int]
    folder: Path
    """The sandbox's own folder, in which the task's home is."""


def read_family(log: Iterable[str]) -> Family | None:
    words = " ".join(log).split()
    pids = [int(word) for word in words if word.isdigit()]
    homes = [Path(word) for word in words if word.startswith("/")]
    return Family(pids, homes[0].parent) if len(pids) == 4 and homes else None


@pytest.fixture
def start_family(until: Until) -> Callable[[Sandbox], Family]:
    def start(sandbox: Sandbox) -> Family:
        sandbox.create_service("family", image="x", command=COMMAND, desired_count=1)
        family: Family = until(lambda: read_family(line for task in sandbox.tasks("apps") for line in task.log))
        return family

    return start


def test_a_stopped_task_takes_its_children_and_daemons_along(
    sandbox: Sandbox,
    aws: Aws,
    until: Until,
    is_alive: Callable[[int], bool],
    start_family: Callable[[Sandbox], Family],
) -> None:
    family = start_family(sandbox)
    assert all(map(is_alive, family.pids))
    aws.scale("family", 0)
    until(lambda: not any(map(is_alive, family.pids)))


def test_stopping_the_sandbox_ends_everything_and_removes_its_files(
    is_alive: Callable[[int], bool], start_family: Callable[[Sandbox], Family]
) -> None:
    sandbox = Sandbox().start()
    family = start_family(sandbox)
    assert family.folder.is_dir()
    sandbox.stop()
    assert not any(map(is_alive, family.pids))
    assert not family.folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_the_process_ends_its_tasks(
    start_process: Callable[..., SandboxProcess], until: Until, is_alive: Callable[[int], bool], number: int
) -> None:
    process = start_process()
    process.create_service("family", image="x", command=COMMAND, desired_count=1)
    family = until(lambda: read_family(line for task in process.tasks("apps", "family") for line in task["log"]))
    process.popen.send_signal(number)
    assert process.popen.wait(timeout=60) == (-9 if number is signal.SIGKILL else 0)
    until(lambda: not any(map(is_alive, family.pids)))
    until(lambda: not family.folder.exists())


def test_the_process_ends_with_its_standard_input(start_process: Callable[..., SandboxProcess]) -> None:
    process = start_process()
    assert process.end() == 0


def test_the_process_ends_with_its_parent_when_asked(until: Until, is_alive: Callable[[int], bool]) -> None:
    code = (
        "import subprocess, sys, time; "
        "p = subprocess.Popen([sys.executable, '-m', 'wakeproxy.sandbox', '--port', '0', '--with-parent'], "
        "stdin=subprocess.DEVNULL, stdout=subprocess.PIPE); p.stdout.readline(); print(p.pid, flush=True); "
        "time.sleep(300)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not is_alive(child))


def test_a_start_removes_what_the_dead_left() -> None:
    stale = sandbox_root() / "run-0123456789abcdef"
    stale.mkdir()
    (stale / "rest").write_text("x")
    left = subprocess.Popen(["sleep", "300"], env={**os.environ, MARK: stale.name})
    with Sandbox():
        assert not stale.exists()
        left.wait(timeout=60)
    assert left.returncode == -signal.SIGKILL


def test_a_living_sandboxs_folder_is_left_alone(sandbox: Sandbox, start_family: Callable[[Sandbox], Family]) -> None:
    family = start_family(sandbox)
    with Sandbox():
        assert family.folder.is_dir()
    assert family.folder.is_dir()


def test_a_taken_port_is_explained(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    with pytest.raises(SandboxError, match=f"Port {port} cannot be opened: Address already in use"):
        Sandbox(port=port).start()
    assert sandbox.create_service("hello")


def test_a_sandbox_starts_once_and_stops_often() -> None:
    sandbox = Sandbox().start()
    with pytest.raises(SandboxError, match="running already"):
        sandbox.start()
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(SandboxError, match="not running"):
        _ = sandbox.url


def test_a_process_reports_wrong_arguments(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('{"kind": "nothing"}')
    command = [sys.executable, "-m", "wakeproxy.sandbox", "--port", "0", "--faults", str(faults)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "There is no fault of the kind 'nothing'" in done.stderr
    assert done.stdout == ""


def test_it_serves_without_waiting_for_what_takes_long_to_load() -> None:
    slow = {"boto3", "botocore", "flask", "moto"}
    code = f"import sys, wakeproxy.sandbox.__main__; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_the_sandboxes_folder_is_the_users_own(tmp_path: Path) -> None:
    code = "from wakeproxy.sandbox.processes.scratch import sandbox_root; sandbox_root()"
    root = tmp_path / f"wakeproxy-sandbox-{os.getuid()}"
    root.mkdir(mode=0o777)
    Path(root).chmod(0o777)
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert "is not a folder that only you can write to" in done.stderr


def test_many_sandboxes_may_begin_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begin = threading.Barrier(8)

    def claim_often() -> None:
        begin.wait()
        for _ in range(25):
            scratch = Scratch.claim()
            assert (scratch.folder / "lock").exists()
            scratch.release()

    with ThreadPoolExecutor(8) as pool:
        for claimed in [pool.submit(claim_often) for _ in range(8)]:
            claimed.result()
    assert list(sandbox_root().iterdir()) == []
