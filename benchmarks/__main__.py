"""Runs every measurement, one after the other."""

import runpy

for name in ("start", "ready_to_served", "crowd"):
    print(f"== {name}", flush=True)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
