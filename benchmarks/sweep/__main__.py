"""Measures sweeps of many services; `python -m benchmarks.sweep --help`."""

import argparse
import json
import logging
import subprocess
import sys
from functools import partial
from statistics import median
from typing import Any, Final

from benchmarks.sweep.leaping import run
from benchmarks.sweep.measure import measure

_SIZES: Final = (10, 100, 1_000, 10_000)
_SHORT: Final = {
    "DescribeServices": "services",
    "ListTasks": "list",
    "DescribeTasks": "tasks",
    "GetTaskProtection": "protection",
    "GetMetricData": "metrics",
    "DescribeScalableTargets": "targets",
    "UpdateService": "updates",
}
_SECONDS_PROMISED: Final = 60
_MB_PROMISED: Final = 200


def measure_apart(count: int) -> dict[str, Any]:
    """Measure in a fresh process, for what was used once is used again."""
    command = [sys.executable, "-m", "benchmarks.sweep", "--services", str(count), "--json"]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def print_sweeps(kind: str, found: list[dict[str, Any]]) -> None:
    """Print what sweeps of each size cost."""
    print(f"\n{kind:18}{'seconds':>9}{'CPU s':>8}{'block ms':>10}{'MB':>7}{'refused':>9}  calls")
    for one in found:
        cost = one[kind]
        calls = ", ".join(f"{cost['calls'][name]} {short}" for name, short in _SHORT.items() if name in cost["calls"])
        print(
            f"{one['services']:>10,}        {cost['seconds']:9.2f}{cost['processor']:8.2f}{cost['blocks'] * 1000:10.0f}"
            f"{cost['memory']:7.1f}{cost['throttled']:9}  {calls or 'none'}"
        )


def print_wakes(found: list[dict[str, Any]]) -> None:
    """Print how long visitors waited, beside what they wait without any sweep."""
    print("\nwakes, median / worst in s   no sweep        sweeps of a front   sweeps that ask about all")
    for key, words in (("to_call", "visit to UpdateService"), ("to_answer", "to answered, less its task")):
        for one in found:
            told = [one["wakes"][kind][key] for kind in ("without", "presuming", "asking")]
            columns = [f"{median(some):6.2f} /{max(some):6.2f}" for some in told if some]
            print(f"{one['services']:>10,} {words:28}" + "      ".join(columns))


def print_watchers(found: list[dict[str, Any]]) -> None:
    """Print what a front's own looks cost, by which its sweeps judge."""
    print("\na front's watchers, a minute")
    for one in found:
        calls = ", ".join(f"{count} {_SHORT.get(name, name)}" for name, count in one["watchers"]["calls"].items())
        print(f"{one['services']:>10,} {one['watchers']['processor']:7.1%} of a core; {calls}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--services", type=int, action="append", metavar="N", help="of each number of services")
    parser.add_argument("--quick", action="store_true", help="a thousand services at most")
    parser.add_argument("--json", action="store_true", help="print what was found of one number, as JSON")
    options = parser.parse_args()
    sizes = options.services or [size for size in _SIZES if size <= 1_000 or not options.quick]
    if options.json:
        logging.disable(logging.WARNING)  # some services fail, as they should
        print(json.dumps(run(partial(measure, sizes[0]))))
        return
    found = [measure_apart(size) for size in sizes]
    print_sweeps("alone", found)
    print_sweeps("in a front", found)
    print_watchers(found)
    print_wakes(found)
    worst = found[-1]
    print(
        f"\n{worst['services']:,} services alone: {worst['alone']['seconds']:.0f} s (promised: {_SECONDS_PROMISED}), "
        f"{worst['alone']['memory']:.0f} MB (promised: {_MB_PROMISED}); "
        f"AWS refused {sum(sum(one['throttled'].values()) for one in found)} calls of all"
    )


if __name__ == "__main__":
    main()
