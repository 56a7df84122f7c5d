"""A relay behind the visitors' own server, and nothing else of the house."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network

import pytest
from aiohttp import web

from tests.upstream.wire import App
from wakeproxy.bootstrap import now
from wakeproxy.core.observation import Endpoint
from wakeproxy.errors import UpstreamError
from wakeproxy.front.pages import Pages
from wakeproxy.front.requests import Networks, read_request
from wakeproxy.front.server import build_app, listen
from wakeproxy.front.speech import Speech
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.relay import Passage, Relay


@dataclass
class Door:
    """Passes every request on to one app, and tells the relay's errors as they are."""

    relay: Relay
    app: App
    speech: Speech
    trusted: Networks = ()
    added: tuple[tuple[str, str], ...] = ()
    port: int = 0
    errors: list[UpstreamError] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked = read_request(request, self.trusted)
        endpoint = Endpoint("task", self.app.host, self.app.port)
        try:
            return await self.relay.carry(request, Passage(endpoint, "http", asked.hop, asked.target, self.added))
        except UpstreamError as error:
            self.errors.append(error)
            return web.Response(status=502, text=str(error))

    async def hang_up(self) -> None:
        pass


@cache
def load_pages() -> Pages:
    return Pages.load(folders={})


@asynccontextmanager
async def open_door(app: App, **options: float) -> AsyncIterator[Door]:
    """Serve a door to an app; the options are those of `Relay.open`."""
    speech = Speech(load_pages(), now)
    async with Relay.open(Guard(admits_sandbox=True), **options) as relay:
        door = Door(relay, app, speech)
        application = build_app(door, head_bytes=16_384)
        async with listen(application, host="127.0.0.1", port=0, drain_seconds=0.1) as port:
            door.port = port
            yield door


@pytest.fixture
def trust_loopback() -> Networks:
    return (ip_network("127.0.0.0/8"),)


async def until(condition: Callable[[], object], *, within: float = 5.0) -> None:
    """Wait until something that sets no event of ours has happened."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)
