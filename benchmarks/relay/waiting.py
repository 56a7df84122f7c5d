"""Ten thousand clients that wait for one wake: what each weighs, and how soon the last one hears after the first."""

import asyncio
import select
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.relay.clients import connect_many
from benchmarks.relay.headers import BARE, BROWSER, host_of, write_request
from benchmarks.relay.load import Load, warm_up
from benchmarks.relay.machine import resident
from benchmarks.relay.measure import Plan, Samples
from benchmarks.relay.peers import OURS, Peer, Seat, run_wakeproxy
from benchmarks.relay.site import Site
from benchmarks.relay.table import Bound, Table, Target
from tests.world import visit

_READY = b"event: ready"
_PATIENCE = 60.0
_HEARD, _WEIGHT = "seconds from first to last heard", "KB for each who waits"
_TARGETS = {
    _HEARD: (Target(Bound(1.0, at_least=False), Bound(0.3, at_least=False)),),
    _WEIGHT: (Target(Bound(20, at_least=False), Bound(8, at_least=False)),),
}
_FIELDS = (*BARE, ("Accept", "text/event-stream"), ("Sec-Fetch-Site", "same-origin"))


async def measure(site: Site, peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Hold a wake back until everybody waits, then let it go; another service and a fresh front each time."""
    samples = Samples()
    if OURS not in {peer.name for peer in peers}:
        return []
    for turn in range(plan.weighings):
        service = f"crowd-{turn}"
        await site.world.create(service)
        await site.world.control("POST", "faults", {"kind": "capacity", "target": f"apps/{service}", "times": None})
        async with run_wakeproxy(site, {service: {}}) as (seat, front):
            await warm_up([seat], Load())
            async with visit() as session, session.get(front.url(service), headers=dict(BROWSER)):
                await front.until(service, "WAKING")
            weight, heard = await _wait(site, seat, service, plan.waiters)
            samples.add(_HEARD, OURS, heard[-1] - heard[0])
            samples.add(_WEIGHT, OURS, weight / plan.waiters / 1000)
            if len(heard) < plan.waiters:
                print(f"  only {len(heard)} of {plan.waiters} heard that {host_of(service)} is ready")
        await site.world.scale(service, 0)
    return [Table("waiting", f"{plan.waiters:,} clients on the stream of events", samples.rows(_TARGETS))]


async def _wait(site: Site, seat: Seat, service: str, count: int) -> tuple[int, list[float]]:
    loop, all_wait = asyncio.get_running_loop(), asyncio.Event()
    work = partial(_listen, seat, service, count, lambda: loop.call_soon_threadsafe(all_wait.set))
    listening = asyncio.create_task(asyncio.to_thread(work))
    told = asyncio.create_task(all_wait.wait())
    await asyncio.wait((listening, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    await site.world.control("DELETE", "faults")
    return await listening


def _listen(seat: Seat, service: str, count: int, say: Callable[[], object]) -> tuple[int, list[float]]:
    """Wait with all of them; returns what they weigh together, and when each heard."""
    before = resident(seat.pid)
    request = write_request(service, "/.wakeproxy/events", _FIELDS)
    with connect_many(seat.port, count, request) as lines:
        time.sleep(1)
        weight = resident(seat.pid) - before
        say()
        return weight, _hear(lines)


def _hear(lines: Sequence[socket.socket]) -> list[float]:
    poll = select.epoll()
    waiting = {line.fileno(): line for line in lines}
    for fd in waiting:
        poll.register(fd, select.EPOLLIN)
    heard: list[float] = []
    while waiting and (ready := poll.poll(_PATIENCE)):
        for fd, _ in ready:
            came = waiting[fd].recv(65_536)
            if _READY in came:
                heard.append(time.perf_counter())
            elif came:
                continue
            poll.unregister(fd)
            del waiting[fd]
    poll.close()
    return heard
