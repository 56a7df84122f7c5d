"""A task's life as an AWS client sees it."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.clients import Aws, Fetch, Json, Until
from wakeproxy.sandbox import Fault, Sandbox, Timings

Seen = list[tuple[str, Json]]
"""Events: detail type and detail."""

WHOLE_LIFE = [
    "PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED",
]  # fmt: skip


def details(task: Json) -> dict[str, str]:
    return {each["name"]: each["value"] for each in task["attachments"][0]["details"]}


@pytest.fixture
def history(aws: Aws) -> Callable[[], Seen]:
    """Subscribes to ECS's events; reads them as (detail type, detail)."""
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName="seen")["QueueUrl"]
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.ecs"]}))
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])
    seen = []

    def read() -> Seen:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            seen.append((event["detail-type"], event["detail"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return seen

    return read


def test_a_task_goes_through_every_stage_and_eventbridge_hears_each(
    sandbox: Sandbox, aws: Aws, until: Until, history: Callable[[], Seen]
) -> None:
    sandbox.create_service("hello")
    aws.scale("hello", 1)
    until(lambda: aws.running("hello"))
    aws.scale("hello", 0)

    def lives() -> list[str]:
        return [detail["lastStatus"] for kind, detail in history() if kind == "ECS Task State Change"]

    until(lambda: lives()[-1:] == ["STOPPED"])
    assert lives() == WHOLE_LIFE
    documents = [detail for kind, detail in history() if kind == "ECS Task State Change"]
    assert [each["version"] for each in documents] == list(range(1, 9))
    until(lambda: any(d.get("eventName") == "SERVICE_STEADY_STATE" for k, d in history() if k == "ECS Service Action"))
    until(lambda: any(d["eventName"] == "SERVICE_DEPLOYMENT_COMPLETED" for k, d in history() if "Deployment" in k))


def test_what_each_stage_reveals(
    unhurried: Timings, aws_of: Callable[[Sandbox], Aws], until: Until, fetch: Fetch
) -> None:
    with Sandbox(timings=unhurried) as sandbox:
        aws = aws_of(sandbox)
        sandbox.create_service("hello", public=True)
        aws.scale("hello", 1)

        def seen(status: Any) -> Json | None:
            return next((task for task in aws.tasks("hello") if task["lastStatus"] == status), None)

        first = until(lambda: seen("PROVISIONING"))
        assert first["attachments"][0]["status"] == "PRECREATED"
        assert details(first).keys() == {"subnetId"}
        assert "pullStartedAt" not in first

        pending = until(lambda: seen("PENDING"))
        assert pending["attachments"][0]["status"] == "ATTACHED"
        assert details(pending)["privateIPv4Address"].startswith("127.78.")
        assert pending["pullStartedAt"] >= first["createdAt"]
        assert aws.service("hello")["pendingCount"] == 1

        activating = until(lambda: seen("ACTIVATING"))
        assert activating["pullStoppedAt"] >= activating["pullStartedAt"]
        assert "startedAt" not in activating

        running = until(lambda: seen("RUNNING"))
        assert running["startedAt"] >= running["pullStoppedAt"]
        assert running["containers"][0]["networkInterfaces"][0]["privateIpv4Address"].startswith("127.78.")
        assert aws.service("hello")["runningCount"] == 1

        ip = running["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
        until(lambda: fetch(f"http://{ip}:8080/healthz"))  # before it listens it may not heed SIGTERM
        aws.scale("hello", 0)
        draining = until(lambda: aws.tasks("hello", "STOPPED"))[0]
        assert (draining["lastStatus"], draining["desiredStatus"]) == ("RUNNING", "STOPPED")
        assert draining["stopCode"] == "ServiceSchedulerInitiated"
        assert draining["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")
        stopped = until(lambda: aws.stopped("hello"))[0]
        assert stopped["containers"][0]["exitCode"] == 0
        assert stopped["stoppedAt"] >= stopped["executionStoppedAt"] >= stopped["stoppingAt"]
        assert stopped["attachments"][0]["status"] == "DELETED"


def test_scaling_to_zero_while_a_task_starts_stops_it(
    unhurried: Timings, aws_of: Callable[[Sandbox], Aws], until: Until
) -> None:
    with Sandbox(timings=unhurried) as sandbox:
        aws = aws_of(sandbox)
        sandbox.create_service("hello")
        aws.scale("hello", 1)
        until(lambda: aws.tasks("hello"))
        aws.scale("hello", 0)
        stopped = until(lambda: aws.stopped("hello"))[0]
        assert stopped["stopCode"] == "ServiceSchedulerInitiated"
        assert "startedAt" not in stopped


def test_a_service_wakes_again_while_its_old_task_still_stops(
    unhurried: Timings, aws_of: Callable[[Sandbox], Aws], until: Until
) -> None:
    with Sandbox(timings=unhurried) as sandbox:
        aws = aws_of(sandbox)
        sandbox.create_service("hello")
        aws.scale("hello", 1)
        old = until(lambda: aws.running("hello"))[0]
        aws.scale("hello", 0)
        until(lambda: not aws.tasks("hello"))
        aws.scale("hello", 1)
        new = until(lambda: aws.running("hello"))[0]
        assert new["taskArn"] != old["taskArn"]
        assert details(new)["privateIPv4Address"] != details(old)["privateIPv4Address"]


def test_a_process_that_ignores_sigterm_is_killed_after_the_stop_timeout(
    sandbox: Sandbox, aws: Aws, until: Until
) -> None:
    stubborn = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"]
    sandbox.create_service("stubborn", image="x", command=stubborn, stop_timeout=1)
    aws.scale("stubborn", 1)
    until(lambda: sandbox.tasks("apps", "stubborn") and sandbox.tasks("apps", "stubborn")[0].log == ("ready",))
    until(lambda: aws.running("stubborn"))
    aws.scale("stubborn", 0)
    task = until(lambda: aws.stopped("stubborn"))[0]
    assert task["containers"][0]["exitCode"] == 137
    assert (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds() >= 1


def test_an_essential_container_that_exits_after_running_is_replaced_at_full_speed(
    sandbox: Sandbox, aws: Aws, until: Until
) -> None:
    sandbox.create_service("crasher", image="wakeproxy/crasher", environment={"LIVE_SECONDS": "0.1", "EXIT_CODE": "3"})
    aws.scale("crasher", 1)
    stopped = until(lambda: len(aws.stopped("crasher")) >= 4 and aws.stopped("crasher"))
    ran = [task for task in stopped if "startedAt" in task]
    assert len(ran) >= 4
    assert {task["stopCode"] for task in ran} == {"EssentialContainerExited"}
    assert {task["stoppedReason"] for task in ran} == {"Essential container in task exited"}
    assert {task["containers"][0]["exitCode"] for task in ran} == {3}
    assert not [message for message in aws.messages("crasher") if "consistently" in message]


def test_a_failed_start_is_retried_with_growing_pauses_and_reported_once(
    sandbox: Sandbox, aws: Aws, until: Until
) -> None:
    sandbox.create_service("gone", image="registry.example.com/gone:1")
    aws.scale("gone", 1)
    until(lambda: len(aws.stopped("gone")) >= 5)
    tasks = aws.stopped("gone")
    created = [task["createdAt"].timestamp() for task in tasks]
    pauses = [later - earlier for earlier, later in pairwise(created)]
    assert pauses[3] > 2 * pauses[0]
    assert tasks[0]["stopCode"] == "TaskFailedToStart"
    assert tasks[0]["stoppedReason"] == (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
        "registry.example.com/gone:1: registry.example.com/gone:1: not found"
    )
    assert "exitCode" not in tasks[0]["containers"][0]
    impaired = [m for m in aws.messages("gone") if "is unable to consistently start tasks successfully" in m]
    assert len(impaired) == 1


def test_a_command_that_does_not_exist_fails_to_start(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("typo", image="x", command=["/no/such/program"])
    aws.scale("typo", 1)
    task = until(lambda: aws.stopped("typo"))[0]
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotStartContainerError: failed to start container process: /no/such")


def test_unknown_images_run_an_echo_app_when_any_image_may_be_pulled(
    aws_of: Callable[[Sandbox], Aws], until: Until, fetch: Fetch
) -> None:
    with Sandbox(pull="any") as sandbox:
        aws = aws_of(sandbox)
        sandbox.create_service("any", image="nginx:1.27", port=8000)
        aws.scale("any", 1)
        task = until(lambda: aws.running("any"))[0]
        address = details(task)["privateIPv4Address"]
        assert json.loads(until(lambda: fetch(f"http://{address}:8000/x?y=1")))["query"] == "y=1"


def test_run_task_and_stop_task(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello")
    network = aws.service("hello")["networkConfiguration"]
    overrides = {
        "containerOverrides": [
            {
                "name": "hello",
                "command": ["sh", "-c", "echo $WHO; sleep 60"],
                "environment": [{"name": "WHO", "value": "me"}],
            }
        ]
    }
    started = aws.ecs.run_task(
        cluster="apps",
        taskDefinition="hello",
        launchType="FARGATE",
        networkConfiguration=network,
        overrides=overrides,
        startedBy="ci",
        count=2,
    )["tasks"]
    arns = [task["taskArn"] for task in started]
    aws.ecs.get_waiter("tasks_running").wait(
        cluster="apps", tasks=arns, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
    )
    assert set(aws.ecs.list_tasks(cluster="apps", startedBy="ci")["taskArns"]) == set(arns)
    assert set(aws.ecs.list_tasks(cluster="apps", family="hello")["taskArns"]) == set(arns)
    until(lambda: {task.log for task in sandbox.tasks("apps")} == {("me",)})
    for arn in arns:
        aws.ecs.stop_task(cluster="apps", task=arn, reason="enough")
    aws.ecs.get_waiter("tasks_stopped").wait(
        cluster="apps", tasks=arns, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
    )
    task = aws.ecs.describe_tasks(cluster="apps", tasks=arns)["tasks"][0]
    assert (task["stopCode"], task["stoppedReason"], task["group"]) == ("UserInitiated", "enough", "family:hello")


def test_a_client_token_starts_tasks_once(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.create_service("hello")
    order = {
        "cluster": "apps",
        "taskDefinition": "hello",
        "launchType": "FARGATE",
        "networkConfiguration": aws.service("hello")["networkConfiguration"],
        "clientToken": "once",
    }
    first, second = (aws.ecs.run_task(**order, count=2)["tasks"] for _ in range(2))
    assert [task["taskArn"] for task in first] == [task["taskArn"] for task in second]
    with pytest.raises(ClientError, match="ConflictException"):
        aws.ecs.run_task(**order, count=1)
    assert len(aws.ecs.run_task(**{**order, "clientToken": "again"})["tasks"]) == 1
    assert len(sandbox.tasks("apps")) == 3


def test_an_override_gives_an_unknown_image_its_command(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("job", image="example.com/job:1")
    started = aws.ecs.run_task(
        cluster="apps",
        taskDefinition="job",
        launchType="FARGATE",
        networkConfiguration=aws.service("job")["networkConfiguration"],
        overrides={"containerOverrides": [{"name": "job", "command": ["sh", "-c", "exit 3"]}]},
    )["tasks"][0]["taskArn"]

    def task() -> Json:
        found: Json = aws.ecs.describe_tasks(cluster="apps", tasks=[started])["tasks"][0]
        return found

    until(lambda: task()["lastStatus"] == "STOPPED")
    assert task()["containers"][0]["exitCode"] == 3


def test_a_killed_task_is_replaced_at_another_address(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.create_service("hello")
    aws.scale("hello", 1)
    before = until(lambda: aws.running("hello"))[0]
    assert sandbox.replace_task("apps", "hello") in before["taskArn"]
    after = until(lambda: [task for task in aws.running("hello") if task["taskArn"] != before["taskArn"]])[0]
    assert details(after)["privateIPv4Address"] != details(before)["privateIPv4Address"]
    stopped = until(lambda: aws.stopped("hello"))[0]
    assert (stopped["stopCode"], stopped["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)


def test_stopped_tasks_stay_visible_but_not_in_the_default_list(sandbox: Sandbox, aws: Aws, until: Until) -> None:
    sandbox.faults.add(Fault(kind="pull_error", message="toomanyrequests: slow down"))
    sandbox.create_service("hello")
    aws.scale("hello", 1)
    until(lambda: aws.running("hello"))
    failed = aws.stopped("hello")[0]
    assert failed["stoppedReason"] == "CannotPullContainerError: toomanyrequests: slow down"
    assert failed["taskArn"] not in aws.ecs.list_tasks(cluster="apps")["taskArns"]
    assert aws.ecs.list_tasks(cluster="apps", desiredStatus="PENDING")["taskArns"] == []
