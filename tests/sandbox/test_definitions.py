"""Task definitions as ECS keeps them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, Json

MAIN = {"name": "main", "image": "wakeproxy/hello", "portMappings": [{"containerPort": 80}]}
TWICE = {"environment": [{"name": "TOKEN", "value": ""}], "secrets": [{"name": "TOKEN", "valueFrom": "/token"}]}
DOUBLED = (
    "The secret name must be unique and not shared with any new or existing environment variables set on the "
    "container, such as 'TOKEN'."
)
FARGATE = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}


def register(aws: Aws, family: str = "app", **changes: Any) -> Json:
    asked = {"family": family, "containerDefinitions": [MAIN], **FARGATE, **changes}
    given = {key: value for key, value in asked.items() if value is not None}
    answer: Json = aws.ecs.register_task_definition(**given)
    return answer


def test_every_registration_is_a_new_revision_with_defaults(aws: Aws) -> None:
    assert register(aws)["taskDefinition"]["revision"] == 1
    definition = register(aws, enableFaultInjection=True, runtimePlatform={"cpuArchitecture": "ARM64"})[
        "taskDefinition"
    ]
    assert definition["taskDefinitionArn"] == "arn:aws:ecs:eu-central-1:123456789012:task-definition/app:2"
    assert (definition["status"], definition["compatibilities"]) == ("ACTIVE", ["EC2", "FARGATE"])
    assert definition["enableFaultInjection"] is True
    (container,) = definition["containerDefinitions"]
    assert container["essential"] is True
    assert container["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    described = aws.ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]
    assert described == definition


def test_what_is_described_can_be_registered_again(aws: Aws) -> None:
    definition = register(aws)["taskDefinition"]
    added = {"taskDefinitionArn", "revision", "status", "compatibilities", "registeredAt", "registeredBy"}
    again = aws.ecs.register_task_definition(**{k: v for k, v in definition.items() if k not in added})
    assert {**again["taskDefinition"], **{key: definition[key] for key in added}} == definition


def test_inactive_revisions_are_kept_but_not_taken(aws: Aws) -> None:
    for _ in range(3):
        register(aws)
    aws.ecs.deregister_task_definition(taskDefinition="app:3")
    assert aws.ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]["revision"] == 2
    assert aws.ecs.describe_task_definition(taskDefinition="app:3")["taskDefinition"]["status"] == "INACTIVE"
    listed = aws.ecs.list_task_definitions(familyPrefix="app", sort="DESC")["taskDefinitionArns"]
    assert [arn.rsplit(":", 1)[1] for arn in listed] == ["2", "1"]
    assert len(aws.ecs.list_task_definitions(status="INACTIVE")["taskDefinitionArns"]) == 1
    deleted = aws.ecs.delete_task_definitions(taskDefinitions=["app:3", "app:2", "app:9"])
    assert [each["revision"] for each in deleted["taskDefinitions"]] == [3]
    assert [each["arn"] for each in deleted["failures"]] == ["app:2", "app:9"]


def test_revisions_are_listed_by_number_and_in_pages(aws: Aws) -> None:
    for _ in range(12):
        register(aws)
    pages = aws.ecs.get_paginator("list_task_definitions").paginate(PaginationConfig={"PageSize": 5})
    revisions = [int(arn.rsplit(":", 1)[1]) for page in pages for arn in page["taskDefinitionArns"]]
    assert revisions == list(range(1, 13))


def test_families(aws: Aws) -> None:
    register(aws, "one")
    register(aws, "two")
    aws.ecs.deregister_task_definition(taskDefinition="two:1")
    assert aws.ecs.list_task_definition_families()["families"] == ["one", "two"]
    assert aws.ecs.list_task_definition_families(status="ACTIVE")["families"] == ["one"]
    assert aws.ecs.list_task_definition_families(status="INACTIVE")["families"] == ["two"]
    assert aws.ecs.list_task_definition_families(familyPrefix="t")["families"] == ["two"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        ({"containerDefinitions": [{"name": "x"}]}, "Container.image should not be null or empty."),
        ({"containerDefinitions": [MAIN, MAIN]}, "Container names must be unique within a task definition."),
        ({"containerDefinitions": [{**MAIN, "essential": False}]},
         "A task definition must have at least one essential container."),
        ({"containerDefinitions": [{**MAIN, **TWICE}]}, DOUBLED),
        ({"family": "a b"}, "Family contains invalid characters."),
        ({"cpu": None}, "Fargate requires that 'cpu' be defined at the task level."),
        ({"cpu": "300"}, "No Fargate configuration exists for given values: 300 CPU, 512 memory."),
        ({"memory": "4096"}, "No Fargate configuration exists for given values: 256 CPU, 4096 memory."),
        ({"networkMode": "bridge"}, "Fargate only supports network mode 'awsvpc'."),
        ({"memory": "much"}, "Invalid 'cpu' or 'memory' setting for task: much"),
    ],
)  # fmt: skip
def test_what_is_refused(aws: Aws, changes: Any, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        register(aws, **changes)
    assert caught.value.response["Error"] == {"Code": "ClientException", "Message": message}


def test_sizes_may_be_written_with_units(aws: Aws) -> None:
    definition = register(aws, cpu=".5 vCPU", memory="1 GB")["taskDefinition"]
    assert (definition["cpu"], definition["memory"]) == ("512", "1024")
