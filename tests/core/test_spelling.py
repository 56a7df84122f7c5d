"""How ledgers spell instants and stages."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import at
from wakeproxy.core.observation import Stage
from wakeproxy.core.spelling import (
    read_instant,
    read_stages,
    read_tasks,
    spell_instant,
    spell_stages,
    spell_tasks,
)

INSTANTS = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the time zone
    datetime(9999, 12, 30),  # noqa: DTZ001 - the same
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9))]),
)


@given(INSTANTS)
def test_an_instant_is_read_as_it_was_spelled(instant: datetime) -> None:
    assert read_instant(spell_instant(instant)) == instant


@given(INSTANTS, INSTANTS)
def test_spelled_instants_compare_as_instants_do(one: datetime, other: datetime) -> None:
    assert (spell_instant(one) < spell_instant(other)) is (one < other)


def test_an_instant_is_spelled_in_utc_with_microseconds() -> None:
    assert spell_instant(at(0).astimezone(timezone(timedelta(hours=9)))) == "2026-11-21T12:00:00.000000+00:00"


def test_stages_are_read_as_they_were_spelled() -> None:
    stages = ((Stage.REQUESTED, at(0)), (Stage.PULLING, at(2.5)))

    assert read_stages(spell_stages(stages)) == stages
    assert spell_stages(()) == "[]"


def test_stages_are_spelled_by_their_names() -> None:
    assert spell_stages([(Stage.PULLING, at(0))]) == '[["PULLING", "2026-11-21T12:00:00.000000+00:00"]]'


@pytest.mark.parametrize("text", ["", "{", "1", "[1]", '[["PULLING", "noon"]]', '[["DREAMING", "2026-11-21T12:00Z"]]'])
def test_what_are_no_stages_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|stages|isoformat"):
        read_stages(text)


@pytest.mark.parametrize("tasks", [(), ("arn:a",), ("arn:a", "arn:b")])
def test_tasks_are_read_as_they_were_spelled(tasks: tuple[str, ...]) -> None:
    assert read_tasks(spell_tasks(tasks)) == tasks


@pytest.mark.parametrize("text", ["", "{}", "1", "[1]"])
def test_what_are_no_tasks_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|tasks"):
        read_tasks(text)
