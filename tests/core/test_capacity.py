"""Floors: what is remembered, what is owed, and when it is forgotten."""

from dataclasses import replace

import pytest

from tests.core.build import NOW, at
from wakeproxy.core.capacity import Capacity, Forget, GiveBack, Settlement, remember_floor, settle
from wakeproxy.core.record import Intent, Record

AWAKE = Record(3, Intent.AWAKE, claimed_at=at(-60), last_used_at=at(-60), floor=2)


@pytest.mark.parametrize(
    ("owed", "capacity", "floor"),
    [
        (0, Capacity(2, 5), 2),
        (3, Capacity(2, 5), 2),
        (2, Capacity(0, 5), 2),
        (0, Capacity(0, 5), 0),
        (0, None, 0),
        (2, None, 2),
    ],
)
def test_the_floor_is_the_targets_minimum_or_what_is_owed_still(
    owed: int, capacity: Capacity | None, floor: int
) -> None:
    assert remember_floor(replace(AWAKE, floor=owed), capacity) == floor


@pytest.mark.parametrize(
    ("record", "capacity", "expected"),
    [
        (AWAKE, Capacity(0, 5), GiveBack(2)),
        (AWAKE, Capacity(0, 1), GiveBack(1)),
        (replace(AWAKE, claimed_at=NOW), Capacity(0, 5), GiveBack(2)),
        (AWAKE, Capacity(2, 5), Forget()),
        (AWAKE, Capacity(1, 5), Forget()),
        (AWAKE, None, Forget()),
        (AWAKE, Capacity(0, 0), Forget()),
        (replace(AWAKE, claimed_at=None), Capacity(2, 5), Forget()),
        (replace(AWAKE, claimed_at=at(-29)), Capacity(2, 5), None),
        (replace(AWAKE, claimed_at=at(-30)), Capacity(2, 5), Forget()),
        (replace(AWAKE, intent=Intent.ASLEEP), Capacity(0, 5), None),
        (replace(AWAKE, floor=0), Capacity(0, 5), None),
    ],
)
def test_a_debt_is_settled(record: Record, capacity: Capacity | None, expected: Settlement | None) -> None:
    assert settle(record, capacity, now=NOW) == expected
