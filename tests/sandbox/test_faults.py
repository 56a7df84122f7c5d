"""What can be made to go wrong, as clients meet it."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from tests.sandbox.clients import Aws, Json, Until
from wakeproxy.sandbox import Fault, Sandbox, SandboxError
from wakeproxy.sandbox.faults import FaultKind, FaultScript


@pytest.fixture
def hello(sandbox: Sandbox, aws: Aws) -> Aws:
    sandbox.create_service("hello")
    aws.service("hello")
    return aws


def code_of(call: Callable[..., Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_throttling_counts_down(sandbox: Sandbox, hello: Aws) -> None:
    sandbox.faults.add(Fault(kind="throttle", operation="UpdateService", times=2))
    assert hello.service("hello")["desiredCount"] == 0, "other operations are not befallen"
    for _ in range(2):
        assert code_of(lambda: hello.scale("hello", 1)) == ("ThrottlingException", 400)
    assert hello.scale("hello", 1)["desiredCount"] == 1


def test_throttling_has_ec2s_own_name_there(sandbox: Sandbox, hello: Aws) -> None:
    sandbox.faults.add(Fault(kind="throttle", operation="ec2:*"))
    assert code_of(hello.client("ec2").describe_network_interfaces) == ("RequestLimitExceeded", 503)


def test_any_error_for_any_service_and_target(sandbox: Sandbox, hello: Aws) -> None:
    denied = Fault(kind="error", operation="ecs:Describe*", target="apps/hel*", code="AccessDeniedException",
                   message="not you", status=400, times=None)  # fmt: skip
    sandbox.faults.add(denied)
    assert code_of(lambda: hello.service("hello")) == ("AccessDeniedException", 400)
    assert hello.ecs.describe_services(cluster="apps", services=["other"])["failures"]
    sandbox.faults.clear()
    assert hello.service("hello")


@pytest.mark.parametrize(
    ("service", "call"),
    [("sqs", lambda c: c.list_queues()), ("iam", lambda c: c.list_roles()), ("s3", lambda c: c.list_buckets())],
)
def test_errors_come_in_each_services_own_protocol(
    sandbox: Sandbox, aws: Aws, service: str, call: Callable[..., Any]
) -> None:
    sandbox.faults.add(Fault(kind="error", operation=f"{service}:*", code="Broken", status=418))
    assert code_of(lambda: call(aws.client(service))) == ("Broken", 418)


def test_a_delay(sandbox: Sandbox, hello: Aws) -> None:
    sandbox.faults.add(Fault(kind="delay", operation="DescribeServices", seconds=0.3))
    began = time.monotonic()
    hello.service("hello")
    assert time.monotonic() - began >= 0.3


def test_stopping_does_not_wait_for_a_delay(sandbox: Sandbox, hello: Aws, until: Until) -> None:
    sandbox.faults.add(Fault(kind="delay", operation="ListServices", seconds=60))
    with ThreadPoolExecutor() as pool:
        call = pool.submit(hello.ecs.list_services, cluster="apps")
        until(lambda: sandbox.faults.pending() == ())
        sandbox.stop()
        with contextlib.suppress(HTTPClientError):
            call.result(timeout=10)


def test_a_lost_request_was_not_carried_out_and_a_lost_answer_was(sandbox: Sandbox, hello: Aws) -> None:
    sandbox.faults.add(Fault(kind="lose_request", operation="UpdateService"))
    with pytest.raises(ConnectionClosedError):
        hello.scale("hello", 1)
    assert hello.service("hello")["desiredCount"] == 0
    sandbox.faults.add(Fault(kind="lose_answer", operation="UpdateService"))
    with pytest.raises(ConnectionClosedError):
        hello.scale("hello", 1)
    assert hello.service("hello")["desiredCount"] == 1
    assert [call.status for call in sandbox.calls if call.operation == "UpdateService"] == [0, 0]


def test_lagging_reads_answer_the_past(sandbox: Sandbox, hello: Aws, until: Until) -> None:
    lag = Fault(kind="lag", operation="Describe*", seconds=1.5, times=None)
    sandbox.faults.add(lag)
    until(lambda: hello.ecs.describe_services(cluster="apps", services=["hello"])["services"])
    sandbox.faults.clear()
    hello.scale("hello", 1)
    task = until(lambda: hello.running("hello"))[0]
    sandbox.faults.add(lag)
    assert hello.service("hello")["desiredCount"] == 0
    missing = hello.ecs.describe_tasks(cluster="apps", tasks=[task["taskArn"]])
    assert (missing["tasks"], missing["failures"][0]["reason"]) == ([], "MISSING")
    until(lambda: hello.service("hello")["runningCount"] == 1)
    assert hello.ecs.describe_tasks(cluster="apps", tasks=[task["taskArn"]])["tasks"]


def test_lists_may_be_empty_for_a_while(sandbox: Sandbox, hello: Aws, until: Until) -> None:
    hello.scale("hello", 1)
    until(lambda: hello.running("hello"))
    sandbox.faults.add(Fault(kind="empty", operation="ListTasks", times=None, lasts=0.3))
    assert hello.tasks("hello") == []
    assert until(lambda: hello.tasks("hello"))


@pytest.mark.parametrize(
    ("fault", "stop"),
    [
        (Fault(kind="eni_timeout"),
         ("TaskFailedToStart", "Timeout waiting for network interface provisioning to complete.")),
        (Fault(kind="pull_error", message="i/o timeout"),
         ("TaskFailedToStart", "CannotPullContainerError: i/o timeout")),
        (Fault(kind="crash", exit_code=5, seconds=0.1),
         ("EssentialContainerExited", "Essential container in task exited")),
        (Fault(kind="unhealthy", seconds=0.1),
         ("ServiceSchedulerInitiated", "Task failed container health checks")),
        (Fault(kind="replace", seconds=0.1),
         ("TerminationNotice", "ECS is performing maintenance on the underlying infrastructure hosting the task.")),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)  # fmt: skip
def test_a_fault_of_a_task_ends_it_and_another_one_follows(
    sandbox: Sandbox, hello: Aws, until: Until, fault: Fault, stop: tuple[str, str]
) -> None:
    sandbox.faults.add(fault)
    hello.scale("hello", 1)
    stopped = until(lambda: hello.stopped("hello"))[0]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == stop
    if fault.kind == FaultKind.CRASH:
        assert stopped["containers"][0]["exitCode"] == 5
    assert until(lambda: hello.running("hello"))
    assert sandbox.faults.pending() == ()


def test_out_of_memory_says_so_in_the_container(sandbox: Sandbox, hello: Aws, until: Until) -> None:
    sandbox.faults.add(Fault(kind="out_of_memory", seconds=0.05))
    hello.scale("hello", 1)
    container = until(lambda: hello.stopped("hello"))[0]["containers"][0]
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_run_task_meets_a_capacity_shortage_as_a_failure(sandbox: Sandbox, hello: Aws) -> None:
    sandbox.faults.add(Fault(kind="capacity", target="apps/hello"))
    network = hello.service("hello")["networkConfiguration"]
    answer = hello.ecs.run_task(
        cluster="apps", taskDefinition="hello", launchType="FARGATE", networkConfiguration=network
    )
    assert answer["tasks"] == []
    assert answer["failures"][0]["reason"].startswith("Capacity is unavailable at this time.")


def test_the_script_skips_counts_and_forgets() -> None:
    script = FaultScript()
    script.add(Fault(kind="throttle", after=1, times=1))
    taken = [bool(script.take_for_call("ecs", "ListTasks", ["a/b"])) for _ in range(3)]
    assert taken == [False, True, False]
    script.add(Fault(kind="delay", operation="ListTasks"), Fault(kind="throttle", operation="ListTasks"))
    assert len(script.take_for_call("ecs", "ListTasks", [])) == 2
    assert script.take_for_task(FaultKind.CRASH, "a/b") is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "throtle"}, "There is no fault of the kind 'throtle'; did you mean 'throttle'?"),
        ({"kind": "crash", "times": 0}, "A fault's `times` is at least 1"),
        ({"kind": "crash", "seconds": -1}, "`after`, `seconds`, `lasts` are not negative."),
    ],
)
def test_a_wrong_fault_is_explained(values: Json, sentence: str) -> None:
    with pytest.raises(SandboxError) as caught:
        Fault(**values)
    assert sentence in str(caught.value)
