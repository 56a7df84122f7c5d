"""For how long a look is believed: a truth table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wakeproxy.core.observation import Observation
from wakeproxy.core.presumption import REST_HOLDS, UP_HOLDS, may_presume
from wakeproxy.core.record import Intent, Record
from wakeproxy.core.service import EcsService

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT_REST = Observation(EcsService("apps", "shop"), NOW, "ACTIVE")
UP = replace(AT_REST, desired=1, running=1)
DRAINING = replace(AT_REST, running=1)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ASLEEP, AWAKE = Intent.ASLEEP, Intent.AWAKE


@pytest.mark.parametrize(
    ("last", "intent", "age", "idle_after", "holds"),
    [
        (AT_REST, ASLEEP, 0 * MINUTE, HOUR, True),
        (AT_REST, ASLEEP, REST_HOLDS, HOUR, True),
        (AT_REST, ASLEEP, REST_HOLDS + SECOND, HOUR, False),
        (AT_REST, ASLEEP, 2 * MINUTE, 2 * MINUTE, True),
        (AT_REST, ASLEEP, 2 * MINUTE + SECOND, 2 * MINUTE, False),
        (AT_REST, AWAKE, 0 * MINUTE, HOUR, False),
        (AT_REST, ASLEEP, -SECOND, HOUR, False),
        (UP, AWAKE, UP_HOLDS, SECOND, True),
        (UP, AWAKE, UP_HOLDS + SECOND, HOUR, False),
        (UP, ASLEEP, SECOND, HOUR, True),
        (UP, AWAKE, -SECOND, HOUR, False),
        (DRAINING, ASLEEP, UP_HOLDS + SECOND, HOUR, False),
    ],
)
def test_a_look_is_believed_for_a_while(
    last: Observation, intent: Intent, age: timedelta, idle_after: timedelta, *, holds: bool
) -> None:
    record = Record(1, intent)
    assert may_presume(last, record, idle_after=idle_after, now=NOW + age) is holds
