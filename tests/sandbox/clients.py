"""The clients of these tests: boto3's of a sandbox, and a sandbox in a process of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import boto3  # type: ignore[import-untyped] # its stubs are no dependency of ours
from botocore.config import Config

Json = dict[str, Any]
Until = Callable[..., Any]
"""Waits until a condition holds and returns what it was."""
Fetch = Callable[[str], bytes | None]
"""Gets a URL; `None` when nobody answers there."""


def state_of(pid: int) -> str:
    """Give the letter of a process's state, or of its main thread's, as ps(1) shows it; an `OSError` if it is gone."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


class Endpoint(Protocol):
    """A sandbox, in this process or another."""

    @property
    def url(self) -> str: ...

    region: str


class Aws:
    """boto3 clients of one sandbox, without retries."""

    def __init__(self, sandbox: Endpoint) -> None:
        self.sandbox = sandbox
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.sandbox.url,
                region_name=self.sandbox.region,
                aws_access_key_id="any",
                aws_secret_access_key="any",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
            )
        return self._clients[service]

    @property
    def ecs(self) -> Any:
        return self.client("ecs")

    def scale(self, service: str, count: int) -> Json:
        answer: Json = self.ecs.update_service(cluster="apps", service=service, desiredCount=count)["service"]
        return answer

    def service(self, service: str) -> Json:
        answer: Json = self.ecs.describe_services(cluster="apps", services=[service])["services"][0]
        return answer

    def tasks(self, service: str, desired_status: str = "RUNNING") -> list[Json]:
        listed = self.ecs.list_tasks(cluster="apps", serviceName=service, desiredStatus=desired_status)["taskArns"]
        found: list[Json] = self.ecs.describe_tasks(cluster="apps", tasks=listed)["tasks"] if listed else []
        return sorted(found, key=lambda task: task["createdAt"])

    def running(self, service: str) -> list[Json]:
        return [task for task in self.tasks(service) if task["lastStatus"] == "RUNNING"]

    def stopped(self, service: str) -> list[Json]:
        return [task for task in self.tasks(service, "STOPPED") if task["lastStatus"] == "STOPPED"]

    def messages(self, service: str) -> list[str]:
        return [event["message"] for event in self.service(service)["events"]]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


class SandboxProcess:
    """`python -m wakeproxy.sandbox`, driven through its own controls."""

    region = "eu-central-1"

    def __init__(self, *arguments: str, environ: dict[str, str]) -> None:
        command = [sys.executable, "-m", "wakeproxy.sandbox", "--port", "0", "--timing", "instant", *arguments]
        self.popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | environ, text=True
        )
        assert self.popen.stdout is not None
        self.url: str = json.loads(self.popen.stdout.readline())["url"]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def create_service(self, name: str, **options: Any) -> str:
        arn: str = self.ask("POST", "services", {"name": name, **options})["serviceArn"]
        return arn

    def tasks(self, cluster: str, service: str) -> list[Json]:
        found: list[Json] = self.ask("GET", f"tasks?cluster={cluster}&service={service}")["tasks"]
        return found

    def end(self) -> int:
        assert self.popen.stdin is not None
        self.popen.stdin.close()
        status = self.popen.wait(timeout=60)
        assert self.popen.stdout is not None
        self.popen.stdout.close()
        return status
