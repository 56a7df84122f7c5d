import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.documents import ARN, NAMES, REVISIONS, TEXTS, container, revision
from wakeproxy.core.edits import Edits, edit
from wakeproxy.core.image import Image, parse_image
from wakeproxy.core.taskdef import Revision
from wakeproxy.errors import NothingToDoError, UsageError, WakeproxyError

SHA = f"sha256:{'0' * 64}"
OTHER_SHA = f"sha256:{'1' * 64}"
VARIABLES = st.dictionaries(NAMES, TEXTS, max_size=2)
EDITS = st.builds(
    Edits,
    images=st.lists(st.sampled_from(["acct/shop:9", f"acct/shop@{SHA}", "envoy:4"]).map(parse_image), max_size=1).map(
        tuple
    ),
    container=st.sampled_from([None, "web", "job"]),
    environment=VARIABLES,
    secrets=VARIABLES,
    cpu=st.sampled_from([None, "512", "1 vCPU"]),
)


def images(edited: Revision) -> dict[str, str]:
    return {one["name"]: one["image"] for one in edited.containers}


def variables(edited: Revision, name: str = "web", key: str = "environment") -> list[Any] | None:
    found = next(one for one in edited.containers if one["name"] == name)
    return list(found[key]) if key in found else None


def refusal(base: Revision, kind: type[WakeproxyError], **fields: Any) -> str:
    with pytest.raises(kind) as refused:
        edit(base, Edits(**fields))
    assert str(refused.value).endswith(".")
    return str(refused.value)


@given(REVISIONS, EDITS)
def test_editing_changes_no_revision_itself(base: Revision, edits: Edits) -> None:
    before = copy.deepcopy(base)
    try_to_edit(base, edits)

    assert base == before


def try_to_edit(base: Revision, edits: Edits) -> Revision:
    try:
        return edit(base, edits)
    except (NothingToDoError, UsageError):
        assume(condition=False)
        raise


def without(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in keys}


@given(REVISIONS, EDITS)
def test_every_field_that_is_not_edited_stays_whether_it_is_known_or_not(base: Revision, edits: Edits) -> None:
    edited = try_to_edit(base, edits)

    assert edited.tags == base.tags
    assert without(edited.document, "containerDefinitions", "cpu") == without(
        base.document, "containerDefinitions", "cpu"
    )
    pairs = zip(edited.containers, base.containers, strict=True)
    assert all(
        without(a, "image", "environment", "secrets") == without(b, "image", "environment", "secrets") for a, b in pairs
    )


@given(REVISIONS, EDITS)
def test_edits_that_are_made_change_nothing_when_made_again(base: Revision, edits: Edits) -> None:
    edited = try_to_edit(base, edits)

    assert try_to_edit(edited, edits) == edited


@given(REVISIONS)
def test_no_edits_leave_everything_as_it_was(base: Revision) -> None:
    assert edit(base, Edits()) == base


@given(REVISIONS, VARIABLES, VARIABLES)
def test_a_container_has_the_variables_it_was_given_and_all_others_as_before(
    base: Revision, environment: dict[str, str], secrets: dict[str, str]
) -> None:
    assume(not environment.keys() & secrets.keys())
    name = base.containers[0]["name"]
    edited = edit(base, Edits(container=name, environment=environment, secrets=secrets))

    for key, value_key, given_here in (("environment", "value", environment), ("secrets", "valueFrom", secrets)):
        before = {one["name"]: one[value_key] for one in variables(base, name, key) or []}
        after = {one["name"]: one[value_key] for one in variables(edited, name, key) or []}
        others = before.keys() - environment.keys() - secrets.keys()
        assert after == {**{other: before[other] for other in others}, **given_here}


def test_an_edited_revision_is_not_registered() -> None:
    edited = edit(Revision(revision().document, arn=ARN, is_active=False), Edits(tag="2"))

    assert (edited.arn, edited.is_active) == ("", True)


@pytest.mark.parametrize("text", ["acct/shop:2", f"docker.io/acct/shop@{SHA}", "acct/shop", f"acct/shop:2@{SHA}"])
def test_an_image_replaces_that_of_every_container_of_its_repository_as_it_is_written(text: str) -> None:
    base = revision(container(), container("job", f"index.docker.io/acct/shop@{SHA}"), container("proxy", "envoy:3"))

    assert images(edit(base, Edits((parse_image(text),)))) == {"web": text, "job": text, "proxy": "envoy:3"}


@pytest.mark.parametrize(
    "there",
    ["my-acct/shop:1", "acct/shop-worker:1", "acct/shop/worker:1", "ghcr.io/acct/shop:1", "shop:1", "acct/Shop:1"],
)
def test_an_image_of_a_repository_that_only_looks_alike_is_not_replaced(there: str) -> None:
    base = revision(container(image=there), container("proxy", "envoy:3"))
    message = refusal(base, NothingToDoError, images=(Image("acct/shop", "2"),))

    assert f"web ({there}), proxy (envoy:3)" in message
    assert "'acct/shop'" in message


def test_each_image_replaces_those_of_its_own_repository() -> None:
    base = revision(container(), container("proxy", "envoy:3"))

    edited = edit(base, Edits((Image("envoy", "4"), Image("acct/shop", "2"))))
    assert images(edited) == {"web": "acct/shop:2", "proxy": "envoy:4"}


def test_nothing_is_edited_when_one_of_the_images_matches_nothing() -> None:
    assert "'envoy'" in refusal(revision(), NothingToDoError, images=(Image("acct/shop", "2"), Image("envoy", "4")))


def test_two_images_of_the_same_repository_contradict_each_other() -> None:
    message = refusal(revision(), UsageError, images=(Image("acct/shop", "2"), Image("docker.io/acct/shop", "3")))

    assert "acct/shop:2, docker.io/acct/shop:3" in message


def test_a_container_that_is_named_takes_an_image_of_any_repository() -> None:
    base = revision(container(), container("job"))

    edited = edit(base, Edits((Image("other", "2"),), container="job"))
    assert images(edited) == {"web": "acct/shop:1", "job": "other:2"}


def test_a_container_that_is_named_takes_one_image() -> None:
    message = refusal(revision(), UsageError, images=(Image("a"), Image("b")), container="web")

    assert "'web' takes one image, and 2 are given" in message


@pytest.mark.parametrize(
    "fields", [{"tag": "2"}, {"images": (Image("a"),)}, {"environment": {"A": "1"}}, {"cpu": "256"}]
)
def test_a_container_that_is_not_there_is_refused_with_those_that_are(fields: dict[str, Any]) -> None:
    base = revision(container(), container("job"))

    message = refusal(base, NothingToDoError, container="shop", **fields)
    assert message == "No container of shop is named 'shop'; there is web, job."


def test_a_tag_is_given_to_the_images_of_all_containers_and_takes_their_digests_off() -> None:
    base = revision(container(), container("job", f"acct/shop:1@{SHA}"), container("proxy", "host:5000/envoy"))

    edited = edit(base, Edits(tag="v2"))
    assert images(edited) == {"web": "acct/shop:v2", "job": "acct/shop:v2", "proxy": "host:5000/envoy:v2"}


def test_a_tag_is_given_to_the_image_of_the_container_that_is_named_alone() -> None:
    base = revision(container(), container("job"))

    assert images(edit(base, Edits(tag="2", container="job"))) == {"web": "acct/shop:1", "job": "acct/shop:2"}


def test_a_tag_may_be_for_some_containers_only() -> None:
    base = revision(container("web"), container("job"), container("cron"))

    edited = edit(base, Edits(tag="2", tagged=("web", "cron")))

    assert images(edited) == {"web": "acct/shop:2", "job": "acct/shop:1", "cron": "acct/shop:2"}


def test_every_container_that_gets_a_tag_must_be_there() -> None:
    refused = refusal(revision(), NothingToDoError, tag="2", tagged=("web", "proxy"))

    assert "is named 'proxy'; there is web." in refused


def test_a_tag_completes_the_images_given_without_one() -> None:
    base = revision(container(), container("proxy", "envoy:3"), container("job", "job:1"))

    edited = edit(base, Edits((Image("envoy"), Image("acct/shop")), tag="9"))
    assert images(edited) == {"web": "acct/shop:9", "proxy": "envoy:9", "job": "job:1"}


@pytest.mark.parametrize("added", [{"tag": "3"}, {"digest": OTHER_SHA}])
@pytest.mark.parametrize("image", [Image("acct/shop", "2"), Image("acct/shop", digest=SHA)])
def test_an_image_that_has_a_tag_or_digest_takes_no_other(image: Image, added: dict[str, str]) -> None:
    message = refusal(revision(), UsageError, images=(image,), **added)

    assert f"{str(image)!r} says already" in message


def test_a_tag_and_a_digest_exclude_each_other() -> None:
    assert "exclude each other" in refusal(revision(), UsageError, tag="2", digest=SHA)


@pytest.mark.parametrize(
    "fields", [{"tag": "a b"}, {"tag": "a b", "images": (Image("acct/shop"),)}, {"digest": "2"}, {"tag": ""}]
)
def test_what_is_no_tag_or_digest_is_refused(fields: dict[str, Any]) -> None:
    assert "cannot be a" in refusal(revision(), UsageError, **fields)


def test_an_image_that_cannot_be_read_takes_no_tag() -> None:
    assert "'{{image}}' does not name an image" in refusal(revision(container(image="{{image}}")), UsageError, tag="2")


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"container": "job"}, {"job": f"acct/shop@{SHA}"}),
        ({"images": (Image("acct/shop"),)}, {"web": f"acct/shop@{SHA}", "job": f"acct/shop@{SHA}"}),
        ({"images": (Image("other"),), "container": "job"}, {"job": f"other@{SHA}"}),
    ],
)
def test_a_digest_is_given_to_the_image_that_is_meant(fields: dict[str, Any], changed: dict[str, str]) -> None:
    base = revision(container(), container("job"))

    edited = edit(base, Edits(digest=SHA, **fields))
    assert images(edited) == {"web": "acct/shop:1", "job": "acct/shop:1", **changed}


def test_a_digest_is_given_to_the_only_container() -> None:
    assert images(edit(revision(), Edits(digest=SHA))) == {"web": f"acct/shop@{SHA}"}


def test_a_digest_for_any_of_several_containers_is_unclear() -> None:
    message = refusal(revision(container(), container("job")), UsageError, digest=SHA)

    assert f"the digest {SHA!r}" in message
    assert "name one of web, job" in message


def test_a_digest_is_not_that_of_two_images() -> None:
    base = revision(container(), container("proxy", "envoy:3"))

    assert "2 are given" in refusal(base, UsageError, images=(Image("acct/shop"), Image("envoy")), digest=SHA)


def test_variables_keep_their_order_and_what_else_they_have_and_new_ones_are_appended() -> None:
    entries = [{"name": "B", "value": "1", "hint": 7}, {"name": "A", "value": "2"}]
    edited = edit(revision(container(environment=entries)), Edits(environment={"C": "3", "B": "4"}))

    assert variables(edited) == [
        {"name": "B", "value": "4", "hint": 7},
        {"name": "A", "value": "2"},
        {"name": "C", "value": "3"},
    ]


def test_a_variable_takes_the_place_of_a_secret_and_a_secret_that_of_a_variable() -> None:
    base = revision(container(environment=[{"name": "A", "value": "1"}], secrets=[{"name": "B", "valueFrom": "arn:b"}]))
    edited = edit(base, Edits(environment={"B": "2"}, secrets={"A": "arn:a"}))

    assert variables(edited) == [{"name": "B", "value": "2"}]
    assert variables(edited, key="secrets") == [{"name": "A", "valueFrom": "arn:a"}]


def test_a_container_without_variables_gets_no_empty_list_of_them() -> None:
    assert variables(edit(revision(), Edits(secrets={"A": "arn:a"}))) is None


def test_variables_go_to_the_containers_whose_image_is_replaced() -> None:
    base = revision(container(), container("proxy", "envoy:3"))
    edited = edit(base, Edits((Image("envoy", "4"),), environment={"A": "1"}))

    assert variables(edited) is None
    assert variables(edited, "proxy") == [{"name": "A", "value": "1"}]


@pytest.mark.parametrize(
    "fields", [{"environment": {"A": "1"}}, {"secrets": {"A": "arn:a"}}, {"tag": "2", "environment": {"A": "1"}}]
)
def test_variables_for_any_of_several_containers_are_unclear(fields: dict[str, Any]) -> None:
    message = refusal(revision(container(), container("job")), UsageError, **fields)

    assert message == "It is not clear which container of shop gets the variable A: name one of web, job."


def test_a_variable_cannot_be_a_secret_too() -> None:
    assert "A cannot be both" in refusal(revision(), UsageError, environment={"A": "1"}, secrets={"A": "arn:a"})


def test_cpu_and_memory_are_those_of_the_task_as_they_are_written() -> None:
    edited = edit(revision(cpu="256"), Edits(cpu="0.5 vCPU", memory="1024"))

    assert (edited.document["cpu"], edited.document["memory"]) == ("0.5 vCPU", "1024")


@pytest.mark.parametrize("fields", [{"cpu": "1 GB"}, {"memory": "much"}, {"memory": ""}])
def test_what_is_no_amount_is_refused_with_an_example(fields: dict[str, str]) -> None:
    assert "write " in refusal(revision(), UsageError, **fields)


@pytest.mark.parametrize(
    ("edits", "is_empty"),
    [(Edits(), True), (Edits(container="web"), True), (Edits(tag=""), False), (Edits(environment={"A": ""}), False)],
)
def test_edits_are_empty_when_they_say_of_nothing_how_it_should_be(edits: Edits, *, is_empty: bool) -> None:
    assert edits.is_empty == is_empty
