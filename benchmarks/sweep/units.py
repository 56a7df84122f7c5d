"""The services of the fake AWS: what each is doing, told as ECS and CloudWatch would tell it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

EPOCH: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""When the clock of a run began."""
ADDRESSED_AFTER: Final = 2.0
"""Seconds until a task has its address."""
RUNS_AFTER: Final = 5.0
"""Seconds until its app answers, and ECS says that it runs."""
_HOURS: Final = timedelta(hours=3)
_REGION: Final = "arn:aws:ecs:eu-central-1:123456789012"
_EVENTS: Final = json.dumps(
    [
        {
            "id": f"0f1e2d3c-4b5a-6978-8796-{number:012}",
            "createdAt": EPOCH.timestamp() - 600 * number,
            "message": "(service shop) has started 1 tasks: (task 0123456789abcdef0123456789abcdef).",
        }
        for number in range(100)
    ]
)
"""ECS tells of the last hundred events of each service, whoever asks."""


class State(StrEnum):
    """What a service is doing as a sweep begins."""

    ASLEEP = "asleep"
    USED = "used"
    BUSY = "kept by its CPU"
    IDLE = "idle"
    FAILING = "failing"


@dataclass(slots=True)
class Unit:
    """One service, which wants one task or none."""

    cluster: str
    name: str
    state: State
    desired: int = 0
    since: float = 0.0
    """When its task was made, in seconds of the run's clock."""

    @classmethod
    def make(cls, cluster: str, name: str, state: State) -> "Unit":
        """Make a service that has been as it is for hours."""
        return cls(cluster, name, state, 0 if state is State.ASLEEP else 1, -_HOURS.total_seconds())

    @property
    def arn(self) -> str:
        """The ARN of its task."""
        return f"{_REGION}:task/{self.cluster}/{self.name}/{round(self.since * 1000)}"

    def scale(self, desired: int, now: float) -> None:
        """Want a task from now on, or none."""
        if desired and not self.desired:
            self.since = now
        self.desired = desired

    def answers(self, now: float) -> bool:
        """Whether its app accepts connections."""
        return bool(self.desired) and self.state is not State.FAILING and now - self.since >= RUNS_AFTER

    def list_tasks(self, status: str) -> list[str]:
        """List its tasks as ``ListTasks`` would."""
        runs = self.desired and self.state is not State.FAILING
        return [self.arn] if self.desired and runs == (status == "RUNNING") else []

    def describe(self, now: float) -> bytes:
        """Describe it as ``DescribeServices`` would."""
        is_failing = self.state is State.FAILING
        running = int(self.answers(now))
        counts = {"desiredCount": self.desired, "runningCount": running}
        counts["pendingCount"] = 0 if is_failing else self.desired - running
        deployment = {
            "id": "ecs-svc/0123456789012345678",
            "status": "PRIMARY",
            "taskDefinition": f"{_REGION}:task-definition/{self.name}:8",
            "failedTasks": 3 if is_failing else 0,
            "createdAt": EPOCH.timestamp() - 86_400,
            "updatedAt": EPOCH.timestamp() - 86_400,
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "rolloutState": "COMPLETED",
            "rolloutStateReason": "ECS deployment ecs-svc/0123456789012345678 completed.",
            "networkConfiguration": _NETWORK,
            **counts,
        }
        told = {
            "serviceArn": f"{_REGION}:service/{self.cluster}/{self.name}",
            "serviceName": self.name,
            "clusterArn": f"{_REGION}:cluster/{self.cluster}",
            "loadBalancers": [],
            "serviceRegistries": [],
            "status": "ACTIVE",
            "launchType": "FARGATE",
            "platformVersion": "LATEST",
            "taskDefinition": f"{_REGION}:task-definition/{self.name}:8",
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
            "deployments": [deployment],
            "createdAt": EPOCH.timestamp() - 86_400,
            "schedulingStrategy": "REPLICA",
            "networkConfiguration": _NETWORK,
            "enableECSManagedTags": True,
            **counts,
        }
        return (json.dumps(told)[:-1] + ', "events": ' + _EVENTS + "}").encode()

    def describe_task(self, now: float) -> Mapping[str, Any] | None:
        """Describe its task as ``DescribeTasks`` would; ``None`` if it is forgotten."""
        if not self.desired:
            return None
        created = EPOCH.timestamp() + self.since
        details = {"subnetId": "subnet-0123456789abcdef0"}
        if now - self.since >= ADDRESSED_AFTER:
            details |= {"networkInterfaceId": f"eni-{self.name}", "privateIPv4Address": "10.0.0.1"}
        told: dict[str, Any] = {
            "taskArn": self.arn,
            "clusterArn": f"{_REGION}:cluster/{self.cluster}",
            "group": f"service:{self.name}",
            "startedBy": "ecs-svc/0123456789012345678",
            "taskDefinitionArn": f"{_REGION}:task-definition/{self.name}:8",
            "lastStatus": "RUNNING" if self.answers(now) else "PENDING",
            "desiredStatus": "RUNNING",
            "createdAt": created,
            "cpu": "256",
            "memory": "512",
            "launchType": "FARGATE",
            "containers": [{"name": "app", "image": f"registry.example.com/{self.name}:8", "lastStatus": "RUNNING"}],
            "attachments": [
                {
                    "type": "ElasticNetworkInterface",
                    "status": "ATTACHED",
                    "details": [{"name": name, "value": value} for name, value in details.items()],
                }
            ],
        }
        if self.answers(now):
            told["startedAt"] = created + RUNS_AFTER
        if self.state is State.FAILING:
            told |= {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stoppedAt": created + 60}
            told |= {"stopCode": "TaskFailedToStart", "stoppedReason": "CannotPullContainerError: not found"}
        return told

    def list_cpu(self, now: float, minutes: int) -> Mapping[str, float]:
        """Tell the CPU of its busiest task, by the minute, the newest first."""
        newest = (EPOCH + timedelta(seconds=now - 60)).replace(second=0, microsecond=0)
        level = 60.0 if self.state is State.BUSY else 1.0
        return {f"{newest - timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}": level for minute in range(minutes)}


_NETWORK: Final = {
    "awsvpcConfiguration": {
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "securityGroups": ["sg-0123456789abcdef0"],
        "assignPublicIp": "DISABLED",
    }
}
