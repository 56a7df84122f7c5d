"""Megabytes per second of long bodies, down and up: 1 MB by eight clients at once (wrk), 100 MB by one."""

import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from benchmarks.relay.headers import BARE, write_request
from benchmarks.relay.load import Done, Load, run_load, run_thread
from benchmarks.relay.measure import Plan, Samples
from benchmarks.relay.peers import NGINX, Peer, Seat, open_seats
from benchmarks.relay.site import FILES, MEGABYTE, Site
from benchmarks.relay.table import Bound, Table, Target

_SMALL = {
    "1 MB down": Load(path="/files/1MB", fields=BARE, connections=8),
    "1 MB up": Load(service="live", path="/upload", fields=BARE, connections=8, upload=MEGABYTE),
}
_LONG = FILES["100MB"]
_PATIENCE = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET = (Target(Bound(0.8, NGINX), Bound(1.0, NGINX)),)
_TARGETS = {"100 MB down: MB/s": _TARGET, "100 MB up: MB/s": _TARGET}


async def measure(site: Site, peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Move bodies through each proxy in turns."""
    samples = Samples()
    async with open_seats(site, peers) as seats:
        for _ in range(plan.rounds):
            for kind, load in _SMALL.items():
                for seat in seats:
                    done = await run_load(seat, load, seconds=plan.seconds)
                    _add(samples, kind, seat, replace(done, amount=done.amount * MEGABYTE))
            for kind, move in (("100 MB down", download), ("100 MB up", upload)):
                for seat in seats:
                    _add(samples, kind, seat, await run_thread(seat, partial(_repeat, move, seat.port, plan.seconds)))
    return [Table("bodies", "long bodies, down and up", samples.rows(_TARGETS))]


def _add(samples: Samples, kind: str, seat: Seat, done: Done) -> None:
    samples.add(f"{kind}: MB/s", seat.name, done.rate / MEGABYTE)
    samples.add(f"{kind}: CPU ms/100 MB", seat.name, done.cost * 100 * MEGABYTE / 1000)


def _repeat(move: Callable[[int], None], port: int, seconds: float) -> tuple[float, float]:
    """Move one body after the other until the time is over; at least one."""
    began, moved = time.perf_counter(), 0
    while not moved or time.perf_counter() - began < seconds:
        move(port)
        moved += _LONG
    return moved, time.perf_counter() - began


def download(port: int) -> None:
    """Fetch the long file and throw it away."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as line:
        line.sendall(write_request("web", "/files/100MB", BARE))
        head, rest = _read_head(line)
        length = _LENGTH.search(head)
        assert length, head
        assert int(length[1]) == _LONG, head
        left, room = _LONG - len(rest), bytearray(MEGABYTE)
        while left:
            count = line.recv_into(room)
            assert count, f"{left} bytes are missing"
            left -= count


def upload(port: int) -> None:
    """Send as much, and wait until it has arrived."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as line:
        fields = (*BARE, ("Content-Type", "application/octet-stream"), ("Content-Length", str(_LONG)))
        line.sendall(write_request("live", "/upload", fields, method="POST"))
        piece = bytes(MEGABYTE)
        for _ in range(_LONG // MEGABYTE):
            line.sendall(piece)
        _read_head(line)


def _read_head(line: socket.socket) -> tuple[bytes, bytes]:
    came = b""
    while b"\r\n\r\n" not in came:
        piece = line.recv(65_536)
        assert piece, came
        came += piece
    assert came.startswith(b"HTTP/1.1 200"), came
    head, _, rest = came.partition(b"\r\n\r\n")
    return head, rest
