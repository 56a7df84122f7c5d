"""Measurements, each a script that compares in one run and prints ratios; `python -m benchmarks` runs them all."""
