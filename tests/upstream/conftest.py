"""A relay behind the visitors' own connections, and nothing else of the house: every request goes to one app."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from tests.fakes import MemoryLedger
from tests.upstream.wire import App, Line
from wakeproxy.bootstrap import now
from wakeproxy.core.limits import Limits, Timeouts
from wakeproxy.core.observation import Endpoint
from wakeproxy.engine.traffic import Traffic
from wakeproxy.errors import UpstreamError
from wakeproxy.front.actions import Action, Carry
from wakeproxy.front.dates import Dates
from wakeproxy.front.door import Door as FrontDoor
from wakeproxy.front.journal import Journal
from wakeproxy.front.listener import bind, listen
from wakeproxy.front.trust import Networks
from wakeproxy.front.turn import Turn
from wakeproxy.pages.pages import Pages
from wakeproxy.pages.replies import Reply
from wakeproxy.pages.speech import Speech
from wakeproxy.pages.stays import Stays
from wakeproxy.pages.wait_pages import WaitPages
from wakeproxy.upstream.guard import Guard
from wakeproxy.upstream.pulse import Pulse
from wakeproxy.upstream.relay import Relay

BEAT = timedelta(milliseconds=10)


@dataclass
class Straight:
    """Stands in for the visitor's decisions: passes every request on to one app, and tells errors as they are."""

    app: App
    speech: Speech
    uptime: Callable[[], float]
    added: tuple[tuple[str, str], ...] = ()
    errors: list[UpstreamError] = field(default_factory=list)
    ended: list[Turn] = field(default_factory=list)

    def clock(self) -> datetime:
        return now()

    def answer(self, turn: Turn) -> Action:
        del turn
        return Carry(Endpoint("task", self.app.host, self.app.port), "http", self.added)

    def app_failed(self, turn: Turn, endpoint: Endpoint, error: UpstreamError) -> Action:
        del turn, endpoint
        self.errors.append(error)
        return Reply(502, (("Content-Type", "text/plain"),), str(error).encode())

    def since_ready(self, turn: Turn) -> None:
        del turn

    def end(self, turn: Turn) -> None:
        self.ended.append(turn)


class NoStreams:
    async def stop(self) -> None:
        """There are none."""


@dataclass
class Door:
    """A front's door to one app, and what can be looked at behind it."""

    front: FrontDoor
    straight: Straight
    port: int = 0

    @property
    def relay(self) -> Relay:
        return self.front.relay

    @property
    def errors(self) -> list[UpstreamError]:
        return self.straight.errors


@cache
def load_pages() -> Pages:
    return Pages.load(folders={})


def make_door(app: App, *, trusted: Networks = (), limits: Limits | None = None, **spans: float) -> Door:
    """Make a door to an app; the spans are fields of `Timeouts`, in seconds."""
    timeouts = replace(Timeouts(), **{name: timedelta(seconds=span) for name, span in spans.items()})
    bounds = limits or replace(Limits(), head_bytes=16_384)
    pulse = Pulse(BEAT)
    relay = Relay(Guard(admits_sandbox=True), pulse, limits=bounds, timeouts=timeouts)
    pages = load_pages()
    traffic = Traffic(MemoryLedger(), clock=now, flush_interval=timedelta(), front="front", on_record=lambda *_: None)
    speech = Speech(pages, now, WaitPages(pages, now), Stays(traffic, timedelta(), now))
    straight = Straight(app, speech, asyncio.get_running_loop().time)
    front = FrontDoor(
        visitor=cast("Any", straight),
        relay=relay,
        streams=cast("Any", NoStreams()),
        holds=cast("Any", None),
        journal=Journal(),
        pulse=pulse,
        dates=Dates(pulse, now),
        limits=bounds,
        timeouts=timeouts,
        trusted=trusted,
    )
    return Door(front, straight)


@asynccontextmanager
async def open_door(
    app: App, *, trusted: Networks = (), limits: Limits | None = None, **spans: float
) -> AsyncIterator[Door]:
    """Serve a door to an app."""
    door = make_door(app, trusted=trusted, limits=limits, **{"drain": 0.1, **spans})
    async with listen(door.front, bind("127.0.0.1", 0)) as port:
        door.port = port
        yield door


async def until(condition: Callable[[], object], *, within: float = 5.0) -> None:
    """Wait until something that sets no event of ours has happened."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)


def guests(door: Door) -> list[asyncio.Transport]:
    """The visitors' connections, as the front holds them."""
    return [cast("Any", guest).transport for guest in door.front.guests]


@asynccontextmanager
async def dial_narrow(door: Door) -> AsyncIterator[Line]:
    """Open a connection for which the system keeps little, so that what is not taken waits in this process."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        sock.setblocking(False)  # noqa: FBT003 - socket's own signature
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", door.port))
        line = Line(*await asyncio.open_connection(sock=sock, limit=2**20))
        await until(lambda: door.front.guests)
        for transport in guests(door):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        yield line
        await line.close()


@asynccontextmanager
async def full_queue(host: str) -> AsyncIterator[int]:
    """A port whose queue of connections is full, so that another one is neither made nor refused."""
    loop = asyncio.get_running_loop()
    with socket.socket() as listening:
        listening.bind((host, 0))
        listening.listen(0)
        callers = [socket.socket() for _ in range(3)]
        for caller in callers:
            caller.setblocking(False)  # noqa: FBT003 - socket's own signature
            caller.connect_ex(listening.getsockname())
        await loop.sock_sendall(callers[0], b"")
        yield int(listening.getsockname()[1])
        for caller in callers:
            caller.close()


def reset(line: Line) -> None:
    """End a connection so that the other side cannot take it for a polite end."""
    sock: socket.socket = line.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    line.transport.abort()
