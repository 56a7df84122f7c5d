"""Signatures, judged by somebody else: moto, told to let nobody in who does not sign well or may not do a thing."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

import boto3  # type: ignore[import-untyped] # its stubs are no dependency of ours
import pytest

from wakeproxy.aws.access import Access, Clients
from wakeproxy.aws.errors import ApiError, UnansweredError
from wakeproxy.aws.signed import open_signed_clients
from wakeproxy.bootstrap import now

REGION = "eu-central-1"
ALLOWED = ["application-autoscaling:*", "dynamodb:*", "ec2:*", "ecs:List*", "monitoring:*", "tagging:*"]
"""By the signing names of services, as moto has it."""
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """In a process of its own, for what it is told and what it remembers is the whole process's."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        yield running.stdout.readline().strip()
        running.stdin.close()


@pytest.fixture(scope="module")
def keys(server: str) -> Mapping[str, str]:
    """A user's, who may do some things."""
    any_keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    iam = boto3.client("iam", endpoint_url=server, region_name=REGION, **any_keys)
    iam.create_user(UserName="wakeproxy")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ALLOWED, "Resource": "*"}]}
    iam.put_user_policy(UserName="wakeproxy", PolicyName="some", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="wakeproxy")["AccessKey"]
    iam.close()
    asked = urllib.request.Request(f"{server}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
    urllib.request.urlopen(asked, timeout=30).close()  # from now on no call passes unjudged
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


async def call_all(clients: Clients) -> list[int]:
    """Call each service once; the status of each answer, for moto names some errors in another service's way."""
    assert clients.dynamodb
    cloudwatch, tagging = await clients.cloudwatch.get(), await clients.tagging.get()
    filters: Any = [{"Name": "status", "Values": ["a b+c/~*"]}]
    calls: tuple[Callable[[], Awaitable[Any]], ...] = (
        partial(clients.ecs.list_tasks, cluster="apps"),
        partial(clients.ecs.update_service, cluster="apps", service="shop", desiredCount=1),
        partial(clients.dynamodb.describe_table, TableName="none"),
        partial(clients.scaling.describe_scalable_targets, ServiceNamespace="ecs"),
        partial(clients.ec2.describe_network_interfaces, Filters=filters),
        partial(cloudwatch.list_metrics, Namespace="AWS/ECS"),
        tagging.get_resources,
    )
    return [await call_one(call) for call in calls]


async def call_one(call: Callable[[], Awaitable[Any]]) -> int:
    async with asyncio.timeout(60):
        while True:
            try:
                return int((await call())["ResponseMetadata"]["HTTPStatusCode"])
            except ApiError as error:
                return error.status
            except UnansweredError:  # moto loads a service when it is first asked, which takes longer than a call may
                continue


async def open_and_call(server: str, environ: Mapping[str, str]) -> list[int]:
    async with open_signed_clients(Access(REGION, server, has_dynamodb=True), environ, clock=now) as clients:
        return await call_all(clients)


async def test_every_services_signature_is_good(server: str, keys: Mapping[str, str]) -> None:
    assert await open_and_call(server, keys) == [400, 403, 400, 200, 200, 200, 200]


async def test_another_secret_signs_nothing(server: str, keys: Mapping[str, str]) -> None:
    statuses = await open_and_call(server, {**keys, "AWS_SECRET_ACCESS_KEY": "another"})

    assert set(statuses) <= {401, 403}
