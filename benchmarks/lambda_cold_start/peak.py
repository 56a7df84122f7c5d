"""Runs a handler, and tells on the standard error how much memory it had at most, in KiB."""

import runpy
import sys

module = sys.argv[1]
del sys.argv[1]
runpy.run_module(module)
with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib is not what is measured
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")), file=sys.stderr)
