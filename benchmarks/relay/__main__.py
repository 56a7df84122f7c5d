"""Measures the proxies beside one another; `python -m benchmarks.relay --help`."""

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace

from benchmarks.relay import answers, bodies, latency, memory, nginx, throughput, waiting, websockets
from benchmarks.relay.machine import Cores, allow_files, alone, on_core
from benchmarks.relay.measure import FULL, QUICK, Measure, Plan
from benchmarks.relay.peers import OURS, Peer, choose_peers, describe_peers
from benchmarks.relay.site import open_site
from benchmarks.relay.table import Table

MEASURES: dict[str, Measure] = {
    "throughput": throughput.measure,
    "latency": latency.measure,
    "bodies": bodies.measure,
    "memory": memory.measure,
    "websockets": websockets.measure,
    "answers": answers.measure,
    "waiting": waiting.measure,
}


async def run(names: Sequence[str], peers: Sequence[Peer], plan: Plan) -> list[Table]:
    """Take the measures one after the other, printing each when it is done."""
    cores, tables = Cores.choose(), list[Table]()
    room = max(plan.idle, plan.waiters) + 1000
    with on_core(cores.load):
        for name in names:
            async with open_site(cores, room) as site:
                for table in await MEASURES[name](site, peers, plan):
                    print("\n".join(table.lines()), flush=True)
                    tables.append(table)
    return tables


def missing_tools() -> list[str]:
    """Name what nothing can be measured without: the upstream and the load."""
    tools = {"nginx-light": nginx.find(), "wrk": shutil.which("wrk")}
    return [f"{package} (apt-get install {package})" for package, found in tools.items() if not found]


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short loads, few turns: about two minutes")
    parser.add_argument("--only", metavar="NAME,...", help=f"of {', '.join(MEASURES)}")
    parser.add_argument("--peers", metavar="NAME,...", help="of wakeproxy, nginx, Go, aiohttp")
    parser.add_argument("--seconds", type=float, help="how long a load lasts")
    parser.add_argument("--rounds", type=int, help="how many turns are taken")
    parser.add_argument("--json", action="store_true", help="print every sample, as JSON, instead of tables")
    options = parser.parse_args()
    options.names = options.only.split(",") if options.only else list(MEASURES)
    if unknown := set(options.names) - set(MEASURES):
        parser.error(f"there is no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    return options


def choose_plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else FULL
    if options.rounds:
        plan = replace(plan, rounds=options.rounds, weighings=options.rounds)
    return replace(plan, seconds=options.seconds) if options.seconds else plan


def measure_all(options: argparse.Namespace) -> list[Table]:
    peers = choose_peers()
    if options.peers:
        peers = [peer for peer in peers if peer.name in options.peers.split(",")]
    plan, cores = choose_plan(options), Cores.choose()
    print(f"{describe_peers()}; Python {sys.version.split()[0]}; load {os.getloadavg()[0]:.1f}")
    print(f"core {cores.proxy} for the proxy, core {cores.load} for load and upstream; {plan}")
    print(f"medians; in brackets {OURS}'s median ratio to each of the same turn", flush=True)
    if cores.proxy == cores.load:
        print("there is one core only: the proxy shares it with its load, and ratios lean towards 1")
    allow_files()
    return asyncio.run(run(options.names, peers, plan))


def main() -> int:
    options = parse_options()
    if missing := missing_tools():
        print(f"left out, for want of {' and '.join(missing)}", file=sys.stderr)
        return 2
    with alone(), redirect_stdout(sys.stderr if options.json else sys.stdout):
        tables = measure_all(options)
    if options.json:
        print(json.dumps([table.document() for table in tables], indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
