"""Scale-in protection: who asks for it is spared by scale-in and deployments, for as long as asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, Json, Until
from wakeproxy.sandbox import Sandbox
from wakeproxy.sandbox.clock import epoch


@pytest.fixture
def task(sandbox: Sandbox, aws: Aws, until: Until) -> str:
    """The ARN of a service's only task, running."""
    sandbox.create_service("hello", desired_count=1)
    arn: str = until(lambda: aws.running("hello"))[0]["taskArn"]
    return arn


def protect(aws: Aws, *tasks: str, on: bool = True, **options: Any) -> Json:
    asked = {"cluster": "apps", "tasks": list(tasks), "protectionEnabled": on, **options}
    answer: Json = aws.ecs.update_task_protection(**asked)
    return answer


def read(aws: Aws, *tasks: str) -> Json:
    answer: Json = aws.ecs.get_task_protection(cluster="apps", tasks=list(tasks))
    return answer


def test_a_task_is_not_protected_unless_it_asks(aws: Aws, task: str) -> None:
    assert read(aws, task)["protectedTasks"] == [{"taskArn": task, "protectionEnabled": False}]


@pytest.mark.parametrize(("options", "minutes"), [({}, 120), ({"expiresInMinutes": 5}, 5)])
def test_protection_ends_by_itself(aws: Aws, task: str, options: Json, minutes: int) -> None:
    (set_,) = protect(aws, task, **options)["protectedTasks"]

    assert set_["protectionEnabled"]
    assert abs(set_["expirationDate"] - datetime.now(UTC) - timedelta(minutes=minutes)) < timedelta(seconds=10)
    assert read(aws, task)["protectedTasks"] == [set_]


def test_protection_is_lifted(aws: Aws, task: str) -> None:
    protect(aws, task)

    assert protect(aws, task, on=False)["protectedTasks"] == [{"taskArn": task, "protectionEnabled": False}]


def test_a_protected_task_outlives_a_scale_in_until_its_protection_is_lifted(aws: Aws, task: str, until: Until) -> None:
    protect(aws, task)
    aws.scale("hello", 0)

    assert aws.service("hello")["desiredCount"] == 0
    assert [each["taskArn"] for each in aws.running("hello")] == [task]

    protect(aws, task, on=False)
    until(lambda: aws.stopped("hello"))


def test_a_protected_task_outlives_a_deployment_which_goes_on_meanwhile(aws: Aws, task: str, until: Until) -> None:
    protect(aws, task)
    aws.ecs.update_service(cluster="apps", service="hello", forceNewDeployment=True)
    until(lambda: len(aws.running("hello")) == 2)

    assert [each["rolloutState"] for each in aws.service("hello")["deployments"]] == ["IN_PROGRESS", "COMPLETED"]

    protect(aws, task, on=False)
    until(lambda: [each["rolloutState"] for each in aws.service("hello")["deployments"]] == ["COMPLETED"])


@pytest.mark.usefixtures("task")
def test_a_task_is_stopped_when_its_protection_has_run_out(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    machine = sandbox._running()

    def protect_briefly() -> None:
        (found,) = machine.ecs.region(sandbox.region).tasks.values()
        found.protected_until = epoch() + 0.3

    machine.platform.timeline.call(protect_briefly)
    aws.scale("hello", 0)

    assert aws.running("hello")
    until(lambda: aws.stopped("hello"))


def test_a_protected_task_can_be_stopped_by_name(aws: Aws, task: str, until: Until) -> None:
    protect(aws, task)
    aws.ecs.stop_task(cluster="apps", task=task)

    until(lambda: aws.stopped("hello"))


def test_what_is_no_task_of_a_service_is_told(aws: Aws, task: str) -> None:
    definition = aws.ecs.describe_tasks(cluster="apps", tasks=[task])["tasks"][0]["taskDefinitionArn"]
    network = aws.service("hello")["networkConfiguration"]
    alone = aws.ecs.run_task(cluster="apps", taskDefinition=definition, networkConfiguration=network,
                            launchType="FARGATE")["tasks"][0]  # fmt: skip

    for answer in (read(aws, task, alone["taskArn"], "none"), protect(aws, task, alone["taskArn"], "none")):
        assert [each["taskArn"] for each in answer["protectedTasks"]] == [task]
        assert [(each["arn"], each["reason"]) for each in answer["failures"]] == [
            (alone["taskArn"], "TASK_NOT_VALID"),
            ("none", "MISSING"),
        ]


@pytest.mark.parametrize("minutes", [0, 2881])
def test_protection_lasts_from_a_minute_to_two_days(aws: Aws, task: str, minutes: int) -> None:
    with pytest.raises(ClientError, match="between 1 and 2880"):
        protect(aws, task, expiresInMinutes=minutes)


def test_calls_have_their_limits(aws: Aws, task: str) -> None:
    for ask, count in ((read, 0), (read, 101), (protect, 11)):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            ask(aws, *[task] * count)
    assert len(read(aws, *[task] * 100)["protectedTasks"]) == 100
