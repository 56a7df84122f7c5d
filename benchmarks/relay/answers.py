"""What wakeproxy answers itself, the wait page and the redirect, beside what it passes on."""

from collections.abc import Sequence
from http import HTTPStatus

from benchmarks.relay.headers import BROWSER, host_of
from benchmarks.relay.load import Load, run_load
from benchmarks.relay.measure import Plan, Samples
from benchmarks.relay.peers import OURS, Peer, Seat, run_wakeproxy
from benchmarks.relay.site import Site, find_address
from benchmarks.relay.table import Bound, Table, Target
from tests.world import visit

_PROXIED, _PAGE, _REDIRECT = "proxied", "wait page", "redirect"
_LOADS = {
    _PROXIED: Load(),
    _PAGE: Load(service="stuck", status_is_error=True),
    _REDIRECT: Load(service="moved"),
}
_STATUSES = {_PAGE: HTTPStatus.SERVICE_UNAVAILABLE, _REDIRECT: HTTPStatus.TEMPORARY_REDIRECT}
_SERVICES = {"stuck": {}, "moved": {"serve": "redirect", "address": "public"}}
_TARGETS = {
    "requests/s": tuple(Target(Bound(1.5, _PROXIED), Bound(3.0, _PROXIED), seat) for seat in (_PAGE, _REDIRECT)),
}


async def measure(site: Site, peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Ask wakeproxy for all three in turns."""
    samples = Samples()
    if OURS not in {peer.name for peer in peers}:
        return []
    await site.world.create("stuck")
    await site.world.create("moved", public=True, desired_count=1)
    await site.world.control("POST", "faults", {"kind": "capacity", "target": "apps/stuck", "times": None})
    await find_address(site.world, "moved")
    async with run_wakeproxy(site, _SERVICES) as (seat, front):
        await front.until("moved", "AWAKE")
        sizes = {kind: await _check(seat, kind) for kind in _STATUSES}
        await front.until("stuck", "WAKING")
        for turn in range(plan.rounds + 1):
            for kind, load in _LOADS.items():
                done = await run_load(seat, load, seconds=plan.seconds)
                if turn:  # the first one warms up
                    samples.add("requests/s", kind, done.rate)
                    samples.add("CPU us/request", kind, done.cost)
    for name in ("stuck", "moved"):
        await site.world.scale(name, 0)
    await site.world.control("DELETE", "faults")
    title = f"wakeproxy's own ({_PAGE}: {sizes[_PAGE]:,} bytes as sent) beside what it passes on"
    return [Table("answers", title, samples.rows(_TARGETS), against=_PROXIED)]


async def _check(seat: Seat, kind: str) -> int:
    """Look at an answer before it is counted; returns how many bytes of a body are sent, compressed if they are."""
    url = f"http://{host_of(_LOADS[kind].service)}:{seat.port}/"
    async with visit() as session, session.get(url, headers=dict(BROWSER), allow_redirects=False) as answer:
        assert answer.status == _STATUSES[kind], (kind, answer.status)
        await answer.read()
        assert answer.content_length is not None, kind
        return answer.content_length
