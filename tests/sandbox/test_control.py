"""The controls under /_sandbox/, the call log, and who is kept out."""

import http.client
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.clients import Aws, Until
from wakeproxy.sandbox import Fault, Sandbox

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(sandbox: Sandbox) -> Ask:
    def send(method: str, path: str, body: Any = None, **headers: Any) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]), timeout=10)
        data = body if isinstance(body, str | None) else json.dumps(body)
        default = {"Content-Type": "application/json"} if data else {}
        connection.request(method, path, data, {**default, **headers})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    return send


def test_health(ask: Ask) -> None:
    assert ask("GET", "/_sandbox/health") == (200, {"status": "ok"})


def test_faults_are_added_listed_and_cleared(sandbox: Sandbox, ask: Ask) -> None:
    assert ask("POST", "/_sandbox/faults", {"kind": "throttle", "times": 2}) == (200, {"added": 1})
    assert sandbox.faults.pending() == (Fault(kind="throttle", times=2),)
    assert ask("GET", "/_sandbox/faults")[1]["faults"][0]["kind"] == "throttle"
    assert ask("DELETE", "/_sandbox/faults") == (200, {})
    assert sandbox.faults.pending() == ()
    status, answer = ask("POST", "/_sandbox/faults", {"kind": "throtle"})
    assert (status, "did you mean 'throttle'?" in answer["message"]) == (400, True)


def test_services_and_tasks_are_driven_from_other_processes(aws: Aws, ask: Ask, until: Until) -> None:
    status, answer = ask("POST", "/_sandbox/services", {"name": "hello", "desired_count": 1})
    assert (status, answer["serviceArn"]) == (200, aws.service("hello")["serviceArn"])
    until(lambda: aws.running("hello"))
    (task,) = ask("GET", "/_sandbox/tasks?cluster=apps&service=hello")[1]["tasks"]
    assert (task["status"], task["service"]) == ("RUNNING", "hello")
    status, answer = ask("POST", "/_sandbox/replace-task", {"cluster": "apps", "service": "hello"})
    assert answer == {"task": task["id"]}


@pytest.mark.parametrize(
    ("request_line", "body", "status", "text"),
    [
        ("GET /_sandbox/nothing", None, 404, "There are: DELETE /_sandbox/calls,"),
        ("POST /_sandbox/faults", "{", 400, "Expecting property name"),
        ("POST /_sandbox/services", {"name": "x", "colour": 1}, 400, "the options are the fields of ServiceSpec"),
        ("POST /_sandbox/replace-task", {"cluster": "apps"}, 400, "The key 'service' is missing."),
        ("POST /_sandbox/replace-task", {"cluster": "apps", "service": "x"}, 400, "No task of apps/x is running"),
    ],
)
def test_what_makes_no_sense_is_explained(ask: Ask, request_line: str, body: object, status: int, text: str) -> None:
    found, answer = ask(*request_line.split(), body)
    assert found == status
    assert text in answer["message"]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Host": "evil.example:4566"}, {"Sec-Fetch-Site": "cross-site"},
     {"Host": "127.0.0.1.evil.example"}],
)  # fmt: skip
def test_web_pages_are_kept_out(sandbox: Sandbox, ask: Ask, headers: dict[str, str]) -> None:
    assert ask("POST", "/_sandbox/services", {"name": "x"}, **headers)[0] == 403
    assert (
        ask("POST", "/", "{}", **{"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters", **headers})[0]
        == 403
    )
    assert not sandbox.calls


def test_a_form_cannot_drive_the_controls(ask: Ask) -> None:
    status, answer = ask("POST", "/_sandbox/services", '{"name": "x"}', **{"Content-Type": "text/plain"})
    assert (status, answer["message"]) == (415, "Send JSON, with Content-Type: application/json.")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "bucket.localhost:4566", "[::1]:4566"])
def test_local_names_are_let_in(ask: Ask, host: str) -> None:
    assert ask("GET", "/_sandbox/health", Host=host)[0] == 200


def test_the_call_log(sandbox: Sandbox, aws: Aws, ask: Ask) -> None:
    sandbox.create_service("hello")
    assert not sandbox.calls, "the sandbox's own calls are not logged"
    aws.scale("hello", 0)
    aws.client("ec2").describe_subnets(SubnetIds=[])
    aws.client("s3").list_buckets()
    update, subnets, buckets = sandbox.calls
    assert (update.service, update.operation, update.status) == ("ecs", "UpdateService", 200)
    assert update.params == {"cluster": "apps", "service": "hello", "desiredCount": 0}
    assert (subnets.service, subnets.operation) == ("ec2", "DescribeSubnets")
    assert (buckets.service, buckets.operation) == ("s3", "GET /")
    assert update.at < subnets.at < buckets.at
    listed = ask("GET", "/_sandbox/calls")[1]
    assert [each["operation"] for each in listed["calls"]] == ["UpdateService", "DescribeSubnets", "GET /"]
    assert listed["now"] >= buckets.at
    ask("DELETE", "/_sandbox/calls")
    assert not sandbox.calls


def test_unsigned_and_malformed_ecs_calls(ask: Ask) -> None:
    target = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeServices"}
    assert ask("POST", "/", "{}", **target)[1]["__type"] == "ClusterNotFoundException"
    create = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.CreateCluster"}
    assert ask("POST", "/", '{"tags": 3}', **create)[0] == 400


def test_connections_are_kept_alive_and_bodies_may_be_chunked(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]), timeout=10)
    headers = {"Content-Type": "application/json"}
    for _ in range(3):
        connection.request(
            "POST", "/_sandbox/faults", iter([b'{"kind": ', b'"capacity"}']), headers, encode_chunked=True
        )
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"added": 1}')
    assert len(sandbox.faults.pending()) == 3
    connection.close()


def test_a_hundred_connections_at_once(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(100)]
    for connection in connections:
        connection.request("GET", "/_sandbox/health")
    assert {connection.getresponse().status for connection in connections} == {200}
    for connection in connections:
        connection.close()


def test_an_object_store_works_through_the_same_port(sandbox: Sandbox, aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="things", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="things", Key="a b/c", Body=b"x" * 100_000)
    assert s3.head_object(Bucket="things", Key="a b/c")["ContentLength"] == 100_000
    assert s3.get_object(Bucket="things", Key="a b/c")["Body"].read() == b"x" * 100_000
    with urllib.request.urlopen(f"{sandbox.url}/_sandbox/health") as answer:
        assert answer.status == 200
