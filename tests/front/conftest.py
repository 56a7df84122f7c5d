"""A whole front in this process, before a sandbox in this process; every blocking call in its loop is an error."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from tests.upstream.wire import Line, Message, dial, head
from wakeproxy.bootstrap import Work, open_front
from wakeproxy.core.names import Host, HostPattern, ServiceName
from wakeproxy.core.service import EcsService, Ready, Service
from wakeproxy.sandbox import Sandbox
from wakeproxy.settings import AwsSettings, Limits, Listen, Settings, SqliteUrl, WatchSettings
from wakeproxy.settings.values import MEMORY

CLUSTER = "apps"
PATIENCE = 60.0
AGENT = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"
BROWSER = ("Accept: text/html,*/*;q=0.8", "Sec-Fetch-Mode: navigate", AGENT)
PROGRAM = ("Accept: application/json", "User-Agent: a-program/1.0")
ANY_PORT = Listen("127.0.0.1", 0)


def make_service(name: str, **fields: Any) -> Service:
    """A service found at ``NAME.test``; the fields are those of `Service`."""
    made = Service(
        ServiceName(name),
        EcsService(CLUSTER, name),
        hosts=(HostPattern(Host(f"{name}.test")),),
        ready=Ready(path="/healthz", every=timedelta(milliseconds=20)),
    )
    return replace(made, **fields)


def make_settings(sandbox: Sandbox, *services: Service, **fields: Any) -> Settings:
    """Settings of a front that looks often and remembers nothing."""
    made = Settings(
        AwsSettings(sandbox.region, CLUSTER, sandbox.url),
        services,
        listen=ANY_PORT,
        admin=None,
        ledger=SqliteUrl(MEMORY),
        watch=WatchSettings(*(timedelta(milliseconds=each) for each in (50, 300, 300))),
    )
    return replace(made, **fields)


@dataclass(frozen=True)
class Site:
    """A front that runs, and the AWS behind it."""

    sandbox: Sandbox
    port: int
    admin: int | None = None

    def request(self, name: str, target: str, *fields: str, method: str = "GET", body: bytes = b"") -> bytes:
        """Write a request to a service; who asks is a program unless the fields say otherwise."""
        length = (f"Content-Length: {len(body)}",) if body else ()
        return head(f"{method} {target} HTTP/1.1", f"Host: {name}.test", *(fields or PROGRAM), *length, body=body)

    async def ask(self, name: str, target: str, *fields: str, method: str = "GET", body: bytes = b"") -> Message:
        """Send a request and read its answer."""
        async with self.dial() as line:
            await line.say(self.request(name, target, *fields, method=method, body=body))
            return await line.hear(method)

    def dial(self) -> AbstractAsyncContextManager[Line]:
        """Open a connection."""
        return dial(self.port)

    async def status(self, name: str) -> Mapping[str, Any]:
        """A service's status, as its page reads it."""
        told: Mapping[str, Any] = read(await self.ask(name, "/.wakeproxy/status"))
        return told

    async def until(self, name: str, condition: Callable[[Mapping[str, Any]], object]) -> Mapping[str, Any]:
        """Wait until a service's status is as it should be."""
        async with asyncio.timeout(PATIENCE):
            while not condition(told := await self.status(name)):
                await asyncio.sleep(0.01)
        return told

    async def until_phase(self, name: str, phase: str) -> Mapping[str, Any]:
        """Wait until a service is in a phase."""
        return await self.until(name, lambda told: told["phase"] == phase)

    async def wake(self, name: str) -> None:
        """Have a service awake."""
        assert (await self.ask(name, "/healthz", *PROGRAM)).status == 200

    def wakes(self) -> int:
        """How often AWS was told to start something."""
        return sum(count > 0 for count in self.counts())

    def counts(self) -> list[int]:
        """What AWS was told to run, one after the other."""
        return [call.params["desiredCount"] for call in self.sandbox.calls if call.operation == "UpdateService"]


def read(answer: Message) -> Any:
    """Read an answer's JSON."""
    assert answer["Content-Type"].partition(";")[0] in {"application/json", "application/problem+json"}, answer
    return json.loads(answer.body)


@asynccontextmanager
async def open_site(sandbox: Sandbox, *services: Service, **fields: Any) -> AsyncIterator[Site]:
    """Run a front; the fields are those of `Settings`."""
    async with open_front(Work(make_settings(sandbox, *services, **fields))) as doors:
        with blockbuster_ctx("wakeproxy", excluded_modules=["wakeproxy.sandbox"]):
            yield Site(sandbox, doors.visitors, doors.admin)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
async def site(sandbox: Sandbox) -> AsyncIterator[Site]:
    """A front with one ordinary service, asleep."""
    sandbox.create_service("shop")
    async with open_site(sandbox, make_service("shop")) as site:
        yield site


def limits(**fields: int) -> Limits:
    return replace(Limits(), **fields)
