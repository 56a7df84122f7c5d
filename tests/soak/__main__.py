"""Soak a front for as long as one likes: ``python -m tests.soak --minutes 30``."""

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.judging import judge
from tests.soak.running import run_soak


def main() -> None:
    """Run, print what was seen, and fail if anything of it must not be."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--every", type=float, default=15.0, help="seconds between two disturbances")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        soak = asyncio.run(run_soak(Path(folder), seconds=chosen.minutes * 60, every=chosen.every))
    sys.stdout.write(f"{soak}\n")
    judge(soak)


main()
