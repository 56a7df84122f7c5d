"""Requests per second on one core, 64 keep-alive connections, and what each costs; a small answer."""

from collections.abc import Sequence

from benchmarks.relay.headers import BARE, BROWSER
from benchmarks.relay.load import Load, run_load, warm_up
from benchmarks.relay.measure import Plan, Samples
from benchmarks.relay.peers import GO, NGINX, Peer, open_seats
from benchmarks.relay.site import Site
from benchmarks.relay.table import Bound, Table, Target

_LOADS = {
    "browser": Load(fields=BROWSER),
    "visitors": Load(fields=BROWSER, varies=True),
    "bare": Load(fields=BARE),
}
"""The same request again and again, as a browser's for one image after the other; one whose path, cookie and answer's
fields are new each time, as those that a load balancer collects from many visitors; and the least there can be."""
_TARGETS = {
    "browser: requests/s": (
        Target(Bound(2.0, GO), Bound(2.5, GO)),
        Target(Bound(0.65, NGINX), Bound(0.9, NGINX)),
    ),
    "browser: CPU us/request": (Target(Bound(0.45, GO, at_least=False), Bound(0.35, GO, at_least=False)),),
}


async def measure(site: Site, peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Load each proxy in turns with both kinds of request."""
    samples = Samples()
    async with open_seats(site, peers) as seats:
        await warm_up(seats, _LOADS["browser"])
        for _ in range(plan.rounds):
            for kind, load in _LOADS.items():
                for seat in seats:
                    done = await run_load(seat, load, seconds=plan.seconds)
                    samples.add(f"{kind}: requests/s", seat.name, done.rate)
                    samples.add(f"{kind}: CPU us/request", seat.name, done.cost)
                    samples.add(f"{kind}: busy, % of its core", seat.name, done.busy)
                    samples.add(f"{kind}: others there, %", seat.name, done.disturbed)
    return [Table("throughput", "one core, 64 keep-alive connections, small answer", samples.rows(_TARGETS))]
