"""The site: a sandbox, the apps that all proxies pass on to as its tasks, and wakeproxy's config for them.

`web` is nginx with a small page and files; `live` swallows uploads and echoes WebSockets. Both are awake throughout.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.relay import nginx
from benchmarks.relay.machine import Cores, on_core
from tests.world import CLUSTER, World, run_sandbox

MEGABYTE = 1_000_000
FILES = {"1MB": MEGABYTE, "100MB": 100 * MEGABYTE}
_LIVE = Path(__file__).with_name("live_app.py")
_PATIENCE = 30.0

WORKERS: tuple[str, ...] = ()
"""Further arguments of `wakeproxy serve`: one worker is one core."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a measure is run on."""

    world: World
    folder: Path
    cores: Cores
    apps: Mapping[str, str]
    """Address and port of each app, by service."""
    connections: int
    """How many connections a proxy must be able to hold."""

    def configure(self, services: Mapping[str, Mapping[str, Any]]) -> Path:
        """Write wakeproxy's config: the apps, and what a measure adds."""
        limits: dict[str, Any] = {"connections": self.connections}
        keys: dict[str, Any] = {"limits": limits, "watch": {"waking": "100ms", "awake": "15s"}}
        limits["connections_per_client"] = self.connections
        keys["access_log"] = {"format": "json", "to": str(self.folder / "wakeproxy.access.log")}
        lasting = {"idle_after": "24h", "wake_timeout": "1h"}
        all_services = {**{name: {} for name in self.apps}, **services}
        return self.world.configure({name: {**lasting, **keys_of} for name, keys_of in all_services.items()}, **keys)


@asynccontextmanager
async def open_site(cores: Cores, connections: int) -> AsyncIterator[Site]:
    """Start the sandbox and the apps on the load's core."""
    with tempfile.TemporaryDirectory(prefix="wakeproxy-relay-") as place:
        folder = Path(place)
        _write_files(folder / "files")
        with on_core(cores.load):
            sandbox = run_sandbox(folder)
            world = await sandbox.__aenter__()
        try:
            await world.create("web", desired_count=1, image="web", command=nginx.command(nginx.write_upstream(folder)))
            await world.create("live", desired_count=1, image="live", command=[sys.executable, str(_LIVE)])
            apps = {name: f"{await find_address(world, name)}:8080" for name in ("web", "live")}
            yield Site(world, folder, cores, apps, connections)
        finally:
            await sandbox.__aexit__(None, None, None)


async def find_address(world: World, service: str) -> str:
    """Wait until a service's task accepts, and say where."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            told = await world.control("GET", f"tasks?cluster={CLUSTER}&service={service}")
            for task in told["tasks"]:
                if (address := task.get("private_ip")) and await _accepts(address):
                    return str(address)
            await asyncio.sleep(0.05)


async def _accepts(address: str) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, 8080)
    except OSError:
        return False
    writer.close()
    return True


def _write_files(folder: Path) -> None:
    folder.mkdir()
    for name, size in FILES.items():
        with (folder / name).open("wb") as file:
            for _ in range(size // MEGABYTE):
                file.write(bytes(range(250)) * (MEGABYTE // 250))
