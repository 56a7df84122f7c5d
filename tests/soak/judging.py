"""What a soak must show, however long it was."""

from tests.soak.running import Soak
from tests.soak.traffic import KINDS

GROWTH = 24 * 2**20
"""Bytes of resident memory; buffers of the busiest moment stay with the allocator."""


def judge(soak: Soak) -> None:
    """Fail if a byte was wrong, a visit suffered without a cause, or the front holds more than before."""
    assert soak.log.wrong == []
    assert soak.unexplained == []
    assert set(soak.log.done) == set(KINDS), "every kind of visit was among them"
    assert sum(soak.log.done.values()) > 5 * len(soak.log.troubles), "most went well"
    assert soak.in_flight == 0
    assert soak.after.files <= soak.before.files
    assert soak.after.resident - soak.before.resident < GROWTH
