"""Fuzz the wire: ``python -m tests.fuzz --seconds 60``. What fails is written down as ``crash-...`` where it is run.

Atheris (libFuzzer) watches which branches of `wakeproxy.wire` bytes reach, and changes them so that they reach others.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["wakeproxy.wire"]):
    from tests.fuzz.target import ANSWER, BODY, REQUEST, judge
from tests.wire import kept

_LONGEST = 4096


def main() -> None:
    """Run for so many seconds, or so many inputs."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=-1, help="inputs; with a seed the run is the same each time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("crash", nargs="*", type=Path, help="only judge these")
    chosen = parser.parse_args()
    if chosen.crash:
        for path in chosen.crash:
            judge(path.read_bytes())
        return
    with TemporaryDirectory() as folder:
        plant(Path(folder))
        limits = (f"-max_total_time={chosen.seconds}", f"-runs={chosen.runs}", f"-seed={chosen.seed}")
        atheris.Setup([sys.argv[0], folder, *limits, f"-max_len={_LONGEST}", "-verbosity=0"], judge)
        atheris.Fuzz()


def plant(folder: Path) -> None:
    """Write the corpus down as seeds, each with the byte that says what it is."""
    for kind, paths in ((REQUEST, kept.REQUESTS), (ANSWER, kept.ANSWERS)):
        for path in paths:
            data = path.read_bytes()
            (folder / f"{kind}-{path.stem}").write_bytes(bytes((kind,)) + data)
            (folder / f"{BODY}-{kind}-{path.stem}").write_bytes(bytes((BODY,)) + data.partition(b"\r\n\r\n")[2])


main()
