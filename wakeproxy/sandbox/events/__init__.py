"""EventBridge's rules and EventBridge Scheduler's schedules, where they have functions for targets.

moto keeps both and matches patterns; this room tells when a schedule is due and takes events to functions.
"""
