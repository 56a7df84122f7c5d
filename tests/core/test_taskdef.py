import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.documents import ADDED, ARN, DOCUMENTS, REVISIONS, TAGS, container, revision
from wakeproxy.core.taskdef import Revision, read_revision, read_written, would_be_same
from wakeproxy.errors import UsageError


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def document(*containers: Any, **fields: Any) -> dict[str, Any]:
    return {"family": "shop", "containerDefinitions": list(containers), **fields}


@given(DOCUMENTS, TAGS)
def test_exactly_what_describe_adds_is_taken_off(written: dict[str, Any], tags: dict[str, str]) -> None:
    assert read_revision({**written, **ADDED}, listed(tags)) == Revision(written, tags, ARN)


@given(DOCUMENTS, TAGS, st.sampled_from(["bare", "printed", "wrapped", "tagged"]))
def test_a_task_definition_is_the_same_in_every_way_to_write_it(
    written: dict[str, Any], tags: dict[str, str], way: str
) -> None:
    ways: dict[str, Any] = {
        "bare": {**written, "tags": listed(tags)},
        "printed": {**written, **ADDED, "tags": listed(tags)},
        "wrapped": {"taskDefinition": {**written, **ADDED}, "tags": listed(tags)},
        "tagged": {"taskDefinition": {**written, "tags": listed(tags)}},
    }

    assert read_written(ways[way]) == Revision(written, tags)


def test_a_registered_revision_is_called_by_family_and_number() -> None:
    registered = read_revision({**document(container()), **ADDED})

    assert (registered.family, registered.number, registered.label) == ("shop", 12, "shop:12")


def test_a_revision_names_each_containers_image() -> None:
    assert revision(container(image="nginx:1"), container("side", image="side:2")).images == {
        "web": "nginx:1",
        "side": "side:2",
    }


def test_a_revision_that_is_not_registered_has_no_number_yet() -> None:
    assert (revision().number, revision().label) == (None, "shop")


@pytest.mark.parametrize("status", ["INACTIVE", "DELETE_IN_PROGRESS"])
def test_a_revision_that_takes_no_tasks_any_more_is_not_active(status: str) -> None:
    assert not read_revision({**document(container()), "status": status}).is_active


@pytest.mark.parametrize("key", ["aws:cloudformation:stack-name", "AWS:ecs:x"])
def test_tags_that_only_aws_can_set_are_left_out(key: str) -> None:
    tags = listed({key: "1", "team": "web", "awsome": "yes"})

    assert read_revision(document(container()), tags).tags == {"team": "web", "awsome": "yes"}


def test_a_tag_may_have_no_value() -> None:
    assert read_revision(document(container()), [{"key": "team"}]).tags == {"team": ""}


def test_nulls_that_somebody_wrote_stand_for_nothing_there() -> None:
    written = document(container(cpu=None, command=["a", None]), taskRoleArn=None, tags=None)

    assert read_written(written) == Revision(document(container(command=["a"])))


@pytest.mark.parametrize(
    ("written", "named"),
    [
        (None, "'family' and 'containerDefinitions'"),
        ([document(container())], "'family' and 'containerDefinitions'"),
        ({"taskDefinition": "shop:12"}, "'shop:12'"),
        ({}, "'family'"),
        ({"family": "", "containerDefinitions": [container()]}, "'family'"),
        ({"family": 7, "containerDefinitions": [container()]}, "'family'"),
        ({"family": "shop"}, "'containerDefinitions'"),
        (document(), "'containerDefinitions'"),
        ({"family": "shop", "containerDefinitions": {"web": {}}}, "'containerDefinitions'"),
        (document("web"), "'containerDefinitions'"),
        (document({"image": "a"}), "container 1 of 'shop' has no 'name'"),
        (document({"name": "web"}), "container web of 'shop' has no 'image'"),
        (document(container(image="")), "container web of 'shop' has no 'image'"),
        (document(container(), container("x", 7)), "container x of 'shop' has no 'image'"),  # type: ignore[arg-type]
        (document(container(), container()), "two containers named 'web'"),
        (document(container(environment={"A": "1"})), "'environment' of container web of 'shop'"),
        (document(container(environment=[{"value": "1"}])), "objects with 'name'"),
        (document(container(secrets=["A"])), "'secrets' of container web of 'shop'"),
        (document(container(portMappings=[80])), "'portMappings' of container web of 'shop'"),
        (document(container(), tags={"team": "web"}), "'tags'"),
        ({"taskDefinition": document(container()), "tags": [{"Key": "team"}]}, "'tags'"),
    ],
)
def test_what_is_no_task_definition_is_refused_with_what_is_missing(written: Any, named: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read_written(written)

    assert named in str(refusal.value)
    assert str(refusal.value).endswith(".")


@given(REVISIONS)
def test_a_revision_is_the_same_as_itself(one: Revision) -> None:
    assert would_be_same(one, copy.deepcopy(one))


@given(REVISIONS)
def test_where_and_whether_it_is_registered_is_no_difference(one: Revision) -> None:
    assert would_be_same(one, Revision(one.document, one.tags, ARN, is_active=False))


def test_other_tags_are_a_difference() -> None:
    assert not would_be_same(revision(tags={"team": "web"}), revision())


def test_what_ecs_fills_in_is_no_difference() -> None:
    registered = revision(
        container(cpu=0, portMappings=[], essential=True, environment=[], mountPoints=[], volumesFrom=[]),
        volumes=[],
        placementConstraints=[],
        networkMode="bridge",
    )

    assert would_be_same(revision(), registered)


@pytest.mark.parametrize("field", ["family", "image", "unknown"])
def test_anything_else_is_a_difference(field: str) -> None:
    others = {
        "family": revision(family="blog"),
        "image": revision(container(image="acct/shop:2")),
        "unknown": revision(container(aFieldOfTomorrow=1)),
    }

    assert not would_be_same(others[field], revision())
