"""A whole world for tests and benchmarks: the sandbox and the front, each a real process, found by their addresses."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp.abc import AbstractResolver, ResolveResult

CLUSTER = "apps"
BROWSER = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Mode": "navigate",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
}
NO_MORE: Mapping[str, str] = {}
PROGRAM = {"Accept": "application/json", "User-Agent": "a-program/1.0"}
_PATIENCE = 60.0
_ECS = ("ecs", "AmazonEC2ContainerServiceV20141113")
_SCALING = ("application-autoscaling", "AnyScaleFrontendService")
_PARAMETERS = ("ssm", "AmazonSSM")


@dataclass(frozen=True)
class World:
    """One sandbox, and what can be asked of it."""

    url: str
    folder: Path

    async def create(self, name: str, **spec: Any) -> None:
        """Make a service, asleep unless said otherwise; the options are those of the sandbox's `ServiceSpec`."""
        await self.control("POST", "services", {"name": name, "cluster": CLUSTER, **spec})

    async def control(self, method: str, path: str, document: Any = None) -> Any:
        """Ask the sandbox's own interface."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}/_sandbox/{path}", json=document) as answer,
        ):
            told = await answer.json(content_type=None)
            assert answer.status < 400, told
            return told

    async def calls(self) -> Counter[str]:
        """How often each AWS operation was called."""
        return Counter(call["operation"] for call in (await self.control("GET", "calls"))["calls"])

    async def scale(self, name: str, desired: int) -> None:
        """Set a desired count behind wakeproxy's back."""
        await call_ecs(self.url, "UpdateService", {"cluster": CLUSTER, "service": name, "desiredCount": desired})

    async def describe(self, name: str) -> Mapping[str, Any]:
        """Describe a service."""
        told = await call_ecs(self.url, "DescribeServices", {"cluster": CLUSTER, "services": [name]})
        service: Mapping[str, Any] = told["services"][0]
        return service

    async def empty(self) -> None:
        """Leave the sandbox as it was found: without services, faults and calls."""
        await self.control("DELETE", "faults")
        async with asyncio.timeout(_PATIENCE):
            for cluster in (await call_ecs(self.url, "ListClusters", {}))["clusterArns"]:
                deleted: set[str] = set()
                while found := (await call_ecs(self.url, "ListServices", {"cluster": cluster}))["serviceArns"]:
                    for arn in set(found) - deleted:
                        await call_ecs(self.url, "DeleteService", {"cluster": cluster, "service": arn, "force": True})
                        deleted.add(arn)
                    await asyncio.sleep(0.02)
        await self.control("DELETE", "calls")

    def configure(self, services: Mapping[str, Mapping[str, Any]], **keys: Any) -> Path:
        """Write a config file for these services; each is found at ``NAME.localhost``."""
        config = {
            "aws": {"region": "eu-central-1", "cluster": CLUSTER, "endpoint_url": self.url},
            "listen": "127.0.0.1:0",
            "admin": {"listen": "127.0.0.1:0"},
            "ledger": f"sqlite:///{self.folder / 'ledger.db'}",
            "watch": {"waking": "100ms", "awake": "1s", "asleep": "2s"},
            "services": {name: {"hosts": [f"{name}.localhost"], **service} for name, service in services.items()},
            **keys,
        }
        path = self.folder / "wakeproxy.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return path


@dataclass(frozen=True)
class Front:
    """A front that runs, and the ports it chose."""

    process: Process
    port: int
    admin: int

    def url(self, name: str, path: str = "/") -> str:
        """An address of a service."""
        return f"http://{name}.localhost:{self.port}{path}"

    async def status(self, name: str) -> Mapping[str, Any]:
        """A service's status, as its visitors read it."""
        async with visit() as session, session.get(self.url(name, "/.wakeproxy/status")) as answer:
            told: Mapping[str, Any] = await answer.json()
            return told

    async def admin_json(self, path: str) -> Any:
        """Ask the admin listener."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.admin}{path}") as answer,
        ):
            return await (answer.text() if path == "/metrics" else answer.json())

    async def serves(self, *names: str) -> None:
        """Wait until these services are served, and no others."""
        async with asyncio.timeout(_PATIENCE):
            while {one["service"] for one in (await self.admin_json("/api/services"))["services"]} != set(names):
                await asyncio.sleep(0.02)

    def hang_up(self) -> None:
        """Send a hangup signal."""
        self.process.send_signal(signal.SIGHUP)

    async def until(self, name: str, *phases: str) -> Mapping[str, Any]:
        """Wait until a service is in one of these phases."""
        async with asyncio.timeout(_PATIENCE):
            while (told := await self.status(name))["phase"] not in phases:
                await asyncio.sleep(0.02)
        return told


class _Localhost(AbstractResolver):
    """Finds ``NAME.localhost`` here, as browsers and curl do (RFC 6761, 6.3) and C libraries often do not."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Answer with this machine."""
        del family
        here = ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)
        return [here]

    async def close(self) -> None:
        """Hold nothing."""


def visit() -> aiohttp.ClientSession:
    """Open a session that finds services by their names, as many connections at once as wanted."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, resolver=_Localhost()), cookie_jar=aiohttp.DummyCookieJar()
    )


async def call_ecs(url: str, operation: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call ECS as any client would."""
    return await _call(url, _ECS, operation, document)


async def call_scaling(url: str, operation: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call Application Auto Scaling as any client would."""
    return await _call(url, _SCALING, operation, document)


async def call_parameters(url: str, operation: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call Parameter Store as any client would."""
    return await _call(url, _PARAMETERS, operation, document)


async def _call(url: str, api: tuple[str, str], operation: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    service, prefix = api
    signed = f"Credential=any/20260101/eu-central-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    headers = {
        "X-Amz-Target": f"{prefix}.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 {signed}",
    }
    async with aiohttp.ClientSession() as session, session.post(url, json=document, headers=headers) as answer:
        told: Mapping[str, Any] = await answer.json(content_type=None)
        assert answer.status == 200, told
        return told


@asynccontextmanager
async def run_sandbox(folder: Path, *, timing: str = "instant") -> AsyncIterator[World]:
    """Run a sandbox as a process of its own."""
    command = ("wakeproxy.sandbox", "--port", "0", "--timing", timing, "--with-parent")
    async with run_python(command, stdout=PIPE) as process:
        assert process.stdout
        async with asyncio.timeout(_PATIENCE):
            line = await process.stdout.readline()
        yield World(json.loads(line)["url"], folder)


@contextmanager
def share_sandbox() -> Iterator[str]:
    """Run a sandbox that several tests use one after the other, each in a loop of its own; tells its address."""
    command = (sys.executable, "-m", "wakeproxy.sandbox", "--port", "0", "--timing", "instant", "--with-parent")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


@asynccontextmanager
async def borrow_sandbox(url: str, folder: Path) -> AsyncIterator[World]:
    """Use a sandbox that is shared, and leave nothing behind."""
    world = World(url, folder)
    yield world
    await world.empty()


@asynccontextmanager
async def run_front(config: Path) -> AsyncIterator[Front]:
    """Run a front as a process of its own."""
    async with run_python(("wakeproxy", "serve", "-c", str(config)), stderr=PIPE) as process:
        yield await find_front(process)


async def find_front(process: Process) -> Front:
    """Wait until a front says on which ports it serves."""
    assert process.stderr
    said = b""
    async with asyncio.timeout(_PATIENCE):
        while line := await process.stderr.readline():
            said += line
            sys.stderr.write(line.decode(errors="replace"))
            if found := re.search(rb"on port (\d+); admin on port (\d+)", line):
                drain(process.stderr)
                return Front(process, int(found[1]), int(found[2]))
    raise AssertionError(said.decode())


_draining: set[asyncio.Task[None]] = set()


def drain(stream: asyncio.StreamReader) -> None:
    """Read what a process goes on saying, so that it never waits for us."""

    async def read() -> None:
        while line := await stream.readline():
            sys.stderr.write(line.decode(errors="replace"))

    task = asyncio.create_task(read())
    _draining.add(task)
    task.add_done_callback(_draining.discard)


@asynccontextmanager
async def run_python(
    arguments: Sequence[str], environment: Mapping[str, str] = NO_MORE, **options: Any
) -> AsyncIterator[Process]:
    """Run a module of ours as a process; it is asked to stop at the end, and its answer awaited."""
    command = (sys.executable, "-m", *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, env={**_environment(), **environment}, **options
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(_PATIENCE):
            await process.wait()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
