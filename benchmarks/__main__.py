"""Runs every measurement, one after the other; the long ones in their short form."""

import runpy
import sys
from contextlib import suppress

for name in ("start", "lambda_cold_start", "ready_to_served", "crowd"):
    print(f"== {name}", flush=True)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
for name in ("sweep", "rollout", "relay"):
    print(f"== {name}", flush=True)
    sys.argv[1:] = ["--quick"]
    with suppress(SystemExit):  # what it lacks, it has said
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
