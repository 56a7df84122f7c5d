"""`python -m wakeproxy.sandbox`: a sandbox in a process of its own, for programs that start one.

Prints one JSON line, `{"url": ...}`, once it serves. Ends on SIGTERM, on SIGINT, and when its standard input ends if
that is a pipe: a program that holds the other end cannot forget its sandbox.
"""

import argparse
import ctypes
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from wakeproxy.sandbox.ending import Ending
from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.faults.file import load_faults
from wakeproxy.sandbox.sandbox import PULLS, Sandbox
from wakeproxy.sandbox.timings import TIMINGS

_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal a process gets when its parent dies."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; returns the exit status."""
    options = _parse(arguments)
    ending = Ending(signal.SIGTERM, signal.SIGINT)
    if options.with_parent:
        _die_with_parent(ending)
    try:
        sandbox = Sandbox(port=options.port, timings=TIMINGS[options.timing], pull=options.pull, region=options.region)
        if options.faults:
            sandbox.faults.add(*load_faults(options.faults))
        with sandbox:
            sys.stdout.write(json.dumps({"url": sandbox.url}) + "\n")
            sys.stdout.flush()
            _watch_stdin(ending)
            ending.wait()
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m wakeproxy.sandbox", description="AWS on this machine.")
    parser.add_argument("--port", type=int, default=4566, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--timing", choices=sorted(TIMINGS), default="fast", help="default: %(default)s")
    parser.add_argument("--pull", choices=PULLS, default="known", help="whether unknown images run an echo app")
    parser.add_argument("--region", default="eu-central-1", help="default: %(default)s")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a YAML or JSON file of faults")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent process ends")
    return parser.parse_args(arguments)


def _watch_stdin(ending: Ending) -> None:
    """Only a pipe or a socket is somebody's hold on us; /dev/null ends at once and means nothing."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        threading.Thread(target=_wait_for_end, args=[ending], name="sandbox-stdin", daemon=True).start()


def _wait_for_end(ending: Ending) -> None:
    while os.read(0, 4096):
        pass
    ending.tell()


def _die_with_parent(ending: Ending) -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        ending.tell()


if __name__ == "__main__":
    sys.exit(main())
