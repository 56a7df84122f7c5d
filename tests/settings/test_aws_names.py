"""AWS's names and ARNs."""

import pytest

from wakeproxy.errors import UsageError
from wakeproxy.settings.aws_names import (
    ClusterReference,
    ServiceReference,
    parse_cluster,
    parse_region,
    parse_role,
    parse_service,
)

_LONG = "a" * 256


@pytest.mark.parametrize("text", ["eu-central-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1"])
def test_a_region_is_taken_as_it_is(text: str) -> None:
    assert parse_region(text) == text


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("eu-central-1a", "write its region, eu-central-1"),
        ("eu_central_1", "write it like"),
        ("eu central", "like"),
        ("", "like"),
    ],
)
def test_what_is_no_region(text: str, remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        parse_region(text)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("apps", ClusterReference("apps")),
        ("My_Apps-2", ClusterReference("My_Apps-2")),
        ("arn:aws:ecs:eu-west-1:123456789012:cluster/apps", ClusterReference("apps", "eu-west-1")),
        ("arn:aws-cn:ecs:cn-north-1:123456789012:cluster/apps", ClusterReference("apps", "cn-north-1")),
    ],
)
def test_a_cluster_by_name_or_arn(text: str, reference: ClusterReference) -> None:
    assert parse_cluster(text) == reference


@pytest.mark.parametrize("text", ["", "a/b", "a.b", _LONG, "arn:aws:ecs:eu-west-1:123456789012:service/apps"])
def test_what_is_no_cluster(text: str) -> None:
    with pytest.raises(UsageError, match="no cluster"):
        parse_cluster(text)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("shop", ServiceReference("shop")),
        ("apps/shop", ServiceReference("shop", "apps")),
        ("arn:aws:ecs:eu-west-1:123456789012:service/apps/shop", ServiceReference("shop", "apps", "eu-west-1")),
        ("arn:aws:ecs:eu-west-1:123456789012:service/shop", ServiceReference("shop", None, "eu-west-1")),
    ],
)
def test_a_service_by_name_or_arn(text: str, reference: ServiceReference) -> None:
    assert parse_service(text) == reference


@pytest.mark.parametrize("text", ["", "a/b/c", "/b", "a/", "shop.v2", _LONG, "arn:aws:ecs:eu-west-1:1:service/shop"])
def test_what_is_no_service(text: str) -> None:
    with pytest.raises(UsageError, match="no ECS service"):
        parse_service(text)


def test_a_role_by_arn() -> None:
    text = "arn:aws:iam::123456789012:role/teams/apps/wakeproxy@1"
    assert parse_role(text) == text


@pytest.mark.parametrize("text", ["wakeproxy", "arn:aws:iam::123456789012:user/me", "arn:aws:iam::1:role/x"])
def test_what_is_no_role(text: str) -> None:
    with pytest.raises(UsageError, match="no role"):
        parse_role(text)
