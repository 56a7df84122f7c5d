"""Simulate: ``python -m tests.simulation --seconds 60`` runs schedule after schedule, each from its own seed.

``--seed N --trace`` runs one, the same each time, and tells all that happens in it.
"""

import argparse
import sys
import time
from itertools import count

from tests.simulation.schedule import run_seed
from tests.simulation.telling import tell


def main() -> int:
    """Run schedules until the time is over or a promise was broken; 1 when one was."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="tell all that happens")
    parser.add_argument("--keep-going", action="store_true", help="go on after a broken promise")
    chosen = parser.parse_args()
    ends_at = time.monotonic() + chosen.seconds
    seeds = iter([chosen.seed]) if chosen.seed is not None else count(chosen.first)
    good, bad = 0, 0
    for seed in seeds:
        verdict = run_seed(seed)
        good, bad = good + verdict.is_good, bad + (not verdict.is_good)
        if chosen.trace or not verdict.is_good:
            sys.stdout.writelines(f"{line}\n" for line in tell(verdict, with_journal=chosen.trace))
        if (bad and not chosen.keep_going) or time.monotonic() >= ends_at:
            break
    sys.stdout.write(f"{good} schedules kept every promise, {bad} did not\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
