"""Latency at a fixed 2,000 requests per second, by an open loop of our own.

h2load's `--rps` measures from the moment a request was sent, and sends later when the answers come later: a proxy that
stalls would hide its stall (coordinated omission). Here each request has its moment beforehand, at random (Poisson,
the same for all), on whatever connection is free; its latency counts from that moment. `direct` is without a proxy:
what the generator, the upstream and the machine add themselves.
"""

import gc
import random
import re
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from benchmarks.relay.headers import write_request
from benchmarks.relay.load import Load, run_thread, warm_up
from benchmarks.relay.measure import Plan, Samples
from benchmarks.relay.peers import GO, NGINX, Peer, open_seats
from benchmarks.relay.site import Site
from benchmarks.relay.table import Bound, Table, Target

_RATE = 2000
_CONNECTIONS = 64
_PATIENCE = 10.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGETS = {"p99, ms": (Target(Bound(1.0, GO, at_least=False), Bound(1.5, NGINX, at_least=False)),)}
Address = tuple[str, int]


async def measure(site: Site, peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Ask each proxy at the same moments, in turns."""
    samples = Samples()
    host, _, port = site.apps["web"].partition(":")
    async with open_seats(site, peers) as seats:
        await warm_up(seats, Load())
        for turn in range(plan.rounds):
            moments = _choose_moments(plan.seconds, seed=turn)
            for seat in seats:
                loop = OpenLoop(("127.0.0.1", seat.port), moments)
                done = await run_thread(seat, loop.run)
                _add(samples, seat.name, loop.latencies)
                samples.add("busy, % of its core", seat.name, done.busy)
                samples.add("others there, %", seat.name, done.disturbed)
            direct = OpenLoop((host, int(port)), moments)
            direct.run()
            _add(samples, "direct", direct.latencies)
    return [Table("latency", f"{_RATE:,} requests/s, open loop, {_CONNECTIONS} connections", samples.rows(_TARGETS))]


def _add(samples: Samples, seat: str, latencies: Sequence[float]) -> None:
    cuts = quantiles(latencies, n=100, method="inclusive")
    samples.add("p50, ms", seat, cuts[49] * 1000)
    samples.add("p99, ms", seat, cuts[98] * 1000)


def _choose_moments(seconds: float, *, seed: int) -> list[float]:
    rng = random.Random(seed)
    moment, moments = 0.0, []
    while (moment := moment + rng.expovariate(_RATE)) < seconds:
        moments.append(moment)
    return moments


@dataclass(slots=True, eq=False)
class _Line:
    """One connection, and the request that is on it."""

    line: socket.socket
    due: float = 0.0
    answer: bytes = b""

    def read(self) -> bool:
        """Take what came; whether the answer is whole."""
        came = self.line.recv(65_536)
        assert came, "the proxy closed a connection that is in use"
        self.answer += came
        head, end, body = self.answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or not length or len(body) < int(length[1]):
            return False
        assert self.answer.startswith(b"HTTP/1.1 200"), head
        self.answer = b""
        return True


@dataclass(slots=True)
class OpenLoop:
    """Sends each request at its moment, and notes how long after it the answer was whole."""

    address: Address
    moments: Sequence[float]
    latencies: list[float] = field(default_factory=list)

    def run(self) -> tuple[float, float]:
        """Run through all moments; returns how many, and in how many seconds."""
        lines = [_Line(_dial(self.address)) for _ in range(_CONNECTIONS)]
        try:
            began = time.perf_counter()
            gc.disable()
            self._ask(lines, began)
            return len(self.latencies), time.perf_counter() - began
        finally:
            gc.enable()
            for line in lines:
                line.line.close()

    def _ask(self, lines: Sequence[_Line], began: float) -> None:
        request = write_request("web")
        free, busy = deque(lines), dict[socket.socket, _Line]()
        waiting = deque(began + moment for moment in self.moments)
        end = waiting[-1] + _PATIENCE
        while waiting or busy:
            now = time.perf_counter()
            assert now < end, f"{len(busy)} answers never came"
            while waiting and free and waiting[0] <= now:
                line = free.popleft()
                line.due = waiting.popleft()
                line.line.send(request)
                busy[line.line] = line
            # select, for it alone waits by the microsecond; an epoll would round up to the next millisecond.
            pause = max(0.0, waiting[0] - time.perf_counter()) if waiting and free else 1.0
            ready, _, _ = select.select(busy, (), (), pause)
            for key in ready:
                if busy[key].read():
                    line = busy.pop(key)
                    self.latencies.append(time.perf_counter() - line.due)
                    free.append(line)


def _dial(address: Address) -> socket.socket:
    line = socket.create_connection(address, timeout=_PATIENCE)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line
