"""The real client library before a sandbox in this process, one of each per test."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest

from wakeproxy.aws.access import Others
from wakeproxy.aws.clients import Access, Clients, open_clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.bootstrap import now
from wakeproxy.core.observation import Observation
from wakeproxy.core.service import Address, EcsService
from wakeproxy.ports import Look
from wakeproxy.sandbox import Sandbox

CLUSTER = "apps"


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
async def clients(sandbox: Sandbox) -> AsyncIterator[Clients]:
    access = Access(sandbox.region, sandbox.url, takes_any_keys=True)
    async with open_clients(access) as opened:
        yield opened


@pytest.fixture
def others(clients: Clients) -> Others:
    assert clients.others is not None
    return clients.others


@pytest.fixture
def fleet(clients: Clients) -> EcsFleet:
    return EcsFleet(clients, clock=now)


def ecs_of(name: str) -> EcsService:
    return EcsService(CLUSTER, name)


def look_at(name: str, address: Address = Address.PRIVATE) -> Look:
    return Look(ecs_of(name), address)


def count_calls(sandbox: Sandbox) -> Mapping[str, int]:
    return Counter(call.operation for call in sandbox.calls)


async def observe(fleet: EcsFleet, name: str, address: Address = Address.PRIVATE) -> Observation:
    return (await fleet.observe([look_at(name, address)]))[ecs_of(name)]


async def observe_until(
    fleet: EcsFleet, name: str, condition: Callable[[Observation], Any], *, address: Address = Address.PRIVATE
) -> Observation:
    """Observe until what is seen satisfies ``condition``."""
    async with asyncio.timeout(60):
        while not condition(seen := await observe(fleet, name, address)):
            await asyncio.sleep(0.01)
    return seen


def is_running(seen: Observation) -> bool:
    return any(task.last_status == "RUNNING" for task in seen.live)
