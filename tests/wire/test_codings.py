"""What a client says of compressed answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.wire.codings import takes_gzip

TAKEN = {
    "browsers": b" gzip, deflate, br, zstd",
    "alone": b"gzip",
    "any case": b"GZip",
    "its old name": b"x-gzip",
    "a weight": b"gzip;q=0.001",
    "white space where it may stand": b"\tgzip \t; q=1.000 ,br",
    "a weight without digits behind its point": b"gzip;q=1.",
    "an upper-case weight": b"gzip;Q=0.5",
    "everything": b"*",
    "everything, less": b"*;q=0.1",
    "everything else not": b"gzip, *;q=0",
    "no less than nothing": b"gzip, identity",
    "rather than nothing": b"gzip;q=1.0, identity; q=0.5, *;q=0",
    "rather nothing than anything else": b"*;q=0.5, gzip, identity;q=0.8",
    "never plain": b"identity;q=0, *",
    "empty elements": b", ,gzip,",
    "several fields": b" br, gzip",
}
NOT_TAKEN = {
    "nothing": b"",
    "white space": b" ",
    "others": b"br, deflate",
    "no coding": b"identity",
    "refused": b"gzip;q=0",
    "refused with digits": b"gzip;q=0.000, br",
    "refused by its old name": b"gzip, x-gzip;q=0",
    "refused once of twice": b"gzip;q=0, gzip",
    "refused among all": b"*, gzip;q=0",
    "everything refused": b"*;q=0",
    "rather plain": b"gzip;q=0.5, identity",
    "rather plain than anything": b"*;q=0.5, identity;q=0.6",
    "videos": b"identity;q=1, *;q=0",
    "a longer name": b"gzipped, bgzip, gzip-2",
    "no weight": b"gzip;q=",
    "a weight above 1": b"gzip;q=1.1",
    "a weight of four digits": b"gzip;q=0.5000",
    "a negative weight": b"gzip;q=-1",
    "a weight in letters": b"gzip;q=high",
    "white space within a weight": b"gzip;q = 1",
    "another parameter": b"gzip;level=9",
    "two parameters": b"gzip;q=1;level=9",
    "no list": b"gzip deflate",
    "quotes": b'"gzip"',
    "something malformed beside it": b"gzip, br;q=2",
    "bytes": b"gzip\xe9",
}
OTHERS = st.sampled_from([b"br", b"deflate;q=0", b"zstd;q=0.3", b"compress", b"gzipped", b"gzi;q=1.000"])


@pytest.mark.parametrize("value", TAKEN.values(), ids=TAKEN)
def test_it_is_taken(value: bytes) -> None:
    assert takes_gzip(value)


@pytest.mark.parametrize("value", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_it_is_not_taken(value: bytes) -> None:
    assert not takes_gzip(value)


@given(
    value=st.sampled_from([*TAKEN.values(), *NOT_TAKEN.values()]),
    before=st.lists(OTHERS, max_size=3),
    after=st.lists(OTHERS, max_size=3),
)
def test_what_is_said_of_other_codings_changes_nothing(value: bytes, before: list[bytes], after: list[bytes]) -> None:
    assert takes_gzip(b",".join((*before, value, *after))) is takes_gzip(value)


@given(elements=st.permutations([b"gzip;q=0.5", b"x-gzip", b"identity;q=0.5", b"*;q=0", b"br"]))
def test_the_order_changes_nothing(elements: list[bytes]) -> None:
    assert takes_gzip(b",".join(elements))


@given(weight=st.integers(0, 1000), identity=st.integers(0, 1000))
def test_the_greater_weight_wins_and_zero_never(weight: int, identity: int) -> None:
    value = b"identity;q=%.3f, gzip;q=%.3f" % (identity / 1000, weight / 1000)

    assert takes_gzip(value) is (weight > 0 and weight >= identity)


@given(value=st.binary(max_size=60) | st.text("gzip*identy;q=01., \t", max_size=40).map(str.encode))
def test_whatever_is_said_is_judged(value: bytes) -> None:
    assert takes_gzip(value) in {True, False}
