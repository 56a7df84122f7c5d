"""One sandbox per test, boto3 clients of it, and bounded waiting for a condition."""

import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.sandbox.clients import Aws, Fetch, SandboxProcess, Until, state_of
from wakeproxy.sandbox import TIMINGS, Sandbox, Timings

T = TypeVar("T")


@pytest.fixture(scope="session")
def until() -> Until:
    """Waits until a condition holds and returns what it was; fails after `timeout` seconds."""

    def wait(condition: Callable[[], T], timeout: float = 60.0) -> T:
        deadline = time.monotonic() + timeout
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not within {timeout} s; last seen: {found!r}"
            time.sleep(0.005)
        return found

    return wait


@pytest.fixture(scope="session")
def fetch() -> Fetch:
    """Gets a URL; `None` when nobody answers there."""

    def get(url: str) -> bytes | None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                body: bytes = answer.read()
                return body
        except (OSError, urllib.error.URLError):
            return None

    return get


@pytest.fixture(scope="session")
def unhurried() -> Timings:
    """Stages long enough to be seen by a polling client."""
    step = 0.12
    return replace(
        TIMINGS["instant"],
        provisioning=step,
        pull=step,
        activating=step,
        notice=step,
        deactivating=step,
        deprovisioning=step,
    )


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def aws(sandbox: Sandbox) -> Iterator[Aws]:
    clients = Aws(sandbox)
    yield clients
    clients.close()


@pytest.fixture
def aws_of() -> Iterator[Callable[[Sandbox], Aws]]:
    """Clients of a sandbox that the test made itself."""
    made: list[Aws] = []

    def make(sandbox: Sandbox) -> Aws:
        made.append(Aws(sandbox))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def start_process() -> Iterator[Callable[..., SandboxProcess]]:
    """Starts sandboxes in processes of their own."""
    started: list[SandboxProcess] = []

    def start(*arguments: str, environ: dict[str, str] | None = None) -> SandboxProcess:
        started.append(SandboxProcess(*arguments, environ=environ or {}))
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.fixture(scope="session")
def is_alive() -> Callable[[int], bool]:
    """Whether a process runs; a zombie does not."""

    def look(pid: int) -> bool:
        try:
            return state_of(pid) not in {"Z", "X"}
        except OSError:
            return False

    return look


@pytest.fixture(scope="session", autouse=True)
def _no_credentials_of_this_machine() -> None:
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
