"""Deployments: rolling updates, the circuit breaker, and the way back."""

from typing import Any

import pytest

from tests.sandbox.clients import Aws, Json, Until
from wakeproxy.sandbox import Fault, Sandbox


def register(aws: Aws, **changes: Any) -> str:
    definition = aws.ecs.describe_task_definition(taskDefinition="hello")["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    arn: str = aws.ecs.register_task_definition(
        family="hello", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[{**container, **changes}],
    )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
    return arn


def roll_out(aws: Aws, **changes: Any) -> Json:
    arn = register(aws, **changes)
    service: Json = aws.ecs.update_service(cluster="apps", service="hello", taskDefinition=arn)["service"]
    return service


@pytest.fixture
def running(sandbox: Sandbox, aws: Aws, until: Until, request: pytest.FixtureRequest) -> Aws:
    options = getattr(request, "param", {})
    sandbox.create_service("hello", desired_count=1, **options)
    until(lambda: aws.service("hello")["deployments"][0]["rolloutState"] == "COMPLETED" and aws.running("hello"))
    return aws


def test_a_new_task_definition_replaces_the_task_after_the_new_one_runs(running: Aws, until: Until) -> None:
    old = running.running("hello")[0]
    service = roll_out(running, image="wakeproxy/hello:v2")
    assert [(each["status"], each["rolloutState"]) for each in service["deployments"]] == [
        ("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED"),
    ]  # fmt: skip
    until(lambda: len(running.service("hello")["deployments"]) == 1)
    (deployment,) = running.service("hello")["deployments"]
    assert (deployment["rolloutState"], deployment["runningCount"]) == ("COMPLETED", 1)
    new = running.running("hello")[0]
    until(lambda: running.stopped("hello"))
    stopped = running.stopped("hello")[0]
    assert stopped["taskArn"] == old["taskArn"]
    assert stopped["stoppingAt"] >= new["startedAt"]
    assert f"(service hello) (deployment {deployment['id']}) deployment completed." in running.messages("hello")


@pytest.mark.parametrize("running", [{"minimum_healthy_percent": 0, "maximum_percent": 100}], indirect=True)
def test_without_room_for_both_the_old_task_goes_first(running: Aws, until: Until) -> None:
    roll_out(running, image="wakeproxy/hello:v2")
    until(lambda: len(running.service("hello")["deployments"]) == 1 and running.running("hello"))
    old, new = until(lambda: running.stopped("hello"))[0], running.running("hello")[0]
    assert new["createdAt"] >= old["stoppingAt"]


def test_forcing_a_deployment_replaces_the_task_with_its_like(running: Aws, until: Until) -> None:
    before = running.running("hello")[0]["taskArn"]
    running.ecs.update_service(cluster="apps", service="hello", forceNewDeployment=True)
    until(lambda: [t for t in running.running("hello") if t["taskArn"] != before] and running.stopped("hello"))


def test_the_same_task_definition_again_is_no_deployment(running: Aws) -> None:
    before = running.service("hello")["deployments"][0]["id"]
    answer = running.ecs.update_service(cluster="apps", service="hello", taskDefinition="hello:1")["service"]
    assert [each["id"] for each in answer["deployments"]] == [before]


@pytest.mark.parametrize("running", [{"circuit_breaker": True}], indirect=True)
def test_a_deployment_that_fails_to_start_is_rolled_back(running: Aws, until: Until) -> None:
    good = running.service("hello")["deployments"][0]
    bad = roll_out(running, image="example.com/missing:1")["deployments"][0]

    until(lambda: any("rolling back" in message for message in running.messages("hello")))
    until(lambda: [each["rolloutState"] for each in running.service("hello")["deployments"]] == ["COMPLETED"])
    service = running.service("hello")
    assert service["deployments"][0]["id"] == good["id"]
    assert service["taskDefinition"] == good["taskDefinition"]
    assert len(running.running("hello")) == 1
    messages = running.messages("hello")
    assert f"(service hello) (deployment {bad['id']}) deployment failed: tasks failed to start." in messages
    assert f"(service hello) rolling back to deployment {good['id']}." in messages
    listed = running.ecs.list_service_deployments(cluster="apps", service="hello")["serviceDeployments"]
    assert [each["status"] for each in listed] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]


def test_without_rollback_a_failed_deployment_stays_failed_and_starts_nothing(running: Aws, until: Until) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    running.ecs.update_service(cluster="apps", service="hello", deploymentConfiguration=breaker)
    roll_out(running, image="example.com/missing:1")
    until(lambda: running.service("hello")["deployments"][0]["rolloutState"] == "FAILED")
    failed = running.service("hello")["deployments"][0]
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert failed["failedTasks"] >= 3
    assert len([each for each in running.stopped("hello") if each["stopCode"] == "TaskFailedToStart"]) >= 3
    assert len(running.running("hello")) == 1, "the old task goes on"


def test_without_a_breaker_a_deployment_goes_on_trying(running: Aws, until: Until) -> None:
    roll_out(running, image="example.com/missing:1")
    until(lambda: running.service("hello")["deployments"][0]["failedTasks"] >= 4)
    assert running.service("hello")["deployments"][0]["rolloutState"] == "IN_PROGRESS"


@pytest.mark.parametrize("running", [{"minimum_healthy_percent": 99, "maximum_percent": 100}], indirect=True)
def test_bounds_that_leave_no_room_are_reported(running: Aws, until: Until) -> None:
    roll_out(running, image="wakeproxy/hello:v2")
    stuck = "was unable to stop or start tasks during a deployment because of the service deployment configuration."
    until(lambda: any(stuck in message for message in running.messages("hello")))


def test_a_deployment_of_a_sleeping_service_completes_at_once(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello")
    roll_out(aws, image="wakeproxy/hello:v2")
    until(lambda: [d["rolloutState"] for d in aws.service("hello")["deployments"]] == ["COMPLETED"])
    assert aws.service("hello")["taskDefinition"].endswith("hello:2")


def test_scaling_down_during_a_deployment_keeps_to_the_new_count(running: Aws, until: Until) -> None:
    running.scale("hello", 3)
    until(lambda: len(running.running("hello")) == 3)
    roll_out(running, image="wakeproxy/hello:v2")
    running.scale("hello", 0)
    until(lambda: not running.tasks("hello") and len(running.service("hello")["deployments"]) == 1)


def test_a_capacity_shortage_holds_a_start_up_until_it_ends(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.faults.add(Fault(kind="capacity", target="apps/hello", times=2), Fault(kind="vcpu_limit"))
    sandbox.create_service("hello")
    aws.scale("hello", 1)
    until(lambda: aws.running("hello"))
    messages = aws.messages("hello")
    assert any("Reason: Capacity is unavailable at this time." in message for message in messages)
    assert any("You've reached the limit on the number of vCPUs you can run concurrently" in m for m in messages)
    assert sum("Capacity is unavailable" in message for message in messages) == 1, "a repeated message is suppressed"
