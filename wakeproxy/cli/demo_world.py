"""The demo's world: a sandbox in a process of its own, some services in it, and the config file that names them."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

import aiohttp
import yaml

from wakeproxy.errors import UsageError, WakeproxyError

_CLUSTER = "demo"
_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class DemoService:
    """One service of the demo."""

    image: str
    words: str
    environment: Mapping[str, str] = field(default_factory=dict)


SERVICES: Mapping[str, DemoService] = MappingProxyType(
    {
        "hello": DemoService("wakeproxy/hello", "a small, friendly app"),
        "slow": DemoService("wakeproxy/slow", "an app that takes its time to start", {"START_SECONDS": "6"}),
        "live": DemoService("wakeproxy/live", "WebSocket and server-sent events; open, they keep it awake"),
        "broken": DemoService("registry.example/no-such-image:1", "its image does not exist: see what visitors read"),
    }
)


@asynccontextmanager
async def start_sandbox(timing: str) -> AsyncIterator[str]:
    """Start the sandbox with the demo's services asleep in it; yields its URL and ends it."""
    command = (sys.executable, "-m", "wakeproxy.sandbox", "--port", "0", "--timing", timing, "--with-parent")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
    try:
        url = await _read_url(process)
        await _create_services(url)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _read_url(process: Process) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise WakeproxyError(f"The embedded AWS did not start within {_PATIENCE_SECONDS:g} s; try again.") from error
    if not line:
        raise UsageError("The embedded AWS did not start; is it installed? pip install 'wakeproxy[sandbox]'")
    url: str = json.loads(line)["url"]
    return url


async def _create_services(url: str) -> None:
    async with aiohttp.ClientSession(url) as session:
        for name, service in SERVICES.items():
            spec = {
                "name": name,
                "cluster": _CLUSTER,
                "image": service.image,
                "environment": dict(service.environment),
            }
            async with session.post("/_sandbox/services", json=spec) as answer:
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    raise WakeproxyError(f"The demo's service {name} could not be made: {await answer.text()}")


def write_config(folder: Path, *, url: str, port: int, admin_port: int) -> Path:
    """Write the demo's config file: an ordinary one, fit to be read, copied and given to the other commands."""
    config = {
        "aws": {"region": "eu-central-1", "cluster": _CLUSTER, "endpoint_url": url},
        "listen": f"127.0.0.1:{port}",
        "admin": {"listen": f"127.0.0.1:{admin_port}"},
        "ledger": "sqlite:///ledger.db",
        "flush_interval": "2s",
        "sleeper": {"every": "5s"},
        "defaults": {"idle_after": "1m", "min_awake": "20s", "ready": {"path": "/healthz"}},
        "services": {name: {"hosts": [f"{name}.localhost"], "display_name": name.title()} for name in SERVICES},
    }
    path = folder / "wakeproxy.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path
