"""Memory of idle keep-alive connections, and of long answers to clients that read slowly.

Every proxy is started afresh for each weighing, for memory that was used once is used again.
"""

import asyncio
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.relay.clients import connect_many, count_open
from benchmarks.relay.headers import BARE, write_request
from benchmarks.relay.load import Load, warm_up
from benchmarks.relay.machine import resident
from benchmarks.relay.measure import Plan, Samples
from benchmarks.relay.peers import GO, Peer, Seat
from benchmarks.relay.site import MEGABYTE, Site
from benchmarks.relay.table import Bound, Table, Target

_PATIENCE = 20.0
_SIP, _PAUSE = 50_000, 0.05
_IDLE, _SLOW = "MB for 1,000 idle connections", "MB for each slow reader"
_TARGETS = {
    _IDLE: (Target(Bound(1.0, GO, at_least=False), Bound(4.0, at_least=False)),),
    _SLOW: (Target(Bound(1.0, at_least=False), Bound(0.512, at_least=False)),),
}


async def measure(site: Site, peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Weigh each proxy in turns, fresh each time."""
    samples = Samples()
    for _ in range(plan.weighings):
        for peer in peers:
            async with peer.start(site) as seat:
                await warm_up([seat], Load())
                grown = await asyncio.to_thread(_weigh_idle, seat, plan.idle)
                samples.add(_IDLE, seat.name, grown / plan.idle * 1000 / MEGABYTE)
        for peer in peers:
            async with peer.start(site) as seat:  # not warmed up: what it has from then would be used again
                grown = await asyncio.to_thread(_weigh_slow, seat, plan)
                samples.add(_SLOW, seat.name, grown / plan.readers / MEGABYTE)
    title = f"{plan.idle:,} idle connections; {plan.readers} readers of 100 MB at 1 MB/s each"
    return [Table("memory", title, samples.rows(_TARGETS))]


def _weigh_idle(seat: Seat, count: int) -> int:
    before = resident(seat.pid)
    with connect_many(seat.port, count, write_request("web")) as lines:
        time.sleep(1)
        grown = resident(seat.pid) - before
        still = count_open(lines)
        assert still == count, f"{seat.name} closed {count - still} idle connections"
    return grown


def _weigh_slow(seat: Seat, plan: Plan) -> int:
    """Find by how much it grew at most while they read."""
    before = most = resident(seat.pid)
    with ExitStack() as stack:
        lines = [stack.enter_context(_begin_slowly(seat.port)) for _ in range(plan.readers)]
        end = time.perf_counter() + max(3.0, plan.seconds)
        while time.perf_counter() < end:
            for line in lines:
                assert line.recv(_SIP), "a download was cut"
            most = max(most, resident(seat.pid))
            time.sleep(_PAUSE)
    return most - before


def _begin_slowly(port: int) -> socket.socket:
    line = socket.socket()
    line.settimeout(_PATIENCE)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    line.connect(("127.0.0.1", port))
    line.sendall(write_request("web", "/files/100MB", BARE))
    return line
