import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from tests.core.documents import REVISIONS, container, revision
from wakeproxy.core.comparison import Difference, compare, write_difference
from wakeproxy.core.completion import complete
from wakeproxy.core.taskdef import Revision, would_be_same


def told(before: Revision, after: Revision) -> list[str]:
    return [write_difference(one) for one in compare(before, after)]


def entry(name: str, value: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "value": value, **fields}


@given(REVISIONS, REVISIONS)
def test_there_are_differences_exactly_where_two_would_not_be_the_same(one: Revision, other: Revision) -> None:
    assert (compare(one, other) == ()) == would_be_same(one, other)


@given(REVISIONS)
def test_nothing_differs_from_itself(one: Revision) -> None:
    assert compare(one, copy.deepcopy(one)) == ()


@given(REVISIONS)
def test_what_ecs_makes_of_a_task_definition_does_not_differ_from_it(one: Revision) -> None:
    assert compare(one, Revision(complete(one.document), one.tags)) == ()


@given(REVISIONS, REVISIONS)
def test_differences_read_backwards_are_those_the_other_way_round(one: Revision, other: Revision) -> None:
    backwards = {each.path: (each.after, each.before) for each in compare(one, other)}

    assert {each.path: (each.before, each.after) for each in compare(other, one)} == backwards


@given(REVISIONS, REVISIONS)
def test_every_difference_is_at_one_place_and_is_one(one: Revision, other: Revision) -> None:
    differences = compare(one, other)

    assert len({each.path for each in differences}) == len(differences)
    assert all(each.before != each.after for each in differences)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"image": "a:1"}, {"image": "a:2"}, ["~ containerDefinitions[web].image: a:1 -> a:2"]),
        ({}, {"cpu": 256}, ["~ containerDefinitions[web].cpu: 0 -> 256"]),
        ({}, {"user": "www"}, ["+ containerDefinitions[web].user: www"]),
        ({"user": "www"}, {"user": None}, ["- containerDefinitions[web].user: www"]),
        (
            {"environment": [entry("B", "1"), entry("A", "2")]},
            {"environment": [entry("A", "3"), entry("C", "4")]},
            [
                "~ containerDefinitions[web].environment[A]: 2 -> 3",
                "- containerDefinitions[web].environment[B]: 1",
                "+ containerDefinitions[web].environment[C]: 4",
            ],
        ),
        ({}, {"environment": [entry("A", "")]}, ['+ containerDefinitions[web].environment[A]: ""']),
        (
            {"environment": [entry("A", "1", hint=1)]},
            {"environment": [entry("A", "1", hint=2)]},
            ["~ containerDefinitions[web].environment[A].hint: 1 -> 2"],
        ),
        (
            {"environment": [entry("A", "1")]},
            {"environment": [entry("A", "1", hint=2)]},
            ['~ containerDefinitions[web].environment[A]: 1 -> {"name": "A", "value": "1", "hint": 2}'],
        ),
        (
            {"environment": [entry("A", "1"), entry("A", "2")]},
            {"environment": [entry("A", "1"), entry("B", "2")]},
            ["~ containerDefinitions[web].environment[1].name: A -> B"],
        ),
        (
            {},
            {"secrets": [{"name": "A", "valueFrom": "arn:a"}]},
            ["+ containerDefinitions[web].secrets[A]: arn:a"],
        ),
        (
            {"portMappings": [{"containerPort": 80}]},
            {"portMappings": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "protocol": "udp"}]},
            [
                "~ containerDefinitions[web].portMappings[80/tcp].hostPort: 0 -> 8080",
                (
                    "+ containerDefinitions[web].portMappings[53/udp]: "
                    '{"containerPort": 53, "protocol": "udp", "hostPort": 0}'
                ),
            ],
        ),
        (
            {"portMappings": [{"containerPort": 80, "name": "value"}]},
            {"portMappings": [{"containerPort": 80, "name": "other"}]},
            ["~ containerDefinitions[web].portMappings[80/tcp].name: value -> other"],
        ),
        (
            {"command": ["a", "b"]},
            {"command": ["a", "c", "d"]},
            [
                "~ containerDefinitions[web].command[1]: b -> c",
                "+ containerDefinitions[web].command[2]: d",
            ],
        ),
        ({}, {"command": ["sh", "-c"]}, ['+ containerDefinitions[web].command: ["sh", "-c"]']),
        (
            {"dockerLabels": {"com.example": "1", "team": "a"}},
            {"dockerLabels": {"com.example": "2", "team": "b"}},
            [
                "~ containerDefinitions[web].dockerLabels[com.example]: 1 -> 2",
                "~ containerDefinitions[web].dockerLabels.team: a -> b",
            ],
        ),
        (
            {},
            {"healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 9}},
            ['+ containerDefinitions[web].healthCheck: {"command": ["CMD", "true"], "timeout": 9}'],
        ),
        ({"aField": {"of": 1}}, {"aField": [1]}, ['~ containerDefinitions[web].aField: {"of": 1} -> [1]']),
        ({"aField": 1}, {"aField": "1"}, ['~ containerDefinitions[web].aField: 1 -> "1"']),
    ],
)
def test_what_differs_within_a_container_is_told_at_its_place(
    before: Mapping[str, Any], after: Mapping[str, Any], lines: list[str]
) -> None:
    assert told(revision(container(**before)), revision(container(**after))) == lines


def test_a_container_that_is_added_is_told_as_it_was_written() -> None:
    lines = told(revision(), revision(container(), container("proxy", "envoy:3", cpu=0, environment=[entry("A", "1")])))

    assert lines == [
        (
            "+ containerDefinitions[proxy]: "
            '{"name": "proxy", "image": "envoy:3", "environment": [{"name": "A", "value": "1"}]}'
        )
    ]


def test_what_differs_in_the_task_is_told_at_its_place() -> None:
    before = revision(cpu="256", requiresCompatibilities=["EC2"], tags={"team": "a", "old": "1"})
    after = revision(cpu="0.5 vCPU", requiresCompatibilities=["EC2", "FARGATE"], tags={"team": "b", "new": "2"})

    assert told(before, after) == [
        "~ cpu: 256 -> 512",
        "+ requiresCompatibilities[FARGATE]: FARGATE",
        "+ tags[new]: 2",
        "- tags[old]: 1",
        "~ tags[team]: a -> b",
    ]


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("a b", "a b"),
        ("é", "é"),
        ("", '""'),
        (" a", '" a"'),
        ("a\nb", '"a\\nb"'),
        ("\x9b2J", '"\\u009b2J"'),
        ({"a": "é"}, '{"a": "é"}'),
        (["\u202e"], '["\\u202e"]'),
        (True, "true"),
        (datetime(2026, 11, 21, tzinfo=UTC), '"2026-11-21 00:00:00+00:00"'),
    ],
)
def test_values_are_written_so_that_nothing_in_them_is_hidden(value: Any, spelled: str) -> None:
    assert write_difference(Difference("a", None, value)) == f"+ a: {spelled}"
