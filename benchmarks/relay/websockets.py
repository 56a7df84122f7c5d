"""WebSocket messages echoed per second: 32 connections, one small message under way on each.

The generator and the echoing app share a core and are Python, so beside nginx they are the bound themselves; the
processor time for each message is the figure that compares.
"""

import select
import socket
import time
from collections.abc import Sequence
from functools import partial

from benchmarks.relay.headers import BARE, write_request
from benchmarks.relay.live_app import PAYLOAD
from benchmarks.relay.load import run_thread
from benchmarks.relay.measure import Plan, Samples
from benchmarks.relay.peers import Peer, open_seats
from benchmarks.relay.site import Site
from benchmarks.relay.table import Table

_CONNECTIONS = 32
_PATIENCE = 10.0
_UPGRADE = (
    *BARE,
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Origin", "http://live.localhost"),
)
# Final, binary, masked with zeros: its payload is sent as it is (RFC 6455, 5.2).
_MESSAGE = bytes([0x82, 0x80 | PAYLOAD, 0, 0, 0, 0]) + bytes(range(PAYLOAD))
_ECHO = bytes([0x82, PAYLOAD]) + bytes(range(PAYLOAD))


async def measure(site: Site, peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Let each proxy carry messages, in turns."""
    samples = Samples()
    async with open_seats(site, peers) as seats:
        for _ in range(plan.rounds):
            for seat in seats:
                done = await run_thread(seat, partial(_echo, seat.port, plan.seconds))
                samples.add("messages/s, there and back", seat.name, done.rate)
                samples.add("CPU us/message", seat.name, done.cost)
                samples.add("busy, % of its core", seat.name, done.busy)
                samples.add("others there, %", seat.name, done.disturbed)
    return [Table("websockets", f"{PAYLOAD}-byte messages, {_CONNECTIONS} connections", samples.rows({}))]


def _echo(port: int, seconds: float) -> tuple[float, float]:
    poll, lines = select.epoll(), dict[int, socket.socket]()
    for _ in range(_CONNECTIONS):
        line = _open(port)
        lines[line.fileno()] = line
        poll.register(line, select.EPOLLIN)
    began = now = time.perf_counter()
    for line in lines.values():
        line.send(_MESSAGE)
    count, parts = 0, dict.fromkeys(lines, b"")
    while now - began < seconds:
        ready = poll.poll(_PATIENCE)
        assert ready, "no echo came back"
        for fd, _ in ready:
            came = lines[fd].recv(4096)
            assert came, "the proxy closed a tunnel"
            if (echo := parts[fd] + came) == _ECHO:
                count += 1
                lines[fd].send(_MESSAGE)
                echo = b""
            assert _ECHO.startswith(echo), echo
            parts[fd] = echo
        now = time.perf_counter()
    poll.close()
    for line in lines.values():
        line.close()
    return count, now - began


def _open(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(write_request("live", "/ws", _UPGRADE))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        came = line.recv(4096)
        assert came, head
        head += came
    assert head.startswith(b"HTTP/1.1 101"), head
    return line
