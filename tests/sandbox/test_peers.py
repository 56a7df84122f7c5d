"""The sandbox against clients nobody here wrote: the AWS CLI and ecs-deploy."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.peers import make_peers
from tests.sandbox.clients import Aws, Fetch, Until
from wakeproxy.sandbox import Sandbox

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.timeout(600)  # the first run downloads the peers


@pytest.fixture(scope="session")
def peers() -> Path:
    """The folder of the peers' programs."""
    return make_peers()


@pytest.fixture
def run(sandbox: Sandbox, peers: Path, tmp_path: Path) -> Run:
    def command(name: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": os.defpath,
            "HOME": str(tmp_path),
            "AWS_ENDPOINT_URL": sandbox.url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": sandbox.region,
            "LC_ALL": "C.UTF-8",
        }
        return subprocess.run(
            [peers / name, *arguments], env=environ, capture_output=True, text=True, timeout=90, check=False
        )

    return command


@pytest.fixture
def cli(run: Run) -> Callable[..., Any]:
    def ask(*arguments: Any) -> Any:
        done = run("aws", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return ask


def test_the_aws_cli_builds_wakes_and_removes_a_service(
    sandbox: Sandbox, cli: Callable[..., Any], fetch: Fetch, until: Until
) -> None:
    subnet = cli("ec2", "describe-subnets")["Subnets"][0]["SubnetId"]
    cli("ecs", "create-cluster", "--cluster-name", "apps")
    container = {"name": "web", "image": "wakeproxy/hello", "portMappings": [{"containerPort": 8080}]}
    cli("ecs", "register-task-definition", "--family", "web", "--network-mode", "awsvpc", "--cpu", "256", "--memory",
        "512", "--requires-compatibilities", "FARGATE", "--container-definitions", json.dumps([container]))  # fmt: skip
    cli("ecs", "create-service", "--cluster", "apps", "--service-name", "web", "--task-definition", "web",
        "--desired-count", "1", "--launch-type", "FARGATE", "--network-configuration",
        f"awsvpcConfiguration={{subnets=[{subnet}],assignPublicIp=ENABLED}}")  # fmt: skip
    until(lambda: any(task.status == "RUNNING" for task in sandbox.tasks("apps")))
    cli("ecs", "wait", "services-stable", "--cluster", "apps", "--services", "web")
    (arn,) = cli("ecs", "list-tasks", "--cluster", "apps", "--service-name", "web")["taskArns"]
    (task,) = cli("ecs", "describe-tasks", "--cluster", "apps", "--tasks", arn)["tasks"]
    ip = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    assert until(lambda: fetch(f"http://{ip}:8080/healthz")) == b"ok\n"
    cli("ecs", "delete-service", "--cluster", "apps", "--service", "web", "--force")
    until(lambda: not sandbox.tasks("apps"))
    cli("ecs", "wait", "services-inactive", "--cluster", "apps", "--services", "web")


def test_the_aws_cli_shows_errors_as_awss_own(run: Run) -> None:
    done = run("aws", "ecs", "update-service", "--cluster", "none", "--service", "x", "--desired-count", "1")
    assert done.returncode != 0
    assert "(ClusterNotFoundException) when calling the UpdateService operation: Cluster not found." in done.stderr


def test_ecs_deploy_rolls_out_an_image(sandbox: Sandbox, aws: Aws, run: Run, until: Until) -> None:
    sandbox.create_service("shop", image="wakeproxy/hello:v1", desired_count=1)
    until(lambda: aws.running("shop"))
    done = run("ecs", "deploy", "apps", "shop", "--image", "shop", "wakeproxy/hello:v2", "--timeout", "60",
               "--sleep-time", "0")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Deployment successful" in done.stdout
    (task,) = aws.running("shop")
    assert task["containers"][0]["image"] == "wakeproxy/hello:v2"
    assert aws.service("shop")["taskDefinition"].endswith("shop:2")


def test_ecs_deploy_sees_a_rollout_that_fails(sandbox: Sandbox, aws: Aws, run: Run, until: Until) -> None:
    sandbox.create_service("shop", image="wakeproxy/hello:v1", desired_count=1, circuit_breaker=True)
    until(lambda: aws.running("shop"))
    done = run("ecs", "deploy", "apps", "shop", "--image", "shop", "example.com/missing:1", "--timeout", "60",
               "--sleep-time", "0")  # fmt: skip
    assert done.returncode != 0
    until(lambda: [each["rolloutState"] for each in aws.service("shop")["deployments"]] == ["COMPLETED"])
    assert aws.running("shop")[0]["containers"][0]["image"] == "wakeproxy/hello:v1"


def test_ecs_deploy_scales_and_runs_tasks(sandbox: Sandbox, aws: Aws, run: Run, until: Until) -> None:
    sandbox.create_service("shop")
    assert run("ecs", "scale", "apps", "shop", "2", "--timeout", "60", "--sleep-time", "0").returncode == 0
    assert len(until(lambda: aws.running("shop"))) == 2
    settings = aws.service("shop")["networkConfiguration"]["awsvpcConfiguration"]
    done = run("ecs", "run", "apps", "shop", "--launchtype", "FARGATE", "--subnet", settings["subnets"][0],
               "--securitygroup", settings["securityGroups"][0])  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    until(lambda: len(sandbox.tasks("apps")) == 3)
