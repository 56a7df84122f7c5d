"""Visitors' answers and sweeps without a process that stays: one invocation of a function at a time."""
