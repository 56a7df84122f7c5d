"""What a task definition names, and where."""

from typing import Any

import pytest

from wakeproxy.aws.named import Kind, Named, account_of, list_named

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
SSM = "arn:aws:ssm:us-east-1:123456789012:parameter"


def named_by(**container: Any) -> dict[str, Named]:
    """By place within the container, what it names besides its image."""
    document = {"containerDefinitions": [{"name": "web", "image": "nginx", **container}]}
    found = {place: named for named, places in list_named(document).items() for place in places}
    assert found.pop("containerDefinitions[web].image") == Named(Kind.IMAGE, "nginx")
    return {place.removeprefix("containerDefinitions[web]."): named for place, named in found.items()}


@pytest.mark.parametrize(
    ("value_from", "named"),
    [
        (SECRET, Named(Kind.SECRET, SECRET, "us-east-1")),
        (f"{SECRET}:password::", Named(Kind.SECRET, SECRET, "us-east-1")),
        (f"{SECRET}:password:AWSCURRENT:id", Named(Kind.SECRET, SECRET, "us-east-1")),
        (f"{SSM}/DB_URL", Named(Kind.PARAMETER, "DB_URL", "us-east-1", "123456789012")),
        (f"{SSM}/shop/db/url", Named(Kind.PARAMETER, "/shop/db/url", "us-east-1", "123456789012")),
        (f"{SSM}/shop/db/url:3", Named(Kind.PARAMETER, "/shop/db/url", "us-east-1", "123456789012")),
        ("DB_URL", Named(Kind.PARAMETER, "DB_URL")),
        ("DB_URL:3", Named(Kind.PARAMETER, "DB_URL")),
        ("/shop/db/url", Named(Kind.PARAMETER, "/shop/db/url")),
    ],
)
def test_a_secret_is_named_as_its_service_is_asked_for_it(value_from: str, named: Named) -> None:
    assert named_by(secrets=[{"name": "DB", "valueFrom": value_from}]) == {"secrets[DB]": named}


def test_a_log_drivers_secrets_and_a_registrys_credentials_are_secrets_too() -> None:
    log = {"logDriver": "splunk", "secretOptions": [{"name": "token", "valueFrom": SECRET}]}

    assert named_by(logConfiguration=log, repositoryCredentials={"credentialsParameter": SECRET}) == {
        "logConfiguration.secretOptions[token]": Named(Kind.SECRET, SECRET, "us-east-1"),
        "repositoryCredentials": Named(Kind.SECRET, SECRET, "us-east-1"),
    }


def test_a_registrys_credentials_may_be_named_by_name() -> None:
    assert named_by(repositoryCredentials={"credentialsParameter": "hub"}) == {
        "repositoryCredentials": Named(Kind.SECRET, "hub")
    }


@pytest.mark.parametrize(
    ("log", "named"),
    [
        ({"logDriver": "awslogs", "options": {"awslogs-group": "/a", "awslogs-region": "us-east-1"}}, "us-east-1"),
        ({"logDriver": "awslogs", "options": {"awslogs-group": "/a"}}, None),
        ({"logDriver": "awslogs", "options": {"awslogs-group": "/a", "awslogs-create-group": "false"}}, None),
    ],
)
def test_a_log_group_must_be_there(log: Any, named: str | None) -> None:
    assert named_by(logConfiguration=log) == {
        "logConfiguration.options[awslogs-group]": Named(Kind.LOG_GROUP, "/a", named)
    }


@pytest.mark.parametrize(
    "log",
    [
        {"logDriver": "awslogs", "options": {"awslogs-group": "/a", "awslogs-create-group": "true"}},
        {"logDriver": "awsfirelens", "options": {"awslogs-group": "/a"}},
        {"logDriver": "awslogs"},
        {},
    ],
)
def test_a_log_group_that_is_made_or_not_used_need_not_be_there(log: Any) -> None:
    assert named_by(logConfiguration=log) == {}


@pytest.mark.parametrize("value_from", ["/aws/service/ami", f"{SSM}/aws/reference/secretsmanager/db"])
def test_parameters_of_aws_itself_need_not_be_there(value_from: str) -> None:
    assert named_by(secrets=[{"name": "DB", "valueFrom": value_from}]) == {}


def test_what_ecs_will_refuse_names_nothing() -> None:
    assert named_by(secrets=[{"name": "DB"}]) == {}


def test_roles_are_named_by_arn_or_by_name() -> None:
    document = {
        "executionRoleArn": "arn:aws:iam::123456789012:role/team/agent",
        "taskRoleArn": "shop",
        "containerDefinitions": [],
    }

    assert list_named(document) == {
        Named(Kind.ROLE, "agent"): ("executionRoleArn",),
        Named(Kind.ROLE, "shop"): ("taskRoleArn",),
    }
    assert account_of(document) == "123456789012"
    assert account_of({"executionRoleArn": "agent"}) is None
    assert account_of({}) is None


def test_what_is_named_in_two_places_is_one_thing() -> None:
    containers = [{"name": name, "image": "nginx"} for name in ("web", "proxy")]

    assert list_named({"containerDefinitions": containers}) == {
        Named(Kind.IMAGE, "nginx"): ("containerDefinitions[web].image", "containerDefinitions[proxy].image")
    }
