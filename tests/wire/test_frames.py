"""WebSocket frames: a tunnel knows where one ends, however they are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.wire.frames import GOING_AWAY, GOING_AWAY_MASKED, Frames

LENGTHS = st.sampled_from([0, 1, 125, 126, 127, 200, 65_535, 65_536])


def frame(length: int, *, masked: bool) -> bytes:
    mask = 0x80 * masked
    if length < 126:
        header = bytes((0x82, mask | length))
    elif length < 65_536:
        header = bytes((0x82, mask | 126)) + length.to_bytes(2)
    else:
        header = bytes((0x82, mask | 127)) + length.to_bytes(8)
    return header + b"\0" * 4 * masked + b"x" * length


@pytest.mark.parametrize("masked", [False, True])
@given(lengths=st.lists(LENGTHS, min_size=1, max_size=4), cuts=st.lists(st.integers(0, 300), max_size=12))
def test_only_the_end_of_a_frame_is_between_two(masked: bool, lengths: list[int], cuts: list[int]) -> None:  # noqa: FBT001 - a column of the table
    wire = b"".join(frame(length, masked=masked) for length in lengths)
    ends = {0}
    for length in lengths:
        ends.add(max(ends) + len(frame(length, masked=masked)))
    frames, at = Frames(), 0

    for stop in (*sorted(cuts), len(wire)):
        frames.follow(wire[at:stop])
        at = max(at, min(stop, len(wire)))
        assert frames.is_between is (at in ends)


@pytest.mark.parametrize("length", [0, 125, 126, 65_536])
def test_a_frame_is_followed_byte_by_byte(length: int) -> None:
    wire, frames = frame(length, masked=True), Frames()

    for at in range(len(wire)):
        frames.follow(wire[at : at + 1])
        assert frames.is_between is (at == len(wire) - 1)


@pytest.mark.parametrize("farewell", [GOING_AWAY, GOING_AWAY_MASKED])
def test_our_farewell_is_one_whole_frame(farewell: bytes) -> None:
    frames = Frames()
    frames.follow(farewell)

    assert frames.is_between
    assert farewell[0] == 0x88
    assert farewell.endswith((1001).to_bytes(2))
