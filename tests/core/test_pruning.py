import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeproxy.core.pruning import choose_prunable
from wakeproxy.errors import UsageError

REVISIONS = [f"arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:{number}" for number in range(12, 0, -1)]
ACTIVE = st.lists(st.sampled_from(REVISIONS), unique=True).map(lambda some: sorted(some, key=REVISIONS.index))
SPARED = st.frozensets(st.sampled_from([*REVISIONS, "another family's"]))
KEPT = st.integers(1, 14)


@pytest.mark.parametrize(
    ("keep", "spared", "chosen"),
    [
        (1, "", "abcd"),
        (2, "", "abc"),
        (2, "b", "ac"),
        (2, "e", "abc"),
        (2, "abc", ""),
        (5, "", ""),
        (9, "", ""),
    ],
)
def test_of_five_revisions_the_newest_are_kept_and_of_the_others_those_spared(
    keep: int, spared: str, chosen: str
) -> None:
    assert choose_prunable("edcba", keep=keep, spared=frozenset(spared)) == tuple(chosen)


@given(ACTIVE, KEPT, SPARED)
def test_none_that_is_spared_is_ever_chosen(active: list[str], keep: int, spared: frozenset[str]) -> None:
    assert not spared.intersection(choose_prunable(active, keep=keep, spared=spared))


@given(ACTIVE, KEPT, SPARED)
def test_as_many_stay_as_are_to_be_kept_and_they_are_the_newest(
    active: list[str], keep: int, spared: frozenset[str]
) -> None:
    chosen = choose_prunable(active, keep=keep, spared=spared)

    assert [arn for arn in active if arn not in chosen][:keep] == active[:keep]


@given(ACTIVE, KEPT, SPARED)
def test_the_oldest_are_chosen_first(active: list[str], keep: int, spared: frozenset[str]) -> None:
    chosen = choose_prunable(active, keep=keep, spared=spared)

    assert list(chosen) == sorted(chosen, key=active.index, reverse=True)


@pytest.mark.parametrize("keep", [0, -1])
def test_fewer_than_one_revision_cannot_be_kept(keep: int) -> None:
    with pytest.raises(UsageError, match=f"{keep} revisions cannot be kept"):
        choose_prunable(REVISIONS, keep=keep, spared=frozenset())
