"""What a follower takes for true until its owner has answered: the same that the waker would say at once.

A page must not say that a service sleeps which its visit has just woken, and a request that was refused must not go to
the same task again, be the owner as far away as it likes.
"""

from dataclasses import replace
from datetime import datetime

from wakeproxy.core.lifecycle import Event, advance
from wakeproxy.core.observation import Endpoint
from wakeproxy.core.record import later
from wakeproxy.core.sight import Sight
from wakeproxy.engine.life import begin


def presume_visited(sight: Sight, now: datetime) -> Sight:
    """Say how a service stands after a visit."""
    phase, _ = advance(sight.phase, Event.VISITED)
    return sight if phase is sight.phase else begin(replace(sight, phase=phase), at=now, wakes=())


def presume_kept(sight: Sight, until: datetime) -> Sight:
    """Say how a service stands after somebody asked for it to stay awake."""
    kept_until = later(sight.outlook.kept_until, until)
    return replace(sight, outlook=replace(sight.outlook, kept_until=kept_until))


def presume_refused(sight: Sight, endpoint: Endpoint, now: datetime) -> Sight:
    """Say how a service stands after one of its tasks refused."""
    rest = replace(sight, endpoints=tuple(one for one in sight.endpoints if one != endpoint))
    if rest.endpoints:
        return rest
    phase, _ = advance(sight.phase, Event.FELL_SILENT)
    return rest if phase is sight.phase else begin(replace(rest, phase=phase), at=now, wakes=())
