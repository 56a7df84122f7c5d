"""Pieces are whole but for the last, and together they are what was cut."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.core.pieces import batched


@given(st.lists(st.integers()), st.integers(1, 7))
def test_pieces_are_whole_but_for_the_last(items: list[int], size: int) -> None:
    pieces = list(batched(items, size))

    assert list(chain.from_iterable(pieces)) == items
    assert all(len(piece) == size for piece in pieces[:-1])
    assert all(pieces)
