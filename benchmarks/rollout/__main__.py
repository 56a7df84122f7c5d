"""Puts rollouts beside those of ecs-deploy; `python -m benchmarks.rollout --help`."""

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rollout import definitions, images, services, trouble
from benchmarks.rollout.case import Case, Trial, Verdict, try_case
from benchmarks.rollout.speed import SIZES, measure_all
from benchmarks.rollout.tools import Tool, make_tools
from tests.world import World, run_sandbox

CASES: Sequence[Case] = (*images.CASES, *definitions.CASES, *trouble.CASES, *services.CASES)


async def try_cases(tools: Sequence[Tool], cases: Sequence[Case], *, is_loud: bool) -> None:
    """Put every case before both tools at once, each in a sandbox of its own, and print what became of it."""
    totals = [Counter[Verdict]() for _ in tools]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        async with run_sandbox(Path(one)) as ours, run_sandbox(Path(other)) as theirs:
            for number, case in enumerate(cases, 1):
                trials = await _try_both(tools, (ours, theirs), case)
                print(f"{number:3} {case.what}")
                for tool, trial, total in zip(tools, trials, totals, strict=True):
                    total[trial.verdict] += 1
                    print(f"    {tool.name:12}{trial.verdict:12} {trial.words}", flush=True)
                    if is_loud and trial.said:
                        print(trial.said)
    print(f"\nof {len(cases)}")
    for tool, total in zip(tools, totals, strict=True):
        print(f"    {tool.name:12}" + ", ".join(f"{total[one]} {one}" for one in Verdict))


async def _try_both(tools: Sequence[Tool], worlds: Sequence[World], case: Case) -> Sequence[Trial]:
    pairs = zip(worlds, tools, (True, False), strict=True)
    return await asyncio.gather(*(try_case(world, tool, case, is_ours=is_ours) for world, tool, is_ours in pairs))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rollout", description=__doc__)
    parser.add_argument("--cases", action="store_true", help="only the hard cases")
    parser.add_argument("--speed", action="store_true", help="only calls and seconds")
    parser.add_argument(
        "--only", metavar="WORDS", help="only cases with these words in their name, and all that is said"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how many turns are taken for speed")
    parser.add_argument("--quick", action="store_true", help="two turns of one task each, and all cases")
    options = parser.parse_args()
    tools = make_tools()
    chosen = [case for case in CASES if not options.only or options.only in case.what]
    if not options.cases and not options.only:
        sizes, rounds = (SIZES[:1], 2) if options.quick else (SIZES, options.rounds)
        asyncio.run(measure_all(tools, sizes, rounds))
    if not options.speed:
        asyncio.run(try_cases(tools, chosen, is_loud=bool(options.only)))


if __name__ == "__main__":
    main()
