"""The sandbox's wall clock: the only place in this room that reads it.

AWS answers carry instants as seconds since 1970; spans and deadlines are the timeline's business, never this one's.
"""

import time


def epoch() -> float:
    """Seconds since 1970, to the millisecond, which is what ECS answers."""
    return round(time.time(), 3)  # noqa: TID251 - the sandbox is AWS, and AWS has a clock
